//! Looking at breakers.

mod snapshot;

pub use snapshot::Snapshot;
