//! Documents are kept and found again, against a real database.

mod corpus;
mod vectors;
mod words;
mod world;
