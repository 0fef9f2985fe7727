//! Buttons and modals. What a button carries is looked up, never believed; a press that came twice is told so.
//!
//! Slack is answered within its three seconds, whatever becomes of the press; the person hears of it privately.

use actix_web::HttpResponse;
use chrono::Utc;
use domain::approvals::may_vote;
use domain::ids::ApprovalId;
use slack::answers::{Answer, ModalErrors};
use slack::approvals::modals::{self, Carried, REASON};
use slack::approvals::private::{self, Told};
use slack::approvals::{self as said, Decision, Press, Shown};
use slack::payloads::{Pressed, Submitted};
use slack::views::ModalView;
use store::approvals::Approval;
use store::{Connection, StoreError};

use super::later::Later;
use super::speakers::Speaker;
use super::voice::told;
use super::votes::{Ballot, vote};
use super::{WITHIN, failed, thoughts};
use crate::api::people::decisions::waits;
use crate::state::{Shared, State};

/// Somebody pressed a button.
pub(super) async fn pressed(state: &Shared, pressed: Pressed) -> HttpResponse {
    if let Some(thought) = thoughts::Thought::read(&pressed) {
        let asked = state.clone();
        let mut work = state.slack.spawn(async move { thought.kept(&asked, pressed).await });
        drop(tokio::time::timeout(WITHIN, &mut work).await);
        return HttpResponse::Ok().finish();
    }
    let known = pressed.actions.iter().find_map(|action| {
        let (press, id) = said::pressed(action)?;
        Some((press, id.to_owned(), said::seen(action).map(str::to_owned)))
    });
    if let Some((press, approval, seen)) = known {
        let later = Later::new(pressed.response_url.clone(), Utc::now());
        let at = At { approval, seen, pressed, later };
        let asked = state.clone();
        let mut work = state.slack.spawn(async move { at.done(&asked, press).await });
        // It goes on when the time is up; what is lost with the process can be pressed again.
        drop(tokio::time::timeout(WITHIN, &mut work).await);
    }
    HttpResponse::Ok().finish()
}

/// A button that was pressed, and where.
struct At {
    approval: String,
    seen: Option<String>,
    pressed: Pressed,
    later: Later,
}

impl At {
    async fn done(self, state: &Shared, press: Press) {
        let channel = self.pressed.container.channel_id.clone();
        let answer = match Speaker::in_slack(state, &self.pressed.user.id, channel).await {
            Ok(speaker) => self.answer(state, &speaker, press).await,
            Err(error) => Some(failed(&error)),
        };
        if let Some(answer) = answer {
            self.whisper(state, answer);
        }
    }

    /// What to tell; `None` where a window says it.
    async fn answer(&self, state: &State, speaker: &Speaker, press: Press) -> Option<Answer> {
        let (approval, shown) = match load(state, speaker, &self.approval).await {
            Ok(Some(found)) => found,
            Ok(None) => return Some(private::told(&Told::NoSuch { id: self.approval.clone() })),
            Err(error) => return Some(failed(&error)),
        };
        let decision = match press {
            Press::Details => return self.details(state, &shown).await,
            Press::Approve => Decision::Approve,
            Press::Reject => Decision::Reject,
        };
        let asks = decision == Decision::Reject || shown.reasons.approve;
        // Whoever may not vote is told before they write a reason; the refusal is recorded as any other.
        if asks && waits(&approval, Utc::now()) && may_vote(&approval.state(), &speaker.person()).is_ok() {
            return self.ask(state, &shown, decision).await;
        }
        let ballot = Ballot { approval: self.approval.clone(), decision, reason: None, seen: self.seen.clone() };
        Some(private::told(&vote(state, speaker, ballot).await))
    }

    async fn details(&self, state: &State, shown: &Shown) -> Option<Answer> {
        if self.open(state, &modals::details(shown)).await {
            return None;
        }
        // Without a window: the message itself, for their eyes.
        Some(Answer::privately(said::message(shown)))
    }

    async fn ask(&self, state: &State, shown: &Shown, decision: Decision) -> Option<Answer> {
        let container = &self.pressed.container;
        let carried = Carried {
            approval: self.approval.clone(),
            decision,
            seen: self.seen.clone(),
            channel: container.channel_id.clone(),
            ts: container.message_ts.clone(),
        };
        if self.open(state, &modals::reason(shown, &carried)).await {
            return None;
        }
        let word = if decision == Decision::Approve { "approve" } else { "reject" };
        let typed = slack::text::code(&format!("/em {word} {} <why>", self.approval), 120);
        Some(Answer::private(&format!("The window did not open. Press again, or type {typed}.")))
    }

    async fn open(&self, state: &State, view: &ModalView) -> bool {
        state.slack.client.has_token()
            && told("views.open", state.slack.client.open_modal(&self.pressed.trigger_id, view).await).is_some()
    }

    /// Tells who pressed, beside: Slack need not wait for it.
    fn whisper(self, state: &Shared, answer: Answer) {
        let (asked, user, channel) = (state.clone(), self.pressed.user.id, self.pressed.container.channel_id);
        let mut later = self.later;
        state.slack.spawn(async move {
            if !later.say(&asked.slack.client, &answer).await {
                whisper(&asked, &user, channel.as_deref(), &answer).await;
            }
        });
    }
}

/// Tells somebody where they are, by the `response_url` where there is one.
pub(super) async fn tell(state: &State, pressed: &Pressed, mut later: Later, answer: &Answer) {
    if !later.say(&state.slack.client, answer).await {
        whisper(state, &pressed.user.id, pressed.container.channel_id.as_deref(), answer).await;
    }
}

/// Without a `response_url`: in the conversation, seen by them only; where there is none, in a message to them.
async fn whisper(state: &State, user_id: &str, channel: Option<&str>, answer: &Answer) {
    let client = &state.slack.client;
    let heard = match channel {
        Some(channel) => told("chat.postEphemeral", client.whisper(channel, user_id, answer.message()).await).is_some(),
        None => false,
    };
    if !heard {
        told("chat.postMessage", client.post(user_id, answer.message()).await);
    }
}

/// Somebody sent a modal. What does not fit is said in it; what was taken closes it.
pub(super) async fn submitted(state: &Shared, submitted: Submitted) -> HttpResponse {
    let Some((carried, reason)) = modals::decided(&submitted) else { return HttpResponse::Ok().finish() };
    let (asked, user, channel) = (state.clone(), submitted.user_id.clone(), carried.channel.clone());
    let mut work = state.slack.spawn(async move {
        let speaker = match Speaker::in_slack(&asked, &user, carried.channel.clone()).await {
            Ok(speaker) => speaker,
            Err(error) => {
                failed(&error);
                return Told::NotKept;
            }
        };
        let ballot = Ballot { approval: carried.approval, decision: carried.decision, reason, seen: carried.seen };
        vote(&asked, &speaker, ballot).await
    });
    let (asked, user) = (state.clone(), submitted.user_id);
    let in_time = tokio::time::timeout(WITHIN, &mut work).await;
    if let Ok(Ok(told)) = &in_time
        && !told.is_taken()
    {
        return HttpResponse::Ok().json(ModalErrors::one(REASON, &private::plainly(told)));
    }
    state.slack.spawn(async move {
        let told = match in_time {
            Ok(done) => done,
            Err(_) => work.await,
        };
        let answer = private::told(&told.unwrap_or(Told::NotKept));
        whisper(&asked, &user, channel.as_deref(), &answer).await;
    });
    HttpResponse::Ok().finish()
}

async fn load(state: &State, speaker: &Speaker, id: &str) -> Result<Option<(Approval, Shown)>, StoreError> {
    let Ok(id) = id.parse::<ApprovalId>() else { return Ok(None) };
    let tenant = speaker.tenant.clone();
    let look = move |conn: &mut Connection| show::approvals::load(conn, &tenant, id);
    state.store.look("slack_approval", look).await
}
