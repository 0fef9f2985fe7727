//! Digests: facts in, words that can be checked out; by a model where there is one, by rule always.
