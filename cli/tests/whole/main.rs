//! The whole program as its users meet it: processes, HTTP, real servers that come and go.

mod bad_inputs;
mod big_event;
mod dashboards;
mod dora;
mod drain;
mod faults;
mod kill_nine;
mod one_piece;
mod outages;
mod plugins;
mod samples;
mod several;
mod silence;
mod support;
mod traces;
