//! Attempts that are made again.

use std::time::Duration;

use super::handle::Handle;
use super::judge::Fallible;
use crate::breaker::Count;
use crate::policy::Settings;
use crate::stack::Retries;
#[cfg(feature = "tracing")]
use crate::traces;

/// An argument that each attempt needs for itself.
#[diagnostic::on_unimplemented(
    message = "`retry` needs arguments that are `Clone`",
    label = "the first attempt uses this up",
    note = "make `{Self}` `Clone`, or pass it by shared reference"
)]
pub trait Again: Sized {
    /// A copy for one attempt.
    #[must_use]
    fn again(&self) -> Self;
}
#[diagnostic::do_not_recommend]
impl<T: Clone> Again for T {
    #[inline]
    fn again(&self) -> Self {
        self.clone()
    }
}

/// A copy of an argument for one attempt.
#[inline]
pub fn again<T: Again>(argument: &T) -> T {
    argument.again()
}

/// Asks the function's `when`; this call tells the compiler the type of its argument.
#[inline]
pub fn when<R: Fallible>(output: &R, is_worth_it: impl FnOnce(&R::Error) -> bool) -> bool {
    output.error().is_some_and(is_worth_it)
}

/// How long to wait for the next attempt, as the breaker's settings say now; `None` where there is none.
#[cold]
pub fn next<H: Handle>(retries: &mut Retries, breaker: &H, left: Option<Duration>) -> Option<Duration> {
    retries.wait(|| breaker.settings().retry(), left)
}

/// The same where the attribute alone says it.
#[cold]
pub fn next_by(retries: &mut Retries, settings: &Settings, left: Option<Duration>) -> Option<Duration> {
    retries.wait(|| settings.retry(), left)
}

/// Blocks this thread until the next attempt. A clock that is turned by hand is turned instead.
#[cold]
pub fn wait_here<H: Handle>(breaker: &H, wait: Duration) {
    breaker.wait(wait);
    tell(breaker);
}

/// Waits for the next attempt, by tokio's clock.
#[cfg(feature = "tokio")]
pub async fn wait<H: Handle>(breaker: &H, wait: Duration) {
    tokio::time::sleep(wait).await;
    tell(breaker);
}

fn tell<H: Handle>(breaker: &H) {
    breaker.count(Count::Retried);
    #[cfg(feature = "tracing")]
    traces::call(|| (breaker.about(), breaker.state()), "retried", "a failed call is made again");
}
