//! What an answer says about the dependency.

use std::fmt::{self, Display};

use crate::outcome::{Fault, Quote};

/// Which answers say nothing.
pub trait Ignore<T, E> {
    /// Whether this one does.
    fn ignores(&self, answer: &Result<T, E>) -> bool;
}

/// Which answers are failures.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell which answers `Result<{T}, {E}>` are failures",
    label = "not for these answers",
    note = "the error must be `Display`, for the report of a trip quotes it",
    note = "`.http_errors()` and `.grpc_errors()` take an `http::Response`; over reqwest it is `.http_errors_by(Response::status)`"
)]
pub trait Judge<T, E> {
    /// What is known of the failure, where it is one.
    fn fault<'a>(&self, answer: &'a Result<T, E>) -> Option<Fault<'a>>;
}

/// No answer is ignored: the default.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl<T, E> Ignore<T, E> for Nothing {
    #[inline]
    fn ignores(&self, _: &Result<T, E>) -> bool {
        false
    }
}

/// What [`BreakerLayer::ignore_if`](super::BreakerLayer::ignore_if) says.
#[derive(Clone, Copy)]
pub struct IgnoreIf<P>(pub(super) P);

impl<T, E, P> Ignore<T, E> for IgnoreIf<P>
where
    P: Fn(&Result<T, E>) -> bool,
{
    #[inline]
    fn ignores(&self, answer: &Result<T, E>) -> bool {
        (self.0)(answer)
    }
}

impl<P> fmt::Debug for IgnoreIf<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IgnoreIf(..)")
    }
}

/// Each `Err` is a failure, each `Ok` a success: the default.
#[derive(Clone, Copy, Debug)]
pub struct Errors;

#[diagnostic::do_not_recommend]
impl<T, E: Display> Judge<T, E> for Errors {
    #[inline]
    fn fault<'a>(&self, answer: &'a Result<T, E>) -> Option<Fault<'a>> {
        answer.as_ref().err().map(quoted)
    }
}

/// What [`BreakerLayer::failure_if`](super::BreakerLayer::failure_if) says.
#[derive(Clone, Copy)]
pub struct FailureIf<P>(pub(super) P);

impl<T, E, P> Judge<T, E> for FailureIf<P>
where
    E: Display,
    P: Fn(&Result<T, E>) -> bool,
{
    #[inline]
    fn fault<'a>(&self, answer: &'a Result<T, E>) -> Option<Fault<'a>> {
        (self.0)(answer).then(|| answer.as_ref().err().map_or(Fault::BY_FAILURE_IF, quoted))
    }
}

impl<P> fmt::Debug for FailureIf<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailureIf(..)")
    }
}

/// What [`BreakerLayer::http_errors`](super::BreakerLayer::http_errors) says.
#[cfg(feature = "http")]
#[derive(Clone, Copy, Debug)]
pub struct HttpErrors;

#[cfg(feature = "http")]
#[diagnostic::do_not_recommend]
impl<B, E: Display> Judge<::http::Response<B>, E> for HttpErrors {
    fn fault<'a>(&self, answer: &'a Result<::http::Response<B>, E>) -> Option<Fault<'a>> {
        by_status(answer, ::http::Response::status)
    }
}

/// What [`BreakerLayer::http_errors_by`](super::BreakerLayer::http_errors_by) says.
#[cfg(feature = "http")]
#[derive(Clone, Copy)]
pub struct HttpErrorsBy<P>(pub(super) P);

#[cfg(feature = "http")]
impl<T, E, P> Judge<T, E> for HttpErrorsBy<P>
where
    E: Display,
    P: Fn(&T) -> ::http::StatusCode,
{
    fn fault<'a>(&self, answer: &'a Result<T, E>) -> Option<Fault<'a>> {
        by_status(answer, &self.0)
    }
}

#[cfg(feature = "http")]
impl<P> fmt::Debug for HttpErrorsBy<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpErrorsBy(..)")
    }
}

#[cfg(feature = "http")]
fn by_status<T, E: Display>(answer: &Result<T, E>, status: impl FnOnce(&T) -> ::http::StatusCode) -> Option<Fault<'_>> {
    match answer {
        Ok(response) => of_status(status(response)),
        Err(error) => Some(quoted(error)),
    }
}

#[cfg(feature = "http")]
pub(super) fn of_status(status: ::http::StatusCode) -> Option<Fault<'static>> {
    if crate::http::is_failure(status) { crate::http::fault(&status) } else { None }
}

#[inline]
pub(super) fn quoted<E: Display>(error: &E) -> Fault<'_> {
    Fault::new(Quote::Display(error))
}
