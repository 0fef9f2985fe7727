//! What only the person who pressed or typed is told. The message that everybody sees stays as it is.

use super::{Decision, Ending, Person};
use crate::answers::Answer;
use crate::text::{code, outside, unescape};

/// What became of somebody's press or command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Their vote counts; more are needed.
    Counted { decision: Decision, missing: u32 },
    /// They have voted so before; it still counts once.
    Again { decision: Decision },
    /// Their vote decided.
    Decided { ending: Ending },
    /// They may not decide. `why` is a whole sentence for them.
    MayNot { why: String },
    /// It was decided before.
    Already { ending: Ending, by: Option<Person> },
    /// A reason is needed and none was given.
    NeedsReason { id: String, decision: Decision },
    /// What was to be approved has changed since the message that they saw.
    Changed,
    /// No approval has this id.
    NoSuch { id: String },
    /// Nobody here knows which person this Slack user is. With their id there, for who maps them.
    Stranger { slack_id: String },
    /// It could not be recorded: nothing was decided.
    NotKept,
}

/// The answer that only they see.
pub fn told(told: &Told) -> Answer {
    Answer::private(&words(told))
}

/// The same without markup, as a modal shows it beside its field.
pub fn plainly(told: &Told) -> String {
    let told = match told {
        Told::Already { ending, by: Some(by) } => {
            Told::Already { ending: *ending, by: Some(Person { slack_id: None, name: by.name.clone() }) }
        }
        Told::NeedsReason { .. } => return "Say why: the policy asks for a reason.".to_owned(),
        other => other.clone(),
    };
    unescape(&words(&told)).replace('`', "")
}

impl Told {
    /// Whether what was wanted is so now.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Counted { .. } | Self::Again { .. } | Self::Decided { .. })
    }
}

fn words(told: &Told) -> String {
    match told {
        Told::Counted { decision: Decision::Approve, missing } => {
            let more =
                if *missing == 1 { "One more approval is".to_owned() } else { format!("{missing} more approvals are") };
            format!("Your approval counts. {more} needed.")
        }
        Told::Counted { decision: Decision::Reject, .. } => {
            "Your rejection counts. It takes more to end it.".to_owned()
        }
        Told::Again { decision: Decision::Approve } => "Nothing changed: your approval counts already.".to_owned(),
        Told::Again { decision: Decision::Reject } => "Nothing changed: your rejection counts already.".to_owned(),
        Told::Decided { ending } => format!("Done: it is {}.", ending.word()),
        Told::MayNot { why } => format!("Your vote was not taken. {}", outside(why, 500)),
        Told::Already { ending, by } => {
            let by = by.as_ref().map(|person| format!(" by {}", person.shown())).unwrap_or_default();
            format!("Nothing changed: it is already {}{by}.", ending.word())
        }
        Told::NeedsReason { id, decision } => {
            let word = match decision {
                Decision::Approve => "approve",
                Decision::Reject => "reject",
            };
            format!("The policy asks for a reason: type {} and why.", code(&format!("/em {word} {id}"), 100))
        }
        Told::Changed => {
            "Your vote was not taken: what is to be approved has changed since. Look at it again, then vote.".to_owned()
        }
        Told::NoSuch { id } => format!("There is no approval {}. `/em approvals` lists those that wait.", code(id, 64)),
        Told::Stranger { slack_id } => format!(
            "Your vote was not taken: I do not know who you are outside Slack. Ask an administrator to \
             map you ({}; POST /v1/identities), then try again.",
            code(&format!("slack:{slack_id}"), 80)
        ),
        Told::NotKept => {
            "Nothing was decided: it could not be recorded just now. Please try again in a minute.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_what_happened_and_what_to_do_next() {
        let by = Some(Person { slack_id: Some("U0GRACE001".to_owned()), name: "grace".to_owned() });
        for (event, expected) in [
            (Told::Counted { decision: Decision::Approve, missing: 1 }, "One more approval is needed"),
            (Told::Counted { decision: Decision::Approve, missing: 3 }, "3 more approvals are needed"),
            (Told::Again { decision: Decision::Approve }, "counts already"),
            (Told::Decided { ending: Ending::Rejected }, "it is rejected"),
            (Told::MayNot { why: "You are not in <sre>.".to_owned() }, "You are not in &lt;sre&gt;."),
            (Told::Already { ending: Ending::Approved, by }, "already approved by <@U0GRACE001>"),
            (Told::NeedsReason { id: "a1".to_owned(), decision: Decision::Reject }, "`/em reject a1`"),
            (Told::Changed, "has changed"),
            (Told::NoSuch { id: "a`b".to_owned() }, "`a'b`"),
            (Told::Stranger { slack_id: "U0ADA00001".to_owned() }, "(`slack:U0ADA00001`; POST"),
            (Told::NotKept, "try again"),
        ] {
            let json = serde_json::to_value(told(&event)).expect("JSON");
            assert_eq!(json["response_type"], "ephemeral");
            assert_eq!(json["replace_original"], false);
            assert!(json["text"].as_str().is_some_and(|text| text.contains(expected)), "{json}");
        }
    }
}
