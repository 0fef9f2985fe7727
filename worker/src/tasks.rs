//! The worker's tasks: each runs until the stop signal, and again when it failed. A mistake in one room must not stop the
//! others for good. What a task does is its room's business.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The pause before a task that failed is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// The worker's tasks, to be awaited at the end.
pub struct WorkerHandle {
    tasks: Vec<(&'static str, JoinHandle<()>)>,
    stop: CancellationToken,
}

impl WorkerHandle {
    pub(crate) fn until(stop: CancellationToken) -> Self {
        Self { tasks: Vec::new(), stop }
    }

    /// Starts a task with what it takes.
    pub(crate) fn start<T, F>(
        &mut self,
        name: &'static str,
        taken: T,
        run: impl Fn(T, CancellationToken) -> F + Send + 'static,
    ) where
        T: Clone + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.tasks.push((name, tokio::spawn(keep_up(name, taken, run, stop))));
    }

    /// Waits until every task has ended, but not longer than the drain after the stop signal; `false`: some were cut
    /// short, and what they had in hand comes again.
    pub async fn ended(self) -> bool {
        let mut in_time = true;
        for (name, mut task) in self.tasks {
            if boot::stop::drained(&self.stop, &mut task).await.is_none() {
                tracing::warn!(task = name, "did not end in time; what it had in hand comes again");
                task.abort();
                in_time = false;
            }
        }
        in_time
    }
}

async fn keep_up<T, F>(name: &'static str, taken: T, run: impl Fn(T, CancellationToken) -> F, stop: CancellationToken)
where
    T: Clone,
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(run(taken.clone(), stop.clone())).await {
        tracing::error!(task = name, error = &error as &dyn Error, "a task of the worker failed and is started again");
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return,
        }
    }
}
