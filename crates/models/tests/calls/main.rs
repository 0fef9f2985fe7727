//! Calls to models from end to end, against a fake model server and a real database.

mod budgets;
mod failing;
mod shapes;
mod world;
