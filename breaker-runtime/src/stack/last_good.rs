//! Where good answers are kept for bad times (feature `last_good`, the attribute's key `last_good`).
//!
//! [`Memory`] keeps them in this process, and needs nothing. A store of your own, such as one that all processes share,
//! implements [`AsyncStore`] for async functions, or [`Store`] for sync ones; the attribute names it:
//! `last_good(key = sku, ttl = "1h", store = PRICES)`.
//!
//! An answer is kept when a call has succeeded, and given when one was rejected or has failed, be it by its error, its
//! time limit or the breaker. Errors that the attribute ignores are the caller's own, and are never answered so. A panic is
//! none of these: it goes on unwinding.
//!
//! In an [isolation](crate::testing) each function has a memory of its own, empty at first; a store that the attribute names is
//! the same for all tests.

use std::time::Duration;

pub use super::memory::Memory;

/// An answer that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept<V> {
    /// The answer.
    pub answer: V,
    /// How long ago it was given.
    pub age: Duration,
}

/// Keeps answers of sync functions. Every such store serves async functions too.
///
/// What goes wrong in a store is the store's own affair, to be logged there: a call must not fail because its answer
/// could not be kept.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{LazyLock, Mutex};
/// use std::time::{Duration, Instant};
/// use breaker_runtime::circuit_breaker;
/// use breaker_runtime::last_good::{Kept, Store};
///
/// #[derive(Default)]
/// struct Prices(Mutex<HashMap<String, (f64, Instant)>>);
///
/// impl Store<String, f64> for Prices {
///     fn get(&self, sku: &String, _ttl: Duration) -> Option<Kept<f64>> {
///         let (answer, at) = *self.0.lock().unwrap().get(sku)?;
///         Some(Kept { answer, age: at.elapsed() })
///     }
///     fn put(&self, sku: String, price: f64, _ttl: Duration) {
///         self.0.lock().unwrap().insert(sku, (price, Instant::now()));
///     }
/// }
///
/// static PRICES: LazyLock<Prices> = LazyLock::new(Prices::default);
///
/// #[circuit_breaker(last_good(key = sku, ttl = "1h", store = *PRICES))]
/// fn price(sku: &str, works: bool) -> std::io::Result<f64> {
/// #   let _ = sku;
///     if works { Ok(9.99) } else { Err(std::io::ErrorKind::TimedOut.into()) }
/// }
///
/// assert!(price("apple", false).is_err());
/// assert_eq!(price("apple", true)?, 9.99);
/// assert_eq!(price("apple", false)?, 9.99); // the last good answer
/// # Ok::<(), std::io::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot keep answers `{V}` for keys `{K}`",
    label = "these cannot be kept here",
    note = "in memory, `last_good` keeps answers that are `Clone`, for keys that have `Hash` and `Eq`; both are `Send`, `Sync` and `'static`"
)]
pub trait Store<K, V> {
    /// The answer for this key, if there is one. How old it is, a store may find by what is left of the `ttl` that it was
    /// put with; one that is older than that is not given.
    fn get(&self, key: &K, ttl: Duration) -> Option<Kept<V>>;

    /// Keeps an answer in the place of the one before. Nobody asks for it any more when it is older than `ttl`.
    fn put(&self, key: K, answer: V, ttl: Duration);
}

/// Keeps answers of async functions, where that takes time.
///
/// The caller waits for both, beyond the function's own `timeout` and `total_timeout`, and a store that hangs keeps him
/// waiting: give what it does a time limit.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot keep answers `{V}` for keys `{K}`",
    label = "these cannot be kept here",
    note = "in memory, `last_good` keeps answers that are `Clone`, for keys that have `Hash` and `Eq`; both are `Send`, `Sync` and `'static`"
)]
pub trait AsyncStore<K, V> {
    /// The answer for this key, if there is one. How old it is, a store may find by what is left of the `ttl` that it was
    /// put with; one that is older than that is not given.
    fn get(&self, key: &K, ttl: Duration) -> impl Future<Output = Option<Kept<V>>> + Send;

    /// Keeps an answer in the place of the one before. Nobody asks for it any more when it is older than `ttl`.
    fn put(&self, key: K, answer: V, ttl: Duration) -> impl Future<Output = ()> + Send;
}

#[diagnostic::do_not_recommend]
impl<S, K, V> AsyncStore<K, V> for S
where
    S: Store<K, V> + Sync + ?Sized,
    K: Send + Sync,
    V: Send,
{
    async fn get(&self, key: &K, ttl: Duration) -> Option<Kept<V>> {
        Store::get(self, key, ttl)
    }

    async fn put(&self, key: K, answer: V, ttl: Duration) {
        Store::put(self, key, answer, ttl);
    }
}
