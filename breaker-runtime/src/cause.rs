//! Why a fallback is asked.

use crate::error::CircuitBreakerError;

/// What a fallback closure is told: `fallback = |cause| …`.
///
/// ```
/// use breaker_runtime::{Cause, circuit_breaker};
///
/// #[circuit_breaker(fallback = |cause| match cause {
///     Cause::Failed(price) => price,
///     Cause::Rejected(_) | Cause::TimedOut(_) => None,
/// }, fallback_on = "failure", failure_if = Option::is_none)]
/// fn price(sku: &str) -> Option<f64> {
/// #   let _ = sku;
///     Some(9.99)
/// }
/// # assert_eq!(price("apple"), Some(9.99));
/// ```
#[derive(Clone, Debug)]
pub enum Cause<R> {
    /// The breaker did not let the call through.
    Rejected(CircuitBreakerError),
    /// The call was stopped at its time limit (under `fallback_on = "failure"`).
    TimedOut(CircuitBreakerError),
    /// The call failed with this output (under `fallback_on = "failure"`).
    Failed(R),
}
