//! Looking at breakers.

#[cfg(feature = "serde")]
mod json;
mod listening;
#[cfg(feature = "prometheus")]
mod metrics;
#[cfg(feature = "prometheus")]
pub mod prometheus;
mod snapshot;

pub use snapshot::Snapshot;
