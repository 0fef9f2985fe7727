//! `/em dora [service] [30d]`: the five delivery metrics of production, each beside the time before.

use chrono::TimeDelta;
use slack::answers::{Answer, Basis, brief};
use slack::commands::Window;
use slack::text::code;
use store::{Connection, StoreError};

use super::Asked;
use crate::reports::{numbers, told};
use crate::state::State;

const USUAL_HOURS: u32 = 24 * 30;

pub(super) async fn say(
    state: &State,
    asked: &Asked,
    service: Option<String>,
    window: Option<Window>,
) -> Result<Answer, StoreError> {
    let (tenant, now) = (asked.tenant.clone(), asked.now);
    let from = now - TimeDelta::hours(i64::from(window.map_or(USUAL_HOURS, |window| window.hours)));
    let of = service.clone();
    let look = move |conn: &mut Connection| numbers(conn, &tenant, of.as_deref(), from, now);
    let measured = state.store.look("report_dora", look).await?;
    let deployments = measured.first().map_or(0, |number| number.n);
    let mut sections = vec![told::numbers(&measured)];
    if let (Some(service), true) = (&service, deployments == 0) {
        let words = format!("No deployment of {} to production is known in this time.", code(service, 100));
        sections.insert(0, words);
    }
    let basis = Basis {
        window: Some(told::window(from, now)),
        counted: Some(format!("{deployments} deployments to production")),
        as_of: Some(now),
        page: None,
    };
    let title = service.map_or_else(|| "Delivery".to_owned(), |service| format!("Delivery of {service}"));
    Ok(Answer::privately(brief(&title, &sections, &basis)))
}
