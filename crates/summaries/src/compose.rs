//! From material to a digest that can be checked: worded by a model where there is one, by rule otherwise.
//!
//! In order: take secrets and persons out; say it by rule where there is nothing to say or nobody to ask; ask once where it
//! fits, else note down part by part and put the notes together; hold the answer against the facts; ask once more with what
//! does not hold; say it by rule. What a model is told holds no secrets, no addresses and no tools.

use std::future::Future;

use domain::digests::rules::by_rule;
use domain::digests::{Digest, Fault, Item, Kind, Material, Place, Unit, What, check, schema};
use domain::ids::TenantId;
use domain::inert::{Fence, inert};
use domain::redaction::Redactor;
use models::{Call, Finish, Message, Models, Purpose, Reply, Said, Schema, Unanswered, estimated_tokens};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

use crate::made::{By, Made, Tokens};
use crate::prompts::{DIGEST, EXTRACT, Prompt, REPAIR};
use crate::{parts, seen};

const MOST_OUTPUT_TOKENS: u32 = 4_000;
const MOST_EXTRACTED_TOKENS: u32 = 1_500;
/// Of the room for a prompt, how much data may take up: the rest is for the rules and for an answer that is repaired.
const FILLED: f64 = 0.6;
/// Parts that are read by a model; the rest is taken as rules say it.
const MOST_PARTS: usize = 24;
/// Of an answer that did not hold, so much is shown to the model again.
const ANSWER_SHOWN: usize = 16_000;
const MODEL_NAME: usize = 80;

/// Never fails: by rule at worst, and then [`Made::why`] says why. `session` is who pays beside the larger budgets.
/// The randomness is used before the first wait, so the future may go to another thread.
pub fn compose<'a>(
    models: &'a Models,
    tenant: &'a TenantId,
    material: &'a Material,
    session: Option<&'a str>,
    random: &mut dyn RngCore,
) -> impl Future<Output = Made> + Send + use<'a> {
    let random = StdRng::seed_from_u64(random.next_u64());
    async move {
        let shown = seen::material(material, &mut Redactor::of_secrets());
        if !models.is_on() {
            return Made::by_rule(by_rule(&shown), Unanswered::Off.to_string());
        }
        if material.units().next().is_none() {
            return Made::by_rule(by_rule(&shown), "nothing happened");
        }
        let seen = seen::material(material, &mut Redactor::new());
        let mut asking = Asking { models, tenant, session, random, spent: Spent::default() };
        let made = match asking.digest(&seen).await {
            Ok(digest) => asking.made(digest, By::Model, None),
            Err(why) => asking.made(by_rule(&shown), By::Rules, Some(why)),
        };
        tell(tenant, material.kind, &made, asking.spent.calls);
        made
    }
}

/// Once for each digest, and never what it says.
fn tell(tenant: &TenantId, kind: Kind, made: &Made, calls: u32) {
    tracing::info!(
        tenant = tenant.as_str(),
        kind = ?kind,
        by = made.by.as_str(),
        why = made.why.as_deref(),
        model = made.model.as_deref(),
        calls,
        cost_micro_usd = made.cost_micro_usd,
        "a digest was made"
    );
}

/// What all calls for one digest have used.
#[derive(Default)]
struct Spent {
    tokens: Tokens,
    cost_micro_usd: i64,
    model: Option<String>,
    calls: u32,
}

struct Asking<'a> {
    models: &'a Models,
    tenant: &'a TenantId,
    session: Option<&'a str>,
    random: StdRng,
    spent: Spent,
}

impl Asking<'_> {
    /// The digest in a model's words, or why there is none.
    async fn digest(&mut self, seen: &Material) -> Result<Digest, String> {
        let room = self.room(seen.kind, DIGEST, Purpose::Digest);
        let mut data = parts::lines(seen);
        if estimated_tokens(&data) > room {
            let notes = parts::fitted(&self.notes(seen).await?, room);
            data = parts::lines(&notes);
            if notes.groups.is_empty() || estimated_tokens(&data) > room {
                return Err(Unanswered::TooLong.to_string());
            }
        }
        let fence = Fence::new(self.random.random());
        let key = seen::hash(seen.kind, DIGEST, &data);
        let mut call = self.call(seen.kind, DIGEST, Purpose::Digest, &fence, &data);
        call.cache_key = Some(key.clone());
        let reply = self.ask(call.clone()).await?;
        let faults = match held(&reply, seen) {
            Ok(digest) => return Ok(digest),
            Err(faults) => faults,
        };
        call.messages.extend([
            message(Said::Assistant, inert(&reply.text, ANSWER_SHOWN)),
            message(Said::User, repair(&faults, &fence)),
        ]);
        call.cache_key = Some(seen::hash(seen.kind, REPAIR, &format!("{key}\n{}", reply.text)));
        let reply = self.ask(call).await?;
        held(&reply, seen).map_err(|faults| {
            let reason = faults.first().map_or("it could not be read", Fault::reason);
            format!("the answer did not hold: {reason}")
        })
    }

    /// The material with notes in the place of its units: each part is noted down by itself, checked, and kept for as long
    /// as the part stays as it is. A part whose notes do not hold is told by rule.
    async fn notes(&mut self, seen: &Material) -> Result<Material, String> {
        let room = self.room(seen.kind, EXTRACT, Purpose::Extract);
        let mut notes = Material { groups: Vec::new(), ..seen.clone() };
        for (number, part) in parts::cut(seen, room).into_iter().enumerate() {
            let data = parts::lines(&part);
            let fits = number < MOST_PARTS && estimated_tokens(&data) <= room;
            let digest = if fits { self.extract(&part, &data).await? } else { by_rule(&part) };
            notes.groups.extend(
                part.groups
                    .first()
                    .map(|group| domain::digests::Group { name: group.name.clone(), units: noted(&digest, &part) }),
            );
        }
        Ok(notes)
    }

    async fn extract(&mut self, part: &Material, data: &str) -> Result<Digest, String> {
        let fence = Fence::new(self.random.random());
        let mut call = self.call(part.kind, EXTRACT, Purpose::Extract, &fence, data);
        call.cache_key = Some(seen::hash(part.kind, EXTRACT, data));
        let reply = self.ask(call).await?;
        Ok(held(&reply, part).unwrap_or_else(|_| by_rule(part)))
    }

    /// Tokens that data may have: rules and schema stand in the prompt as well, and weigh where a model takes little.
    fn room(&self, kind: Kind, prompt: Prompt, purpose: Purpose) -> i64 {
        let room = self.models.room(purpose);
        let rules = estimated_tokens(prompt.text()) + estimated_tokens(&schema(kind).to_string());
        ((f64::from(room) * FILLED) as i64).min(i64::from(room) - rules)
    }

    fn call(&self, kind: Kind, prompt: Prompt, purpose: Purpose, fence: &Fence, data: &str) -> Call {
        let most_output_tokens = if purpose == Purpose::Extract { MOST_EXTRACTED_TOKENS } else { MOST_OUTPUT_TOKENS };
        Call {
            tenant: self.tenant.clone(),
            purpose,
            session: self.session.map(str::to_owned),
            prompt: prompt.version,
            // What stays the same comes first: providers keep it.
            system: prompt.text().to_owned(),
            messages: vec![message(Said::User, fence.around(data))],
            schema: Some(Schema { name: "digest", json: schema(kind) }),
            tools: Vec::new(),
            most_output_tokens,
            cache_key: None,
        }
    }

    async fn ask(&mut self, call: Call) -> Result<Reply, String> {
        self.spent.calls += 1;
        let reply = self.models.ask(call).await.map_err(|unanswered| unanswered.to_string())?;
        self.spent.tokens.input += reply.tokens.input;
        self.spent.tokens.output += reply.tokens.output;
        self.spent.cost_micro_usd += reply.cost_micro_usd;
        self.spent.model = Some(inert(&reply.model, MODEL_NAME));
        if reply.finish == Finish::Refused { Err(Unanswered::Refused.to_string()) } else { Ok(reply) }
    }

    fn made(&self, digest: Digest, by: By, why: Option<String>) -> Made {
        let Spent { tokens, cost_micro_usd, model, .. } = &self.spent;
        let asked = model.is_some();
        Made {
            digest,
            by,
            why,
            model: model.clone(),
            prompt: asked.then_some(DIGEST.version),
            tokens: asked.then_some(*tokens),
            cost_micro_usd: *cost_micro_usd,
        }
    }
}

/// The answer as a digest. One that was cut off is none, even where it can be read.
fn held(reply: &Reply, material: &Material) -> Result<Digest, Vec<Fault>> {
    if reply.finish == Finish::CutOff {
        return Err(vec![Fault { place: Place::Answer, what: What::TooLong }]);
    }
    check(&reply.text, material)
}

/// Notes as units: what the part's units were about, in fewer words.
fn noted(digest: &Digest, part: &Material) -> Vec<Unit> {
    let unit = |about, item: &Item| {
        let first = part.units().find(|unit| unit.event_ids.iter().any(|id| item.event_ids.contains(id)));
        first.map(|first| Unit {
            about,
            text: item.text.clone(),
            details: Vec::new(),
            severity: item.severity,
            event_ids: item.event_ids.clone(),
            ..first.clone()
        })
    };
    digest
        .sections
        .iter()
        .flat_map(|section| section.items.iter().filter_map(move |item| unit(section.about, item)))
        .collect()
}

/// What is to be mended. The faults hold words of the answer, and those may be anybody's: they stand between the marks.
fn repair(faults: &[Fault], fence: &Fence) -> String {
    let list: Vec<String> = faults.iter().map(|fault| format!("- {fault}")).collect();
    format!("{}\n{}", REPAIR.text(), fence.around(&list.join("\n")))
}

fn message(by: Said, text: String) -> Message {
    Message { by, text, calls: Vec::new(), call_id: None }
}
