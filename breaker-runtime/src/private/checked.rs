//! Values that are checked when the code compiles. Generated code calls the function for its kind of
//! value at the place of that value, so that the compiler reports a bad constant there.

use std::ops::Deref;
use std::time::Duration;

use crate::policy::{Settings, Window};

/// Settings that do not contradict each other, as far as they go.
///
/// # Panics
///
/// On settings that do.
#[must_use]
#[track_caller]
pub const fn consistent(settings: Settings) -> Settings {
    match settings.check() {
        Ok(()) => settings,
        Err(refused) => panic!("{}", refused.text()),
    }
}

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
    /// A number of attempts.
    attempt_count: u32, value if value >= 1 && value <= 100, "a number of attempts must be from 1 to 100";
    /// A number of answers.
    answer_count: u32, value if value >= 1, "a number of answers must be at least 1";
    /// A number of keys.
    key_count: u32, value if value >= 1 && value <= 1_000_000, "a number of keys must be from 1 to 1000000";
    /// A time.
    duration: Duration, value if !value.is_zero(), "a duration must be longer than zero";
    /// A share.
    fraction: f64, value if value >= 0.0 && value <= 1.0, "a fraction must be from 0 to 1";
    /// A share that calls reach, so more than none.
    rate: f64, value if value > 0.0 && value <= 1.0, "a rate must be above 0 and at most 1";
    /// A multiplier.
    retry_factor: f64, value if value >= 1.0 && value <= 655.0, "a factor between attempts must be from 1 to 655";
    /// A multiplier.
    factor: f64, value if value >= 1.0 && value < f64::INFINITY, "a factor must be a number of 1 or more";
}

/// A window.
///
/// # Panics
///
/// On one that holds nothing, or too many calls.
#[must_use]
#[track_caller]
pub const fn window(window: Window) -> Window {
    match window {
        Window::Time(time) => assert!(!time.is_zero(), "a window of time must be longer than zero"),
        Window::Calls(calls) => {
            assert!(calls >= 1 && calls <= 65_535, "a window of calls must be from 1 to 65535");
        }
    }
    window
}

/// Settings with this window.
#[must_use]
pub const fn with_window(settings: Settings, window: Window) -> Settings {
    match window {
        Window::Time(time) => settings.window(time),
        Window::Calls(calls) => settings.window_calls(calls),
    }
}

/// The value of `window = …` where that is a constant, which may be of two types. A trait cannot be asked while the code
/// compiles, so `kind` is a method of each.
#[derive(Clone, Copy, Debug)]
pub struct WindowOf<T>(pub T);

impl WindowOf<Duration> {
    /// A window of time.
    #[must_use]
    pub const fn kind(self) -> Window {
        Window::Time(self.0)
    }
}

impl WindowOf<u32> {
    /// A window of calls.
    #[must_use]
    pub const fn kind(self) -> Window {
        Window::Calls(self.0)
    }
}

/// What the compiler finds for any other type, and refuses.
#[derive(Debug)]
pub struct OtherWindow<T>(T);

impl<T> Deref for WindowOf<T> {
    type Target = OtherWindow<T>;
    fn deref(&self) -> &OtherWindow<T> {
        unreachable!("only looked at by the compiler")
    }
}

impl<T> OtherWindow<T> {
    /// No window.
    #[must_use]
    pub fn kind(&self) -> Window
    where
        T: WindowType,
    {
        unreachable!("only looked at by the compiler")
    }
}

/// What a constant of `window = …` may be.
#[diagnostic::on_unimplemented(
    message = "`window` accepts a constant that is a `Duration` or a `u32`, not `{Self}`",
    label = "neither a time nor a number of calls",
    note = "write `window = \"30s\"` or a `Duration` for a time, `window = 20` or a `u32` for the last so many calls"
)]
pub trait WindowType {}
impl WindowType for Duration {}
impl WindowType for u32 {}
