//! What a rule asks for, made of JSON. What contradicts itself is refused: nobody should have to guess whether something
//! waits for people.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::Groups;
use crate::approvals::{Excluded, Of, Reasons, Requirement};
use crate::documents::{Place, Reader, nearest, shown};
use crate::policy::effects::{ALLOW, BLOCK, EXCLUDED, Effect, Escalation, one_approver};

const OF_EFFECTS: &[&str] = &[
    "action",
    "require",
    "auto_approve",
    "exclude",
    "expires",
    "remind",
    "escalate",
    "reason",
    "deny_votes",
    "sticky",
    "override_roles",
    "message",
];
/// What means nothing where nobody is asked.
const OF_APPROVALS: &[&str] =
    &["exclude", "expires", "remind", "escalate", "reason", "deny_votes", "sticky", "override_roles"];
const ROLES: &[&str] = &["viewer", "operator", "approver", "admin"];

const LONGEST_WORD: usize = 64;
const LONGEST_MESSAGE: usize = 1000;
const MOST_VOTES: i64 = 20;
const MOST_REQUIREMENTS: usize = 10;
const SHORTEST_WAIT: TimeDelta = TimeDelta::minutes(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::days(30);

impl Reader {
    pub(in crate::policy) fn effect(&mut self, place: &Place<'_>, groups: &Groups) -> Option<Effect> {
        let before = self.faults.len();
        let mut effect = Effect::of("");
        for (name, member) in self.members(place, OF_EFFECTS) {
            self.asked(&mut effect, name, &member, groups);
        }
        if self.faults.len() > before {
            return None;
        }
        self.completed(place, effect)
    }

    /// One member of an effect.
    fn asked(&mut self, effect: &mut Effect, name: &str, member: &Place<'_>, groups: &Groups) {
        match name {
            "action" => effect.action = self.word(member).unwrap_or_default(),
            "require" => effect.require = self.requirements(member, groups),
            "auto_approve" => effect.auto_approve = self.yes_or_no(member) == Some(true),
            "exclude" => effect.exclude = self.excluded(member),
            "expires" => effect.expires = self.wait(member, "`expires`").unwrap_or(effect.expires),
            "remind" => effect.remind_percent = self.items(member).iter().filter_map(|one| self.percent(one)).collect(),
            "escalate" => {
                effect.escalate = self.items(member).iter().filter_map(|one| self.escalation(one, groups)).collect();
            }
            "reason" => effect.reason = self.reasons(member),
            "deny_votes" => effect.deny_votes = self.votes(member, "`deny_votes`").unwrap_or(1),
            "sticky" => effect.sticky = self.yes_or_no(member) == Some(true),
            "override_roles" => effect.override_roles = self.roles(member),
            "message" => effect.message = self.message(member),
            _ => {}
        }
    }

    /// Fills in what follows from the rest, and refuses what contradicts it.
    fn completed(&mut self, place: &Place<'_>, mut effect: Effect) -> Option<Effect> {
        let said = |name: &&&str| place.value.get(**name).is_some();
        if effect.action == BLOCK && effect.require.is_empty() {
            effect.require.push(one_approver());
        }
        if effect.auto_approve && effect.requires_approval() {
            self.fault(place, "`auto_approve` and `require` (or the action block) contradict each other".to_owned());
            return None;
        }
        if !effect.requires_approval()
            && let Some(name) = OF_APPROVALS.iter().find(said)
        {
            self.fault(place, format!("`{name}` is for approvals: say who is asked in `require`, or leave it out"));
            return None;
        }
        if effect.action.is_empty() {
            let action = match (effect.requires_approval(), effect.auto_approve) {
                (true, _) => BLOCK,
                (false, true) => ALLOW,
                (false, false) => {
                    let what = "nothing follows: say an `action`, who is asked in `require`, or `auto_approve: true`";
                    self.fault(place, what.to_owned());
                    return None;
                }
            };
            action.clone_into(&mut effect.action);
        }
        if effect.escalate.iter().any(|one| one.after >= effect.expires) {
            self.fault(place, "an escalation comes before `expires`".to_owned());
        }
        Some(effect)
    }

    fn requirements(&mut self, place: &Place<'_>, groups: &Groups) -> Vec<Requirement> {
        let items = self.items(place);
        if !(1..=MOST_REQUIREMENTS).contains(&items.len()) {
            self.fault(place, format!("`require` has 1 to {MOST_REQUIREMENTS} parts, like {{votes: 2, group: sre}}"));
        }
        items.iter().filter_map(|item| self.requirement(item, groups)).collect()
    }

    fn requirement(&mut self, place: &Place<'_>, groups: &Groups) -> Option<Requirement> {
        let (mut votes, mut of) = (Some(1), Vec::new());
        for (name, member) in self.members(place, &["votes", "group", "role"]) {
            match name {
                "votes" => votes = self.votes(&member, "`votes`"),
                "group" => of.extend(self.group(&member, groups).map(Of::Group)),
                "role" => of.extend(self.word_of(&member, "a role", ROLES).map(|role| Of::Role(role.to_owned()))),
                _ => {}
            }
        }
        let whose = ["group", "role"].iter().filter(|name| place.value.get(**name).is_some()).count();
        if whose != 1 && place.value.is_object() {
            self.fault(place, "whose votes: either a `group` or a `role`".to_owned());
        }
        let requirement = Requirement { votes: votes?, of: of.pop()? };
        if let Of::Group(group) = &requirement.of {
            let people = groups.get(group).map_or(0, BTreeSet::len);
            if usize::try_from(requirement.votes).is_ok_and(|votes| votes > people) {
                self.fault(place, format!("{} votes of a group of {people}", requirement.votes));
            }
        }
        Some(requirement)
    }

    fn group(&mut self, place: &Place<'_>, groups: &Groups) -> Option<String> {
        let name = self.text(place)?;
        if !groups.contains_key(&name) {
            let known: Vec<&str> = groups.keys().map(String::as_str).collect();
            let meant = nearest(&name, &known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            self.fault(place, format!("`groups` has no `{}`{meant}", shown(&name)));
        }
        Some(name)
    }

    fn excluded(&mut self, place: &Place<'_>) -> Vec<Excluded> {
        let known = EXCLUDED.map(|(_, word)| word);
        let items = self.items(place);
        let words = items.iter().filter_map(|item| self.word_of(item, "who is excluded", &known));
        let said: BTreeSet<&str> = words.collect();
        EXCLUDED.iter().filter(|(_, word)| said.contains(word)).map(|(who, _)| *who).collect()
    }

    fn percent(&mut self, place: &Place<'_>) -> Option<u8> {
        let text = place.value.as_str().and_then(|text| text.strip_suffix('%'));
        let percent = text.and_then(|number| number.trim().parse().ok()).filter(|percent| (1..=99).contains(percent));
        if percent.is_none() {
            self.fault(place, "a reminder comes at 1% to 99% of the time, like \"50%\"".to_owned());
        }
        percent
    }

    fn escalation(&mut self, place: &Place<'_>, groups: &Groups) -> Option<Escalation> {
        let (mut after, mut to) = (None, None);
        for (name, member) in self.members(place, &["after", "to"]) {
            match name {
                "after" => after = self.wait(&member, "`after`"),
                "to" if member.value.as_str().is_some_and(|to| to.starts_with(['#', '@'])) => to = self.text(&member),
                "to" => to = self.group(&member, groups),
                _ => {}
            }
        }
        if place.value.get("after").is_none() || place.value.get("to").is_none() {
            self.fault(
                place,
                "an escalation is like {after: 30m, to: \"#channel\"}: a channel, a @person or a group".to_owned(),
            );
        }
        Some(Escalation { after: after?, to: to? })
    }

    fn reasons(&mut self, place: &Place<'_>) -> Reasons {
        let mut reasons = Reasons::default();
        for (name, member) in self.members(place, &["approve", "reject"]) {
            let said = self.yes_or_no(&member) == Some(true);
            if name == "approve" { reasons.approve = said } else { reasons.reject = said }
        }
        reasons
    }

    fn roles(&mut self, place: &Place<'_>) -> BTreeSet<String> {
        let items = self.items(place);
        items.iter().filter_map(|item| self.word_of(item, "a role", ROLES)).map(str::to_owned).collect()
    }

    fn votes(&mut self, place: &Place<'_>, what: &str) -> Option<u32> {
        self.whole(place, what, 1..=MOST_VOTES).and_then(|votes| u32::try_from(votes).ok())
    }

    fn wait(&mut self, place: &Place<'_>, what: &str) -> Option<TimeDelta> {
        self.span(place, what, SHORTEST_WAIT..=LONGEST_WAIT)
    }

    fn message(&mut self, place: &Place<'_>) -> Option<String> {
        let text = self.free_text(place)?;
        if text.chars().count() > LONGEST_MESSAGE {
            self.fault(place, format!("a message has at most {LONGEST_MESSAGE} characters"));
        }
        Some(text)
    }

    /// The name of a rule or action.
    pub(in crate::policy) fn word(&mut self, place: &Place<'_>) -> Option<String> {
        let word = self.free_text(place)?;
        let fits = |c: char| c.is_alphanumeric() || "_-. ".contains(c);
        let length = word.chars().count();
        if !(1..=LONGEST_WORD).contains(&length) || word.trim() != word || !word.chars().all(fits) {
            let what = format!("a word of 1 to {LONGEST_WORD} letters, digits, blanks, `_`, `-` and `.` belongs here");
            self.fault(place, what);
        }
        Some(word)
    }
}
