//! Values that are checked when the code compiles. Generated code calls the function for its kind of
//! value at the place of that value, so that the compiler reports a bad constant there.

use std::time::Duration;

use crate::policy::Settings;

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
    /// A time.
    duration: Duration, value if !value.is_zero(), "a duration must be longer than zero";
    /// A share.
    fraction: f64, value if value >= 0.0 && value <= 1.0, "a fraction must be from 0 to 1";
    /// A multiplier.
    factor: f64, value if value >= 1.0 && value < f64::INFINITY, "a factor must be a number of 1 or more";
}
