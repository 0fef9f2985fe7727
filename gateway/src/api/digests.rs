//! Digests: made of the facts, worded by a model where there is one, kept, and delivered where somebody wants them.
//!
//! What is selected is `store::digests`'s, how it is worded `summaries`'s, how it reads `show::digests`'s. A model is asked
//! between two transactions, never within one. [`asked`] reads requests, [`made`] makes; [`history`] and [`feedback`] are
//! about what was made, [`schedules`] about what is to be.

pub(crate) mod asked;
pub(crate) mod feedback;
pub(crate) mod history;
pub(crate) mod made;
pub(crate) mod schedules;

use actix_web::HttpResponse;
use domain::digests::rules::by_rule;
use domain::redaction::Redactor;
use serde_json::{Value, json};
use store::Connection;
use store::digests::kept::keep;

use crate::access::{Caller, Viewer};
use crate::clock;
use crate::idempotent;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::Shared;
use asked::DigestAsked;

const WHAT: &str = "subject";
/// Members of the material that are no text of anybody's.
const OURS: [&str; 4] = ["event_ids", "at", "from", "to"];

/// Makes a digest, keeps it, and has it delivered.
#[utoipa::path(post, path = "/v1/digests", tag = "digests", request_body = DigestAsked,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`digest`: `headline`, `sections` of items with the events behind them, `numbers`; who worded it: `generated_by`, `why`, `model`, `prompt`, `tokens`, `cost_usd`; what is on its way: `delivered`", body = Object),
    (status = 400, body = ProblemBody),
    (status = 403, description = "To have it delivered takes the role operator", body = ProblemBody),
    (status = 404, description = "There is no such subject", body = ProblemBody),
    (status = 409, description = "It cannot be delivered there: something is not set up", body = ProblemBody),
))]
pub(crate) async fn make(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("digests", &caller)?;
    let now = clock::now();
    let (wanted, to) = sent.json::<DigestAsked>()?.read(&state, caller.role, now)?;
    if let Some(answer) = idempotent::before(&state, keyed.as_ref(), now).await? {
        return Ok(answer);
    }
    let made = made::make(&state, &caller.tenant, &wanted, caller.name(), now).await?;
    let kept = made.ok_or_else(|| Problem::not_found(WHAT))?;
    let work = move |conn: &mut Connection| {
        keep(conn, &caller.tenant, &kept)?;
        let delivered = made::deliver(conn, &caller.tenant, &to, &kept, caller.name(), now)?;
        let mut body = history::shown(&kept);
        body["delivered"] = json!(delivered);
        Ok(idempotent::done(body))
    };
    idempotent::answer(&state, "digest_make", keyed, now, work).await
}

/// What a digest would be made of, as a model would see it, and the digest by rule. No model is asked, nothing is kept.
#[utoipa::path(post, path = "/v1/digests/preview", tag = "digests", request_body = DigestAsked,
    responses(
    (status = 200, description = "`material`: units with the events behind them and numbers, without secrets and personal data; `redacted`: how many of each were taken out; `digest`: the one by rule", body = Object),
    (status = 400, body = ProblemBody),
    (status = 404, description = "There is no such subject", body = ProblemBody),
))]
pub(crate) async fn preview(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let now = clock::now();
    let (wanted, _) = sent.json::<DigestAsked>()?.read(&state, caller.role, now)?;
    let material = made::select(&state, &caller.tenant, &wanted, now).await?.ok_or_else(|| Problem::not_found(WHAT))?;
    let digest = by_rule(&material);
    let mut shown = json!(material);
    let mut redactor = Redactor::new();
    redact(&mut shown, &mut redactor);
    let why = "a preview asks no model";
    Ok(HttpResponse::Ok().json(json!({
        "material": shown, "redacted": redactor.counts(), "digest": digest, "generated_by": "rules", "why": why,
    })))
}

/// Takes out what a model must not see. Addresses it never sees.
fn redact(value: &mut Value, redactor: &mut Redactor) {
    match value {
        Value::String(text) => *text = redactor.redact(text),
        Value::Array(all) => all.iter_mut().for_each(|one| redact(one, redactor)),
        Value::Object(members) => {
            members.remove("url");
            let theirs = members.iter_mut().filter(|(name, _)| !OURS.contains(&name.as_str()));
            theirs.for_each(|(_, one)| redact(one, redactor));
        }
        _ => {}
    }
}
