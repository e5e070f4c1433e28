//! Looking at breakers.

mod listening;
mod snapshot;

pub use snapshot::Snapshot;
