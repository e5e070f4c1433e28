//! The verdict on an output, by its type or by what the user says.

use crate::outcome::{Fault, Verdict};

/// Judges an output by its type, with what the compiler knows of that type where this stands.
#[doc(hidden)]
#[macro_export]
macro_rules! __judge {
    ($output:expr) => {{
        #[allow(unused_imports)] // the type decides which one is used
        use $crate::__private::ladder::{
            FutureOutput as _, PlainOutput as _, PollOutput as _, ResultOfAny as _, ResultOfDebug as _,
            ResultOfDisplay as _,
        };
        (&&&&$crate::__private::ladder::Look($output)).breaker_runtime_verdict()
    }};
}

/// The output of a call that succeeded, when it has been settled. A result is taken to pieces before and put together
/// after that: copying as a whole what has just been written in pieces makes a processor wait, for longer than all else
/// that a successful call costs.
#[doc(hidden)]
#[macro_export]
macro_rules! __settled {
    ($output:expr, $permit:expr) => {{
        #[allow(unused_imports)] // the type decides whether it is used
        use $crate::__private::ladder::AnySettled as _;
        $crate::__private::ladder::Settled($output).breaker_runtime_settled($permit)
    }};
}

/// A failure, quoting the error where the output holds one, or the status where it holds a response.
#[doc(hidden)]
#[macro_export]
macro_rules! __failed {
    ($output:expr) => {{
        #[allow(unused_imports)] // the type decides which one is used
        use $crate::__private::ladder::{OutputWithStatus as _, OutputWithoutStatus as _};
        $crate::__private::as_failure(
            $crate::__judge!($output),
            (&$crate::__private::ladder::Look($output)).breaker_runtime_fault(),
        )
    }};
}

/// The same verdict, but a failure: by `fault`, where there is no error.
#[must_use]
pub fn as_failure<'a>(verdict: Verdict<'a>, fault: Fault<'a>) -> Verdict<'a> {
    match verdict {
        failure @ Verdict::Failure(_) => failure,
        Verdict::Success | Verdict::Ignored => Verdict::Failure(fault),
    }
}

/// Sorts a failure that the output holds an error of.
#[inline]
pub fn classified<'a, R: Fallible>(
    verdict: Verdict<'a>,
    output: &'a R,
    class: impl FnOnce(&R::Error) -> &'static str,
) -> Verdict<'a> {
    match (verdict, output.error()) {
        (Verdict::Failure(fault), Some(error)) => Verdict::Failure(Fault { class: Some(class(error)), ..fault }),
        (verdict, _) => verdict,
    }
}

/// The rungs on which `judge!` finds out what an output is. Method lookup takes the first that
/// fits: each trait is implemented for one reference less than the one before.
pub mod ladder {
    use std::any::type_name;
    use std::fmt;
    use std::task::Poll;

    use super::super::handle::Handle;
    use crate::breaker::Permit;
    use crate::outcome::{Fault, Quote, Verdict};

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

    /// The output of a call that succeeded.
    #[derive(Debug)]
    pub struct Settled<R>(pub R);

    impl<T, E> Settled<Result<T, E>> {
        /// The same result.
        #[expect(clippy::inline_always, reason = "out of line, the result is copied as a whole")]
        #[inline(always)]
        pub fn breaker_runtime_settled<H: Handle>(self, permit: &mut Permit<H>) -> Result<T, E> {
            match self.0 {
                Ok(value) => {
                    permit.succeeded_by_handle();
                    Ok(value)
                }
                error => {
                    permit.succeeded_by_handle();
                    error
                }
            }
        }
    }

    /// Any other output.
    pub trait AnySettled {
        /// What it is.
        type Output;
        /// The same output.
        fn breaker_runtime_settled<H: Handle>(self, permit: &mut Permit<H>) -> Self::Output;
    }
    impl<R> AnySettled for Settled<R> {
        type Output = R;
        #[expect(clippy::inline_always, reason = "out of line, the permit is written to memory")]
        #[inline(always)]
        fn breaker_runtime_settled<H: Handle>(self, permit: &mut Permit<H>) -> R {
            permit.succeeded_by_handle();
            self.0
        }
    }

    /// A result whose error has a text.
    pub trait ResultOfDisplay<'a> {
        /// The verdict.
        fn breaker_runtime_verdict(self) -> Verdict<'a>;
    }
    impl<'a, T, E: fmt::Display> ResultOfDisplay<'a> for &&&&Look<'a, Result<T, E>> {
        #[inline]
        fn breaker_runtime_verdict(self) -> Verdict<'a> {
            judge(self.0, |error| Quote::Display(error))
        }
    }

    /// A result whose error developers can read.
    pub trait ResultOfDebug<'a> {
        /// The verdict.
        fn breaker_runtime_verdict(self) -> Verdict<'a>;
    }
    impl<'a, T, E: fmt::Debug> ResultOfDebug<'a> for &&&Look<'a, Result<T, E>> {
        #[inline]
        fn breaker_runtime_verdict(self) -> Verdict<'a> {
            judge(self.0, |error| Quote::Debug(error))
        }
    }

    /// Any result.
    pub trait ResultOfAny<'a> {
        /// The verdict.
        fn breaker_runtime_verdict(self) -> Verdict<'a>;
    }
    impl<'a, T, E> ResultOfAny<'a> for &&Look<'a, Result<T, E>> {
        #[inline]
        fn breaker_runtime_verdict(self) -> Verdict<'a> {
            judge(self.0, |_| Quote::Plain(type_name::<E>()))
        }
    }

    /// A future, which has not even begun when the function returns.
    pub trait FutureOutput<'a> {
        /// What is returned.
        type Output;
        /// Never: no future is [`Immediate`].
        fn breaker_runtime_verdict(self) -> Verdict<'a>
        where
            Self::Output: Immediate;
    }
    impl<'a, F: Future> FutureOutput<'a> for &Look<'a, F> {
        type Output = F;
        fn breaker_runtime_verdict(self) -> Verdict<'a>
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

    /// A step of a future, of which only the last one has an outcome.
    pub trait PollOutput<'a> {
        /// What the last step gives.
        type Output;
        /// Never: no step is [`Final`].
        fn breaker_runtime_verdict(self) -> Verdict<'a>
        where
            Self::Output: Final;
    }
    impl<'a, T> PollOutput<'a> for &Look<'a, Poll<T>> {
        type Output = Poll<T>;
        fn breaker_runtime_verdict(self) -> Verdict<'a>
        where
            Poll<T>: Final,
        {
            Verdict::Success
        }
    }

    /// An output that is not one of many steps.
    #[diagnostic::on_unimplemented(
        message = "a protected function may not return `Poll`",
        label = "each step would count as a call of its own, and its error as a success",
        note = "protect the `async fn` that awaits this, or the call behind it"
    )]
    pub trait Final {}

    /// Any other value.
    pub trait PlainOutput<'a> {
        /// The verdict.
        fn breaker_runtime_verdict(self) -> Verdict<'a>;
    }
    impl<'a, R> PlainOutput<'a> for Look<'a, R> {
        #[inline]
        fn breaker_runtime_verdict(self) -> Verdict<'a> {
            Verdict::Success
        }
    }

    /// An output that is a failure although it holds no error, with an HTTP status that may say why.
    pub trait OutputWithStatus {
        /// What is known of the failure.
        fn breaker_runtime_fault(self) -> Fault<'static>;
    }
    #[cfg(feature = "http")]
    impl<R: crate::http::Answer> OutputWithStatus for &Look<'_, R> {
        fn breaker_runtime_fault(self) -> Fault<'static> {
            crate::http::fault(self.0).unwrap_or(Fault::BY_FAILURE_IF)
        }
    }

    /// The same of any other output.
    pub trait OutputWithoutStatus {
        /// What is known of the failure.
        fn breaker_runtime_fault(self) -> Fault<'static>;
    }
    impl<R> OutputWithoutStatus for Look<'_, R> {
        fn breaker_runtime_fault(self) -> Fault<'static> {
            Fault::BY_FAILURE_IF
        }
    }

    #[inline]
    fn judge<'a, T, E>(output: &'a Result<T, E>, quote: impl FnOnce(&'a E) -> Quote<'a>) -> Verdict<'a> {
        match output {
            Ok(_) => Verdict::Success,
            Err(error) => Verdict::Failure(Fault::new(quote(error))),
        }
    }
}

/// An output that may hold an error, for `ignore`, `class` and `when`.
#[diagnostic::on_unimplemented(
    message = "`ignore`, `class` and `when` look at an error, and `{Self}` holds none",
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

/// Takes a constant that `ignore` names, so that the compiler looks for it.
#[inline]
pub fn exists<T>(_: &T) {}

/// Asks the function's `failure_if`; this call tells the compiler the type of its argument.
#[inline]
pub fn failure_if<R>(output: &R, is_failure: impl FnOnce(&R) -> bool) -> bool {
    is_failure(output)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::super::call::{admit, run};
    use super::*;
    use crate::breaker::CircuitBreaker;
    use crate::outcome::Quote;
    use crate::policy::Settings;

    type Output = Result<u32, &'static str>;

    const FAILURE: Verdict<'static> = Verdict::Failure(Fault::new(Quote::Plain("failed")));

    fn never(_: &&str) -> &'static str {
        panic!("nobody may ask for a class")
    }

    #[test]
    fn a_class_is_asked_for_only_of_a_failure_that_has_an_error() {
        let error: Output = Err("refused");
        let sorted = classified(crate::__judge!(&error), &error, |error| error);
        assert!(matches!(sorted, Verdict::Failure(Fault { class: Some("refused"), quote: Quote::Display(_) })));
        let unsorted = classified(FAILURE, &Ok::<u32, &str>(1), never);
        assert!(matches!(unsorted, Verdict::Failure(Fault { class: None, quote: Quote::Plain("failed") })));
        assert!(matches!(classified(Verdict::Ignored, &error, never), Verdict::Ignored));
        assert!(matches!(classified(Verdict::Success, &error, never), Verdict::Success));
    }

    #[test]
    fn a_class_that_panics_makes_the_call_a_failure_and_harms_nobody() {
        static BREAKER: CircuitBreaker = CircuitBreaker::new("classified", Settings::new().consecutive(2));
        let call = |class: fn(&&'static str) -> &'static str| {
            let permit = admit(&BREAKER, None).expect("closed");
            run(
                permit,
                || Output::Err("refused"),
                |output| classified(crate::__judge!(output), output, class),
                |it, permit| crate::__settled!(it, permit),
            )
        };
        let panicked = catch_unwind(AssertUnwindSafe(|| call(|_| panic!("boom"))));
        assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "boom");
        assert_eq!(call(|_| "refused"), Err("refused"));
        let trip = BREAKER.snapshot().last_trip.expect("it has opened");
        assert_eq!(trip.to_string(), "2 failures in a row (limit 2): 1 panic, 1 refused; next probe after 60 s");
    }
}
