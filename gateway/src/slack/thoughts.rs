//! What people think of a digest, by its buttons. The digest is looked up for the tenant of who pressed.

use chrono::Utc;
use show::digests::{NOT_USEFUL, USEFUL};
use slack::answers::Answer;
use slack::payloads::Pressed;
use store::digests::kept::{Verdict, judge};
use store::{Connection, StoreError};
use uuid::Uuid;

use super::failed;
use super::later::Later;
use super::presses::tell;
use super::speakers::Speaker;
use crate::clock;
use crate::state::Shared;

/// A press of one of the two buttons.
pub(super) struct Thought {
    digest: Uuid,
    is_useful: bool,
}

impl Thought {
    /// `None`: it was another button.
    pub(super) fn read(pressed: &Pressed) -> Option<Self> {
        pressed.actions.iter().find_map(|action| {
            let is_useful = match action.action_id.as_str() {
                USEFUL => true,
                NOT_USEFUL => false,
                _ => return None,
            };
            let digest = Uuid::try_parse(action.value.as_deref()?).ok()?;
            Some(Self { digest, is_useful })
        })
    }

    /// Keeps it, and tells who pressed.
    pub(super) async fn kept(self, state: &Shared, pressed: Pressed) {
        let later = Later::new(pressed.response_url.clone(), Utc::now());
        let answer = match self.keep(state, &pressed).await {
            Ok(true) => Answer::private("Thank you, that is noted."),
            Ok(false) => Answer::private("That digest is not known any more."),
            Err(error) => failed(&error),
        };
        let asked = state.clone();
        state.slack.spawn(async move { tell(&asked, &pressed, later, &answer).await });
    }

    async fn keep(&self, state: &Shared, pressed: &Pressed) -> Result<bool, StoreError> {
        let channel = pressed.container.channel_id.clone();
        let speaker = Speaker::in_slack(state, &pressed.user.id, channel).await?;
        let known = speaker.known.as_ref().map(|person| person.id.clone());
        let by = known.unwrap_or_else(|| format!("slack:{}", pressed.user.id));
        let verdict = Verdict { is_useful: self.is_useful, comment: None, by };
        let (digest, now) = (self.digest, clock::now());
        let work = move |conn: &mut Connection| judge(conn, &speaker.tenant, digest, &verdict, now);
        state.store.call("slack_thought", work).await
    }
}
