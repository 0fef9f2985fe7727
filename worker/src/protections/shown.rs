//! What people see on GitHub while a deployment waits: asked for, each vote, one reminder. GitHub shows ten statuses of a
//! deployment at most and keeps them all; the last is kept for the reminder.

use chrono::{DateTime, Utc};
use domain::text::clean;
use store::approvals::Approval;
use store::protections::Protection;

/// Statuses of ours, the reminder among them.
const MOST: i32 = 8;
/// GitHub takes so many characters.
const CHARS: usize = 1_024;
const REMINDER: &str = "Still waiting";

/// The status to be shown now; none: what is shown is true still, or enough was shown.
pub(super) fn status(approval: &Approval, one: &Protection, console: &str, now: DateTime<Utc>) -> Option<String> {
    let before = one.shown_text.as_deref();
    let reminded = before.is_some_and(|text| text.starts_with(REMINDER));
    let is_late = now - approval.created_at > (approval.expires_at - approval.created_at) / 2;
    let begins = if is_late || reminded { REMINDER } else { "Waiting" };
    let (given, needed) = approval.standing().sum();
    let ends = approval.expires_at.format("%Y-%m-%d %H:%M UTC");
    let who = approval.terms.in_words();
    let text = format!(
        "{begins} for approval: {given} of {needed} ({who}), until {ends}. {console}/v1/approvals/{}",
        approval.id
    );
    let most = if is_late && !reminded { MOST } else { MOST - i32::from(!reminded) };
    let text = fit(&text);
    (one.shown < most && before != Some(text.as_str())).then_some(text)
}

/// Within what GitHub takes.
pub(super) fn fit(text: &str) -> String {
    clean(text, CHARS)
}
