//! Reading documents where they are kept: what changed, what is gone, limits, troubles and hostile content.

mod sources;
mod troubles;
mod world;
