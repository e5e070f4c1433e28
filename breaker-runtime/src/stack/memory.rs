//! Good answers in the memory of this process.

use std::any::Any;
use std::fmt;
use std::hash::Hash;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use once_cell::race::OnceBox;

use super::last_good::{Kept, Store};
use crate::clock::{Clock, Time};

/// How many answers are kept, where nothing else is said.
const DEFAULT_MAX: u32 = 10_000;

/// Keeps answers in memory: those that are asked for most, where there is no room for all.
///
/// Functions with `last_good(…)` in their attribute have one each. Several may share one, where the answers of one are good
/// for the other:
///
/// ```
/// use breaker_runtime::{circuit_breaker, last_good::Memory};
///
/// static PRICES: Memory = Memory::new().max(1_000);
///
/// #[circuit_breaker(last_good(key = sku, ttl = "1h", store = PRICES))]
/// fn price(sku: &str) -> std::io::Result<f64> {
/// #   if sku == "pear" { return Err(std::io::ErrorKind::NotConnected.into()) }
///     Ok(9.99)
/// }
///
/// #[circuit_breaker(last_good(key = sku, ttl = "1h", store = PRICES))]
/// fn price_abroad(sku: &str) -> std::io::Result<f64> {
///     // … which is down at present
/// #   let _ = sku;
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// assert!(price_abroad("apple").is_err());
/// assert_eq!(price("apple")?, 9.99);
/// assert_eq!(price_abroad("apple")?, 9.99);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Memory {
    max: u32,
    clock: Clock,
    /// A cache for each pair of types, of which most stores have one: those of a generic function share a store.
    first: OnceBox<Node>,
}

struct Node {
    cache: Box<dyn Any + Send + Sync>,
    next: OnceBox<Node>,
}

#[derive(Clone)]
struct Entry<V> {
    answer: V,
    at: Time,
    ttl: Duration,
}

impl Memory {
    /// Room for 10,000 answers.
    #[must_use]
    pub const fn new() -> Self {
        Self { max: DEFAULT_MAX, clock: Clock::monotonic(), first: OnceBox::new() }
    }

    /// How many answers are kept.
    ///
    /// - Limits: at least 1. They take room when they are kept.
    /// - Default: 10,000.
    ///
    /// # Panics
    ///
    /// On zero: when the code compiles, in a `static`.
    #[must_use]
    #[track_caller]
    pub const fn max(mut self, n: u32) -> Self {
        assert!(n >= 1, "`max` must be at least 1");
        self.max = n;
        self
    }

    /// Where it gets its time from. Default: [`Clock::monotonic`].
    #[must_use]
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// An empty one like this, on another clock.
    #[cfg(feature = "testing")]
    pub(crate) fn copy_on(&self, clock: Clock) -> Self {
        Self { max: self.max, clock, first: OnceBox::new() }
    }

    fn cache<K, V>(&self) -> &Cache<K, Entry<V>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let mut place = &self.first;
        loop {
            let node = place.get_or_init(|| {
                let cache: Cache<K, Entry<V>> =
                    Cache::builder().max_capacity(self.max.into()).expire_after(ByEntry).build();
                Box::new(Node { cache: Box::new(cache), next: OnceBox::new() })
            });
            match node.cache.downcast_ref() {
                Some(cache) => return cache,
                None => place = &node.next,
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl<K, V> Store<K, V> for Memory
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn get(&self, key: &K, _ttl: Duration) -> Option<Kept<V>> {
        let Entry { answer, at, ttl } = self.cache::<K, V>().get(key)?;
        let age = self.clock.now().since(at);
        (age <= ttl).then_some(Kept { answer, age })
    }

    fn put(&self, key: K, answer: V, ttl: Duration) {
        self.cache().insert(key, Entry { answer, at: self.clock.now(), ttl });
    }
}

/// Each entry says for how long it is kept. What is too old is not given anyway; here it makes room. This goes by real time,
/// so not where tests may have another one.
struct ByEntry;

impl ByEntry {
    fn of<V>(entry: &Entry<V>) -> Option<Duration> {
        (!cfg!(feature = "testing")).then_some(entry.ttl)
    }
}

impl<K, V> Expiry<K, Entry<V>> for ByEntry {
    fn expire_after_create(&self, _: &K, entry: &Entry<V>, _: Instant) -> Option<Duration> {
        Self::of(entry)
    }

    fn expire_after_update(&self, _: &K, entry: &Entry<V>, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Self::of(entry)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("max", &self.max).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn get<V: Clone + Send + Sync + 'static>(memory: &Memory, key: &str) -> Option<Kept<V>> {
        memory.get(&key.to_owned(), HOUR)
    }

    #[test]
    fn an_answer_is_given_until_it_is_too_old() {
        let clock = ManualClock::new();
        let memory = Memory::new().clock(&clock);
        assert_eq!(get::<u32>(&memory, "a"), None);
        memory.put("a".to_owned(), 1_u32, HOUR);
        clock.advance(HOUR);
        assert_eq!(get(&memory, "a"), Some(Kept { answer: 1_u32, age: HOUR }));
        clock.advance(Duration::from_nanos(1));
        assert_eq!(get::<u32>(&memory, "a"), None);
        memory.put("a".to_owned(), 2_u32, HOUR);
        assert_eq!(get(&memory, "a"), Some(Kept { answer: 2_u32, age: Duration::ZERO }));
    }

    #[test]
    fn answers_of_other_types_are_others() {
        let memory = Memory::new();
        memory.put("a".to_owned(), 1_u32, HOUR);
        memory.put("a".to_owned(), 'b', HOUR);
        memory.put(7_u8, 2_u32, HOUR);
        let answers = (get::<u32>(&memory, "a"), get::<char>(&memory, "a"), get::<u64>(&memory, "a"));
        let answers = (answers.0.map(|it| it.answer), answers.1.map(|it| it.answer), answers.2.map(|it| it.answer));
        assert_eq!(answers, (Some(1), Some('b'), None));
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let memory = Memory::new().max(100);
        (0..10_000_u32).for_each(|key| memory.put(key, key, HOUR));
        let cache = memory.cache::<u32, u32>();
        cache.run_pending_tasks();
        assert_eq!(cache.entry_count(), 100);
    }
}
