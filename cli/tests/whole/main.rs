//! The whole program as its users meet it: processes, HTTP, real servers that come and go.

mod bad_inputs;
mod kill_nine;
mod outages;
mod support;
