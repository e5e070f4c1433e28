//! The only door that generated code uses. Not public: it changes without notice, and the attribute
//! is pinned to the runtime's exact version.

use std::any::type_name;
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use once_cell::race::OnceRef;

pub use std::clone::Clone;
pub use std::future::Future;
pub use std::option::Option;
pub use std::pin::pin;
pub use std::primitive::{bool, u32};
pub use std::result::Result;
pub use std::time::Duration;
pub use std::{concat, module_path, option_env};

pub use inventory;

pub use crate::breaker::CircuitBreaker;
use crate::breaker::{Count, Permit, Watch, Whose};
pub use crate::cause::Cause;
pub use crate::error::CircuitBreakerError;
pub use crate::outcome::{Quote, Verdict};
pub use crate::policy::{OnCancel, Settings};
pub use crate::registry::{Site, SiteId};

// ── which breaker ──────────────────────────────────────────────────────────────────────────────

/// What a permit holds on to: a static breaker, or a share in one.
pub trait Handle: Deref<Target = CircuitBreaker> + Clone {}
impl Handle for &'static CircuitBreaker {}
impl Handle for Arc<CircuitBreaker> {}

/// The breaker that stands for a static one where this code runs: itself, outside of tests.
#[inline]
#[must_use]
pub fn current(breaker: &'static CircuitBreaker) -> &'static CircuitBreaker {
    #[cfg(feature = "testing")]
    let breaker = crate::testing::current(breaker);
    breaker
}

/// What `breaker = …` may be, behind one `&`.
#[diagnostic::on_unimplemented(
    message = "`breaker = …` needs a breaker that outlives the call",
    label = "this is no breaker that a call can hold on to",
    note = "give a `static` breaker, a `&'static CircuitBreaker`, an `Arc<CircuitBreaker>`, or a `static` `LazyLock` of either"
)]
pub trait Shared {
    /// What is kept during the call.
    type Handle: Handle;
    /// The handle.
    fn handle(self) -> Self::Handle;
}

impl Shared for &'static CircuitBreaker {
    type Handle = Self;
    fn handle(self) -> Self {
        current(self)
    }
}
impl Shared for &&'static CircuitBreaker {
    type Handle = &'static CircuitBreaker;
    fn handle(self) -> Self::Handle {
        current(self)
    }
}
impl Shared for &Arc<CircuitBreaker> {
    type Handle = Arc<CircuitBreaker>;
    fn handle(self) -> Self::Handle {
        Arc::clone(self)
    }
}
impl Shared for &&Arc<CircuitBreaker> {
    type Handle = Arc<CircuitBreaker>;
    fn handle(self) -> Self::Handle {
        Arc::clone(self)
    }
}
impl Shared for &'static LazyLock<CircuitBreaker> {
    type Handle = &'static CircuitBreaker;
    fn handle(self) -> Self::Handle {
        current(self)
    }
}
impl Shared for &'static LazyLock<Arc<CircuitBreaker>> {
    type Handle = &'static CircuitBreaker;
    fn handle(self) -> Self::Handle {
        current(self)
    }
}

/// A static breaker behind a path, for the registry and the accessor.
#[diagnostic::on_unimplemented(
    message = "`breaker = <path>` must name a `static` breaker",
    label = "this is no `static` `CircuitBreaker`, nor a `static` `LazyLock` of one",
    note = "for a breaker that is held elsewhere, add `accessor = false`"
)]
pub trait Static {
    /// The breaker.
    fn breaker(self) -> &'static CircuitBreaker;
}

impl Static for &'static CircuitBreaker {
    fn breaker(self) -> &'static CircuitBreaker {
        self
    }
}
impl Static for &'static &'static CircuitBreaker {
    fn breaker(self) -> &'static CircuitBreaker {
        self
    }
}
impl Static for &'static LazyLock<CircuitBreaker> {
    fn breaker(self) -> &'static CircuitBreaker {
        self
    }
}
impl Static for &'static LazyLock<Arc<CircuitBreaker>> {
    fn breaker(self) -> &'static CircuitBreaker {
        self
    }
}

/// The static breaker of one function.
#[inline]
#[must_use]
pub fn own(breaker: &'static CircuitBreaker) -> &'static CircuitBreaker {
    current(breaker)
}

/// The breaker of `breaker = …`.
#[inline]
pub fn shared<S: Shared>(breaker: S) -> S::Handle {
    breaker.handle()
}

/// The static breaker that a path names.
#[inline]
pub fn breaker_of<S: Static>(breaker: S) -> &'static CircuitBreaker {
    breaker.breaker()
}

/// How an accessor finds a static that stands inside another function: in the linker's list, once.
#[derive(Debug)]
pub struct Accessor {
    id: SiteId,
    found: OnceRef<'static, CircuitBreaker>,
}

impl Accessor {
    /// For the function `id`.
    #[must_use]
    pub const fn new(id: SiteId) -> Self {
        Self { id, found: OnceRef::new() }
    }

    /// The breaker.
    ///
    /// # Panics
    ///
    /// Where the linker left the list out, which it does on targets that `inventory` does not know.
    #[must_use]
    pub fn get(&self) -> &'static CircuitBreaker {
        let found = self.found.get_or_init(|| match crate::registry::find(self.id) {
            Some(breaker) => breaker,
            None => panic!("the linker's list of breakers lacks {:?}", self.id),
        });
        current(found)
    }
}

// ── the call ───────────────────────────────────────────────────────────────────────────────────

/// Leave to make the call, or its rejection.
///
/// # Errors
///
/// The rejection.
#[inline]
pub fn admit<H: Handle>(breaker: &H, limit: Option<Duration>) -> Result<Permit<H>, CircuitBreakerError> {
    CircuitBreaker::admit(breaker, limit, Whose::Waiting)
}

/// What became of an admitted call.
#[derive(Debug)]
#[must_use]
pub enum Attempt<R> {
    /// It succeeded, or says nothing.
    Done(R),
    /// It failed.
    Failed(R),
}

impl<R> Attempt<R> {
    /// The output, either way.
    #[inline]
    pub fn into_output(self) -> R {
        match self {
            Self::Done(output) | Self::Failed(output) => output,
        }
    }
}

/// Makes a sync call. A `FnOnce` argument, unlike a closure called in place, may return what it
/// borrows from `&mut self`.
#[inline]
pub fn run<H: Handle, R>(
    mut permit: Permit<H>,
    call: impl FnOnce() -> R,
    judge: impl FnOnce(&R) -> Verdict<'_>,
) -> Attempt<R> {
    permit.run();
    let output = call();
    settle(permit, output, judge)
}

/// Awaits an async call in such a way that its own panic can be told from its being dropped.
#[inline]
pub fn watch<'a, H: Handle, F: Future>(permit: &'a mut Permit<H>, call: Pin<&'a mut F>) -> Watch<'a, H, F> {
    Watch::new(permit, call)
}

/// Settles a call by its output. A judge that panics makes it a failure.
#[inline]
pub fn settle<H: Handle, R>(mut permit: Permit<H>, output: R, judge: impl FnOnce(&R) -> Verdict<'_>) -> Attempt<R> {
    permit.run();
    if permit.settle(judge(&output)) { Attempt::Failed(output) } else { Attempt::Done(output) }
}

/// Stops a call at its time limit.
#[cfg(feature = "tokio")]
#[inline]
pub fn limit<F: Future>(limit: Duration, call: F) -> tokio::time::Timeout<F> {
    tokio::time::timeout(limit, call)
}

/// Settles a call that was stopped at its time limit.
#[cfg(feature = "tokio")]
#[cold]
#[must_use]
pub fn timed_out<H: Handle>(permit: Permit<H>, limit: Duration) -> CircuitBreakerError {
    CircuitBreakerError::timed_out(permit.timed_out(), limit)
}

// ── the verdict ────────────────────────────────────────────────────────────────────────────────

/// Judges an output by its type, with what the compiler knows of that type where this stands.
#[doc(hidden)]
#[macro_export]
macro_rules! __judge {
    ($output:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::ladder::{
            FutureOutput as _, PlainOutput as _, ResultOfAny as _, ResultOfDebug as _, ResultOfDisplay as _,
        };
        (&&&&$crate::__private::ladder::Look($output)).judge()
    }};
}

/// A failure, quoting the error where the output holds one.
#[doc(hidden)]
#[macro_export]
macro_rules! __failed {
    ($output:expr) => {
        $crate::__private::as_failure($crate::__judge!($output))
    };
}

pub use crate::{__failed as failed, __judge as judge};

/// The same verdict, but a failure.
#[must_use]
pub fn as_failure(verdict: Verdict<'_>) -> Verdict<'_> {
    match verdict {
        failure @ Verdict::Failure(_) => failure,
        Verdict::Success | Verdict::Ignored => Verdict::Failure(Quote::Plain("failed by `failure_if`")),
    }
}

/// The rungs on which [`judge!`] finds out what an output is. Method lookup takes the first that
/// fits: each trait is implemented for one reference less than the one before.
pub mod ladder {
    use super::{Future, Quote, Result, Verdict, fmt, type_name};

    /// An output to look at.
    #[derive(Debug)]
    pub struct Look<'a, R>(pub &'a R);

    // The last rung takes it out of its references. Derived, these would ask for a `Copy` output.
    impl<R> Clone for Look<'_, R> {
        fn clone(&self) -> Self {
            *self
        }
    }
    impl<R> Copy for Look<'_, R> {}

    /// A result whose error has a text.
    pub trait ResultOfDisplay<'a> {
        /// The verdict.
        fn judge(self) -> Verdict<'a>;
    }
    impl<'a, T, E: fmt::Display> ResultOfDisplay<'a> for &&&&Look<'a, Result<T, E>> {
        #[inline]
        fn judge(self) -> Verdict<'a> {
            judge(self.0, |error| Quote::Display(error))
        }
    }

    /// A result whose error developers can read.
    pub trait ResultOfDebug<'a> {
        /// The verdict.
        fn judge(self) -> Verdict<'a>;
    }
    impl<'a, T, E: fmt::Debug> ResultOfDebug<'a> for &&&Look<'a, Result<T, E>> {
        #[inline]
        fn judge(self) -> Verdict<'a> {
            judge(self.0, |error| Quote::Debug(error))
        }
    }

    /// Any result.
    pub trait ResultOfAny<'a> {
        /// The verdict.
        fn judge(self) -> Verdict<'a>;
    }
    impl<'a, T, E> ResultOfAny<'a> for &&Look<'a, Result<T, E>> {
        #[inline]
        fn judge(self) -> Verdict<'a> {
            judge(self.0, |_| Quote::Plain(type_name::<E>()))
        }
    }

    /// A future, which has not even begun when the function returns.
    pub trait FutureOutput<'a> {
        /// What is returned.
        type Output;
        /// Never: no future is [`Immediate`].
        fn judge(self) -> Verdict<'a>
        where
            Self::Output: Immediate;
    }
    impl<'a, F: Future> FutureOutput<'a> for &Look<'a, F> {
        type Output = F;
        fn judge(self) -> Verdict<'a>
        where
            F: Immediate,
        {
            Verdict::Success
        }
    }

    /// An output that is there when the function returns.
    #[diagnostic::on_unimplemented(
        message = "a protected function may not return a future",
        label = "the call would count as a success before it has begun",
        note = "write an `async fn`, or protect the function that awaits this future"
    )]
    pub trait Immediate {}

    /// Any other value.
    pub trait PlainOutput<'a> {
        /// The verdict.
        fn judge(self) -> Verdict<'a>;
    }
    impl<'a, R> PlainOutput<'a> for Look<'a, R> {
        #[inline]
        fn judge(self) -> Verdict<'a> {
            Verdict::Success
        }
    }

    #[inline]
    fn judge<'a, T, E>(output: &'a Result<T, E>, quote: impl FnOnce(&'a E) -> Quote<'a>) -> Verdict<'a> {
        match output {
            Ok(_) => Verdict::Success,
            Err(error) => Verdict::Failure(quote(error)),
        }
    }
}

/// An output that may hold an error, for `ignore`.
#[diagnostic::on_unimplemented(
    message = "`ignore = …` is a pattern for errors, and `{Self}` holds none",
    label = "this function returns no `Result`",
    note = "use `failure_if = |output| …` to say which outputs are failures"
)]
pub trait Fallible {
    /// The type of the error.
    type Error;
    /// The error.
    fn error(&self) -> Option<&Self::Error>;
}
impl<T, E> Fallible for Result<T, E> {
    type Error = E;
    #[inline]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

/// The error that `ignore` looks at.
#[inline]
pub fn error_of<R: Fallible>(output: &R) -> Option<&R::Error> {
    output.error()
}

/// Asks the function's `failure_if`; this call tells the compiler the type of its argument.
#[inline]
pub fn failure_if<R>(output: &R, is_failure: impl FnOnce(&R) -> bool) -> bool {
    is_failure(output)
}

// ── the answer of a call that was not made, or failed ──────────────────────────────────────────

/// An output that can say that there is no answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that the circuit breaker is open",
    label = "no answer for a rejected call",
    note = "add `fallback = path` to the attribute, or return a `Result` whose error implements `From<CircuitBreakerError>`"
)]
pub trait FromRejected: Sized {
    /// The error, in the place of an answer.
    fn from_rejected(error: CircuitBreakerError) -> Self;
}
#[diagnostic::do_not_recommend]
impl<T, E: From<CircuitBreakerError>> FromRejected for Result<T, E> {
    #[cold]
    fn from_rejected(error: CircuitBreakerError) -> Self {
        Err(E::from(error))
    }
}

/// Counts one run of a fallback.
#[derive(Debug)]
#[must_use]
pub struct FallbackTicket<H: Handle> {
    breaker: H,
    answered: bool,
}

/// A fallback is about to run.
#[inline]
pub fn falling_back<H: Handle>(breaker: &H) -> FallbackTicket<H> {
    breaker.count(Count::FallbackRan);
    FallbackTicket { breaker: breaker.clone(), answered: false }
}

impl<H: Handle> FallbackTicket<H> {
    /// The fallback has answered.
    #[inline]
    pub fn answered(mut self, verdict: Verdict<'_>) {
        self.answered = !matches!(verdict, Verdict::Failure(_));
    }
}

impl<H: Handle> Drop for FallbackTicket<H> {
    fn drop(&mut self) {
        if !self.answered {
            self.breaker.count(Count::FallbackFailed);
        }
    }
}

/// Tells the compiler the type of a fallback closure's argument.
#[inline]
pub fn fallback<R, F: FnOnce(Cause<R>) -> R>(closure: F) -> F {
    closure
}

/// The same for a closure that returns a future.
#[inline]
pub fn fallback_async<R, F, A>(closure: F) -> F
where
    F: FnOnce(Cause<R>) -> A,
    A: Future<Output = R>,
{
    closure
}

/// An argument that is needed twice: by the function, and by its fallback where it fails.
#[diagnostic::on_unimplemented(
    message = "`fallback_on = \"failure\"` needs arguments that are `Clone`",
    label = "the function has used this up when its fallback runs",
    note = "make `{Self}` `Clone`, pass it by shared reference, or write the fallback as a closure: `fallback = |cause| …`"
)]
pub trait Keep: Sized {
    /// A copy for the fallback.
    #[must_use]
    fn kept(&self) -> Self;
}
#[diagnostic::do_not_recommend]
impl<T: Clone> Keep for T {
    #[inline]
    fn kept(&self) -> Self {
        self.clone()
    }
}

/// A copy of an argument for the fallback.
#[inline]
pub fn keep<T: Keep>(argument: &T) -> T {
    argument.kept()
}

// ── values that are checked when the code compiles ─────────────────────────────────────────────
// One function for each kind of value: generated code calls it at the place of the value, so that
// the compiler reports a bad constant there.

macro_rules! checked {
    ($(#[$doc:meta] $name:ident: $type:ty, $value:ident if $condition:expr, $text:literal;)*) => {$(
        #[$doc]
        ///
        /// # Panics
        ///
        /// On any other value.
        #[must_use]
        #[track_caller]
        pub const fn $name($value: $type) -> $type {
            assert!($condition, $text);
            $value
        }
    )*};
}

checked! {
    /// A number of calls.
    count: u32, value if value >= 1 && value <= 65_535, "a number of calls must be from 1 to 65535";
    /// A number of probes.
    probe_count: u32, value if value >= 1 && value <= 255, "a number of probes must be from 1 to 255";
    /// A time.
    duration: Duration, value if !value.is_zero(), "a duration must be longer than zero";
    /// A share.
    fraction: f64, value if value >= 0.0 && value <= 1.0, "a fraction must be from 0 to 1";
    /// A multiplier.
    factor: f64, value if value >= 1.0 && value < f64::INFINITY, "a factor must be a number of 1 or more";
}
