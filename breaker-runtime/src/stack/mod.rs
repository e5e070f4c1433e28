//! What stands around a breaker: one limit for all attempts, attempts that are made again, answers that are kept,
//! a service of tower's.

#[cfg(feature = "tokio")]
mod deadline;
#[cfg(feature = "last_good")]
pub mod last_good;
#[cfg(feature = "last_good")]
pub(crate) mod memory;
#[cfg(feature = "retry")]
mod retry;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(feature = "tokio")]
pub use deadline::{AttemptLimit, Deadline};
#[cfg(feature = "retry")]
pub use retry::Retries;
