//! Whatever happens between a job's beginning and its end, in any order, and whatever it does: one effect.

use proptest::prelude::*;
use serde_json::json;
use testkit::github::Fault;
use testkit::listening::Reply;
use worker::workflows::Family;

use crate::kinds::{KINDS, Kind, Stage};

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Work,
    /// It is done, and nobody hears of it.
    Lost,
    /// Nothing arrives.
    Cut,
    /// 502, and it is done all the same.
    FailedAfter,
    Limited,
    /// The worker dies while it waits for the answer: it is done, or it is not.
    Dies {
        after: bool,
    },
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Work),
        2 => Just(Step::Lost),
        1 => Just(Step::Cut),
        2 => Just(Step::FailedAfter),
        1 => Just(Step::Limited),
        3 => any::<bool>().prop_map(|after| Step::Dies { after }),
        4 => (1i64..400).prop_map(Step::Pass),
    ]
}

/// Comments, which leave the most to be looked for, come most often.
fn kind() -> impl Strategy<Value = &'static Kind> {
    prop_oneof![1 => Just(&KINDS[0]), 3 => prop::sample::select(KINDS.iter().collect::<Vec<_>>())]
}

async fn happen(stage: &Stage, step: Step) {
    match step {
        Step::Work => drop(stage.world.work().await),
        Step::Lost => stage.fault(Fault::Done(Reply::Cut)),
        Step::Cut => stage.fault(Fault::Instead(Reply::Cut)),
        Step::FailedAfter => stage.fault(Fault::Done(Reply::json(502, &json!({})))),
        Step::Limited => {
            let answer = Reply::with(429, &[("retry-after", "30".to_owned())], "{}");
            stage.fault(Fault::Instead(answer));
        }
        Step::Dies { after } => dies(stage, after).await,
        Step::Pass(seconds) => stage.world.pass(seconds),
    }
}

/// A worker that is killed when the other side has heard of it, or when it has nothing to do.
async fn dies(stage: &Stage, after: bool) {
    stage.fault(if after { Fault::Done(Reply::Silence) } else { Fault::Instead(Reply::Silence) });
    let worker = stage.world.workflows.clone();
    let before = stage.heard();
    let mut working = tokio::spawn(async move {
        worker.work_through(Family::Jobs).await?;
        worker.work_through(Family::Effects).await
    });
    let asked = async {
        while stage.heard() == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = asked => {}
        _ = &mut working => {}
    }
    working.abort();
    stage.heal();
}

fn few() -> ProptestConfig {
    let cases = if testkit::servers::is_long_run() { 1_200 } else { 72 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn any_interleaving_of_crashes_redeliveries_and_lost_answers_is_one_effect(
        kind in kind(), steps in proptest::collection::vec(step(), 1..14), approved in any::<bool>()
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let stage = Stage::of(kind).await;
            let job = stage.asked(approved).await;
            for step in steps {
                happen(&stage, step).await;
            }
            stage.heal();
            stage.world.work_to_the_end().await;
            let job = stage.world.job(job).await;
            prop_assert_eq!((job.status.as_str(), stage.done().await), ("succeeded", 1), "{}: {:?}", kind.action, job);
            Ok(())
        })?;
    }
}
