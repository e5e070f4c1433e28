//! Looking at breakers.

#[cfg(feature = "serde")]
mod json;
mod listening;
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
mod metrics;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
#[cfg(feature = "prometheus")]
pub mod prometheus;
mod snapshot;

pub use snapshot::Snapshot;
