//! How to do things, and where to look: pages to read, without code of their own.

#[cfg(feature = "config")]
#[doc = include_str!("choosing_thresholds.md")]
pub mod choosing_thresholds {}

#[doc = include_str!("coming_from_others.md")]
pub mod coming_from_others {}

#[cfg(feature = "config")]
#[doc = include_str!("configuration.md")]
pub mod configuration {}

#[cfg(feature = "last_good")]
#[doc = include_str!("fallbacks.md")]
pub mod fallbacks {}

#[doc = include_str!("observing.md")]
pub mod observing {}

#[cfg(feature = "config")]
#[doc = include_str!("rolling_out.md")]
pub mod rolling_out {}

#[doc = include_str!("stack.md")]
pub mod stack {}

#[cfg(feature = "tower")]
#[doc = include_str!("tower.md")]
pub mod tower {}

#[doc = include_str!("why_did_it_open.md")]
pub mod why_did_it_open {}
