//! Starting and stopping: what every process of EM Agent does before its work begins and after it ends.
//!
//! Settings from the environment, logs and traces, metrics, the private PostgreSQL and NATS of `em-agent up`, the stop
//! signal and the worker's status listener. Nothing here knows deliveries, SQL or subjects.

pub mod environment;
pub mod metrics;
pub mod plugins;
pub mod private;
pub mod settings;
pub mod status;
pub mod stop;
pub mod telemetry;

pub use settings::{ModelSettings, Settings};
