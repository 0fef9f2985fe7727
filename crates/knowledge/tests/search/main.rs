//! Documents are kept and found again, against a real database.

mod corpus;
mod words;
mod world;
