//! Free functions.

use core::fmt::Display;
use core::time::Duration;
use std::io::{Error, Result};

use breaker_runtime::{Cause, circuit_breaker};

const LIMIT: u32 = 3;
const HALF: f64 = 0.5;
const RESET: Duration = Duration::from_secs(60);
const NAME: &str = "by constants";

/// Without arguments.
#[circuit_breaker]
pub(crate) fn plain(sku: &str) -> Result<u32> {
    sku.parse().map_err(Error::other)
}

/// With everything that a breaker can be told.
#[circuit_breaker(
    name = "everything", consecutive = 3, failures = 20, window = "1m", on_cancel = "ignore", reset = "1s", backoff = 2,
    max_reset = "1m", jitter = 0.2, probes = 3, successes = 2, probe_timeout = "5m", accessor = everything
)]
pub(crate) fn all_keys() -> Result<u32> {
    Ok(1)
}

/// With everything about shares.
#[circuit_breaker(
    failures = 20,
    failure_rate = 0.5,
    slow_rate = "50%",
    slow_call = "2s",
    window = 100,
    min_calls = 30,
    probes = 5,
    probe_failure_rate = 0.4,
    ramp = "30s"
)]
pub(crate) fn all_shares() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(
    failures = LIMIT, failure_rate = HALF, slow_rate = HALF, slow_call = RESET, window = LIMIT, min_calls = LIMIT,
    probe_failure_rate = HALF, ramp = RESET
)]
pub(crate) fn constant_shares() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = HALF, window = RESET)]
pub(crate) fn constant_time() -> Result<u32> {
    Ok(1)
}

/// What is warned of, and meant.
#[allow(deprecated, reason = "one failure is enough here")]
#[circuit_breaker(threshold = 1)]
pub(crate) fn one_failure() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(consecutive = 1, failures = 1, window = 20)]
#[expect(deprecated, reason = "one failure is enough here")]
pub(crate) fn one_failure_by_any_rule() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(name = NAME, threshold = LIMIT, window = RESET, reset = RESET, probes = LIMIT)]
pub(crate) fn constants() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = cached)]
pub(crate) fn with_fallback(sku: &str, pieces: u32) -> Result<u32> {
    sku.parse::<u32>().map(|price| price.saturating_mul(pieces)).map_err(Error::other)
}

#[circuit_breaker(fallback = cached, fallback_on = "failure")]
pub(crate) fn after_failures(sku: &str, pieces: u32) -> Result<u32> {
    sku.parse::<u32>().map(|price| price.saturating_mul(pieces)).map_err(Error::other)
}

const fn cached(_sku: &str, pieces: u32) -> Result<u32> {
    Ok(pieces)
}

#[circuit_breaker(fallback = |_| None, failure_if = Option::is_none)]
pub(crate) fn optional(sku: &str) -> Option<u32> {
    sku.parse().ok()
}

#[circuit_breaker(fallback = |cause| match cause {
    Cause::Rejected(error) | Cause::TimedOut(error) => Err(error.into()),
    Cause::Failed(output) => output,
}, fallback_on = "failure", ignore = error if error.raw_os_error().is_some())]
pub(crate) fn closures(sku: &str) -> Result<u32> {
    sku.parse().map_err(Error::other)
}

#[circuit_breaker(fallback = |_| ())]
pub(crate) fn nothing() {}

#[circuit_breaker(fallback = unpacked)]
pub(crate) fn patterns((left, right): (u32, u32), [first, ..]: [u32; 2], mut sum: u32, _: u8) -> Result<u32> {
    sum = sum.saturating_add(left).saturating_add(right).saturating_add(first);
    Ok(sum)
}

const fn unpacked(pair: (u32, u32), _: [u32; 2], _: u32, _: u8) -> Result<u32> {
    Ok(pair.0)
}

#[circuit_breaker]
pub(crate) fn generic<'text, T, const N: usize>(items: [T; N], text: &'text str) -> Result<(usize, &'text str)>
where
    T: Display,
{
    if N == 0 {
        return Err(Error::other("nothing"));
    }
    let length = items.iter().map(|item| item.to_string().len()).sum();
    Ok((length, text))
}

#[circuit_breaker]
pub(crate) fn opaque(items: impl IntoIterator<Item = u32>) -> Result<impl Iterator<Item = u32>> {
    Ok(items.into_iter().filter(|item| *item > 0))
}

#[circuit_breaker(fallback = |_| 0..3)]
pub(crate) fn wholly_opaque() -> impl Iterator<Item = u32> {
    1..3
}

#[circuit_breaker(fallback = by_hand)]
pub(crate) fn unused(_sku: &str, _other: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = by_hand, fallback_on = "failure")]
pub(crate) fn unused_and_kept(_sku: &str, _other: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker]
pub(crate) fn mutable(items: &mut [u32]) -> Result<&mut u32> {
    #![expect(clippy::unwrap_used, reason = "an inner attribute reaches the whole body")]
    Ok(items.last_mut().unwrap())
}

macro_rules! made {
    ($visibility:vis $name:ident, $fallback:expr, $limit:literal, $($argument:ident: $type:ty),*) => {
        #[circuit_breaker(threshold = $limit, fallback = $fallback)]
        $visibility fn $name($($argument: $type),*) -> Result<u32> {
            Ok([$($argument.len()),*].len().try_into().unwrap_or(0))
        }
    };
}

made!(pub(crate) by_macro, by_hand, 3, one: &str, other: &str);

const fn by_hand(_: &str, _: &str) -> Result<u32> {
    Ok(1)
}

/// A function inside a function.
pub(crate) fn outer() -> Result<u32> {
    #[circuit_breaker]
    fn inner() -> Result<u32> {
        Ok(1)
    }
    inner()
}

/// What is changed in a part alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pieces: u32,
    price: u32,
}

#[circuit_breaker]
pub(crate) fn overwritten(mut order: Order, price: u32) -> Result<u32> {
    order.price = price;
    order.price.checked_mul(order.pieces).ok_or_else(|| Error::other("too much"))
}

impl Order {
    #[circuit_breaker]
    pub(crate) fn cheaper(mut self, price: u32) -> Result<u32> {
        self.price = price;
        self.price.checked_mul(self.pieces).ok_or_else(|| Error::other("too much"))
    }
}
