//! A text made short by a model, which sees its sentences as data and has to prove what it says by them: the check of answers
//! ([`crate::held`]), mended once.

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use domain::inert::{Fence, inert};
use domain::redaction::Redactor;
use models::{Call, Message, Models, Purpose, Reply, Said, Schema, Unanswered, estimated_tokens};
use serde_json::json;

use super::extract;
use crate::Spent;
use crate::held::{Seen, schema};
use crate::model::{ANSWER_SHOWN, did_not_hold, message};
use crate::prompts::SUMMARIZE;
use crate::tools::Line;

/// Sentences that a model is shown.
const MOST_SHOWN: usize = 200;
const LONGEST_SENTENCE: usize = 600;
/// Of the room for a prompt, how much of it the text may take up: one part in so many. A mended answer takes more.
const SHARE: u32 = 2;
const MOST_TOKENS: u32 = 1_000;

/// Who has a text made short.
pub(crate) struct Wording<'a> {
    pub(crate) models: &'a Models,
    pub(crate) tenant: &'a TenantId,
    /// What the run's costs are counted for.
    pub(crate) session: String,
    pub(crate) random: u128,
    pub(crate) now: DateTime<Utc>,
    /// What was asked so far.
    pub(crate) spent: Option<Spent>,
}

impl Wording<'_> {
    /// The summary, in at most `most` sentences; or why there is none.
    pub(crate) async fn word(&mut self, text: &str, most: usize) -> Result<String, String> {
        let (seen, fence) = (self.shown(text), Fence::new(self.random));
        let data = format!("{}\n{}", json!({"sentences": most}), seen.told());
        let mut messages = vec![message(Said::User, fence.around(&data))];
        let reply = self.call(&fence, messages.clone()).await.map_err(|why| why.to_string())?;
        let faults = match seen.held(&reply.text, self.now) {
            Ok(lines) => return Ok(joined(lines, most)),
            Err(faults) => faults,
        };
        let mend = format!("This does not hold:\n- {}\nAnswer again, as a whole.", faults.join("\n- "));
        messages.push(message(Said::Assistant, inert(&reply.text, ANSWER_SHOWN)));
        messages.push(message(Said::User, fence.around(&mend)));
        let reply = self.call(&fence, messages).await.map_err(|why| why.to_string())?;
        seen.held(&reply.text, self.now).map(|lines| joined(lines, most)).map_err(|faults| did_not_hold(&faults))
    }

    /// Its sentences, or as many of those that carry most as there is room for.
    fn shown(&self, text: &str) -> Seen {
        let (mut redactor, room) = (Redactor::new(), self.models.room(Purpose::Summarize) / SHARE);
        let mut count = MOST_SHOWN;
        loop {
            let mut line = |sentence: &str| Line::new(redactor.redact(&inert(sentence, LONGEST_SENTENCE)), []);
            let seen = Seen::of(extract(text, Some(count)).into_iter().map(&mut line));
            if count == 1 || estimated_tokens(&seen.told()) <= i64::from(room) {
                return seen;
            }
            count /= 2;
        }
    }

    async fn call(&mut self, fence: &Fence, messages: Vec<Message>) -> Result<Reply, Unanswered> {
        let marks = format!("\n\nThe marks of this text are {} and {}.", fence.open(), fence.close());
        let call = Call {
            tenant: self.tenant.clone(),
            purpose: Purpose::Summarize,
            session: Some(self.session.clone()),
            prompt: SUMMARIZE.version,
            system: SUMMARIZE.text().to_owned() + &marks,
            messages,
            schema: Some(Schema { name: "summary", json: schema() }),
            tools: Vec::new(),
            most_output_tokens: MOST_TOKENS,
            cache_key: None,
        };
        let reply = self.models.ask(call).await?;
        self.spent.get_or_insert_default().add(&reply);
        Ok(reply)
    }
}

fn joined(lines: Vec<Line>, most: usize) -> String {
    lines.into_iter().take(most).map(|line| line.text).collect::<Vec<_>>().join(" ")
}
