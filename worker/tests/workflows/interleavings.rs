//! Whatever happens between a job's beginning and its end, in any order: one effect.

use proptest::prelude::*;
use serde_json::json;
use testkit::github::Fault;
use testkit::listening::Reply;
use worker::workflows::Family;

use crate::POST;
use crate::world::World;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Work,
    /// GitHub does it, and nobody hears of it.
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

async fn happen(world: &World, step: Step) {
    match step {
        Step::Work => drop(world.work().await),
        Step::Lost => world.github.fault(POST, Fault::Done(Reply::Cut)),
        Step::Cut => world.github.fault(POST, Fault::Instead(Reply::Cut)),
        Step::FailedAfter => world.github.fault(POST, Fault::Done(Reply::json(502, &json!({})))),
        Step::Limited => {
            let answer = Reply::with(429, &[("retry-after", "30".to_owned())], "{}");
            world.github.fault(POST, Fault::Instead(answer));
        }
        Step::Dies { after } => dies(world, after).await,
        Step::Pass(seconds) => world.pass(seconds),
    }
}

/// A worker that is killed when GitHub has heard of it, or when it has nothing to do.
async fn dies(world: &World, after: bool) {
    let silence = if after { Fault::Done(Reply::Silence) } else { Fault::Instead(Reply::Silence) };
    world.github.fault(POST, silence);
    let worker = world.workflows.clone();
    let heard = |world: &World| world.github.state().asked.iter().filter(|one| one.line() == POST).count();
    let before = heard(world);
    let mut working = tokio::spawn(async move {
        worker.work_through(Family::Jobs).await?;
        worker.work_through(Family::Effects).await
    });
    let asked = async {
        while heard(world) == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = asked => {}
        _ = &mut working => {}
    }
    working.abort();
    world.github.heal();
}

fn few() -> ProptestConfig {
    let cases = if testkit::servers::is_long_run() { 400 } else { 24 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn any_interleaving_of_crashes_redeliveries_and_lost_answers_is_one_effect(
        steps in proptest::collection::vec(step(), 1..14), approved in any::<bool>()
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let world = World::fresh().await;
            let payload = json!({"text": "Still needed?"});
            let job = if approved {
                let terms = domain::approvals::Terms::usual(world.now());
                let id = world.proposed("comment", payload, terms).await;
                world.voted(id, domain::approvals::Choice::Approve).await;
                world.approval(id).await.job_id.expect("a job")
            } else {
                world.asked("comment", payload).await
            };
            for step in steps {
                happen(&world, step).await;
            }
            world.github.heal();
            world.work_to_the_end().await;
            let job = world.job(job).await;
            prop_assert_eq!((job.status.as_str(), world.comments()), ("succeeded", 1), "{:?}", job);
            Ok(())
        })?;
    }
}
