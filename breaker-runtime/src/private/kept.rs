//! Good answers that are kept for bad times.

use std::time::Duration;

use super::handle::Handle;
use crate::error::CircuitBreakerError;
use crate::stack::last_good::{AsyncStore, Kept, Store};
use crate::stack::memory::Memory;
#[cfg(feature = "tracing")]
use crate::traces;

/// An output that may be an answer worth keeping.
#[diagnostic::on_unimplemented(
    message = "`last_good` gives an answer in the place of an error, and `{Self}` holds none",
    label = "this function returns no `Result`",
    note = "return a `Result`, or write a `fallback`"
)]
pub trait Answer: Sized {
    /// The answer in it.
    type Good;
    /// The answer; `None` of an error.
    fn good(&self) -> Option<&Self::Good>;
    /// The answer, or the output where it holds none.
    ///
    /// # Errors
    ///
    /// The output, untouched.
    fn into_good(self) -> Result<Self::Good, Self>;
    /// The output with this answer.
    fn of_good(answer: Self::Good) -> Self;
}
#[diagnostic::do_not_recommend]
impl<T, E> Answer for Result<T, E> {
    type Good = T;
    fn good(&self) -> Option<&T> {
        self.as_ref().ok()
    }
    fn into_good(self) -> Result<T, Self> {
        self.map_err(Err)
    }
    fn of_good(answer: T) -> Self {
        Ok(answer)
    }
}

/// The memory of one function; in tests, what stands for it where this code runs.
#[inline]
#[must_use]
pub fn own_memory(memory: &'static Memory) -> &'static Memory {
    #[cfg(feature = "testing")]
    let memory = crate::testing::current_memory(memory);
    memory
}

/// A key that outlives the arguments.
#[inline]
pub fn owned_key<K: ToOwned + ?Sized>(key: &K) -> K::Owned {
    key.to_owned()
}

/// A call that did not succeed, of a function whose fallback answers rejections only.
#[derive(Debug)]
pub enum GivenUp<H, R, G> {
    /// It was rejected; with what the fallback is given.
    Rejected(H, CircuitBreakerError, G),
    /// It failed with this output.
    Failed(H, R),
}

impl<H, R, G> GivenUp<H, R, G> {
    /// Whose it was.
    pub fn breaker(&self) -> &H {
        match self {
            Self::Rejected(breaker, ..) | Self::Failed(breaker, _) => breaker,
        }
    }
}

/// Keeps the answer of a call that did not fail.
pub fn keep_answer<S, K, R>(store: &S, key: K, output: &R, ttl: Duration)
where
    R: Answer<Good: Clone>,
    S: Store<K, R::Good> + ?Sized,
{
    if let Some(answer) = output.good() {
        store.put(key, answer.clone(), ttl);
    }
}

/// The same where that takes time.
pub async fn keep_answer_async<S, K, R>(store: &S, key: K, output: R, ttl: Duration) -> R
where
    R: Answer<Good: Clone>,
    S: AsyncStore<K, R::Good> + ?Sized,
{
    // The answer alone waits: what the error is made of may have to stay on this thread.
    match output.into_good() {
        Ok(answer) => {
            store.put(key, answer.clone(), ttl).await;
            R::of_good(answer)
        }
        Err(output) => output,
    }
}

/// The last good answer, where it is not too old.
#[cold]
pub fn last_good<S, K, R, H>(store: &S, key: &K, ttl: Duration, breaker: &H) -> Option<R>
where
    R: Answer,
    S: Store<K, R::Good> + ?Sized,
    H: Handle,
{
    given(store.get(key, ttl), ttl, breaker)
}

/// The same where that takes time.
#[cold]
pub async fn last_good_async<S, K, R, H>(store: &S, key: &K, ttl: Duration, breaker: &H) -> Option<R>
where
    R: Answer,
    S: AsyncStore<K, R::Good> + ?Sized,
    H: Handle,
{
    given(store.get(key, ttl).await, ttl, breaker)
}

fn given<R: Answer, H: Handle>(kept: Option<Kept<R::Good>>, ttl: Duration, breaker: &H) -> Option<R> {
    let Kept { answer, age } = kept.filter(|kept| kept.age <= ttl)?;
    breaker.served_last_good(age);
    #[cfg(feature = "tracing")]
    traces::call(|| (breaker.about(), breaker.state()), "last_good", "an earlier answer is given");
    Some(R::of_good(answer))
}
