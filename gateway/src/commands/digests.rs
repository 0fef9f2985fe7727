//! `/em digest`: made as the API makes it, told to who asked or posted for all.

use chrono::TimeDelta;
use domain::digests::Kind;
use slack::answers::Answer;
use slack::commands::{Place, Window};
use slack::text::code;
use store::digests::delivery::Deliver;
use store::digests::kept::{keep, kind_of, name_of};
use store::digests::{Wanted, is_of_one};
use store::{Connection, StoreError, transaction};

use super::{Asked, open_place, shown_place};
use crate::api::digests::made::{deliver, make};
use crate::state::State;

/// A year.
const MOST_HOURS: u32 = 24 * 366;

pub(super) async fn say(
    state: &State,
    asked: &Asked,
    (kind, subject, window): (Option<&'static str>, Option<String>, Option<Window>),
    post: Option<Place>,
) -> Result<Answer, StoreError> {
    let kind = kind.and_then(kind_of).unwrap_or(Kind::Standup);
    let name = name_of(kind);
    if is_of_one(kind) && subject.is_none() {
        let words = format!("Say of what: {}.", code(&format!("/em digest {name} <{}>", example(kind)), 100));
        return Ok(Answer::private(&words));
    }
    let place = match post.map(|place| open_place(state, asked, place)).transpose() {
        Ok(place) => place,
        Err(why) => return Ok(why),
    };
    let from = window.map(|window| asked.now - TimeDelta::hours(i64::from(window.hours.clamp(1, MOST_HOURS))));
    let wanted = Wanted { kind, subject, from, to: None };
    let (tenant, now, by) = (asked.tenant.clone(), asked.now, asked.name());
    let Some(kept) = make(state, &tenant, &wanted, &by, now).await? else {
        let of = wanted.subject.as_deref().unwrap_or_default();
        let words = format!("I know no {} to make a digest {} of.", code(of, 100), code(name, 40));
        return Ok(Answer::private(&words));
    };
    let (written, to) = (kept.clone(), Deliver { slack: place.clone(), webhook: None });
    let write = move |conn: &mut Connection| {
        transaction(conn, |conn| {
            keep(conn, &tenant, &written)?;
            deliver(conn, &tenant, &to, &written, &by, now)
        })
    };
    state.store.call("command_digest", write).await?;
    Ok(match place {
        Some(place) => Answer::private(&format!("It is posted to {} in a moment.", shown_place(&place))),
        None => Answer::privately(show::digests::brief(&kept)),
    })
}

/// How a subject of this kind is written.
fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Release => "github:1234 or a service",
        Kind::Incident | Kind::Postmortem => "pagerduty:Q2X",
        Kind::PullRequest => "acme/shop#12",
        Kind::Standup | Kind::SprintHealth | Kind::Weekly => "service",
    }
}
