//! The only door that generated code uses. Not public: it changes without notice, and the attribute
//! is pinned to the runtime's exact version.

mod answer;
mod call;
mod checked;
mod handle;
mod judge;
mod key;

pub use std::clone::Clone;
pub use std::future::Future;
pub use std::option::Option;
pub use std::primitive::{bool, u32};
pub use std::result::Result;
pub use std::time::Duration;
pub use std::{cfg, concat, module_path, option_env};

pub use inventory;

pub use self::answer::{
    FallbackTicket, FromRejected, FromTimedOut, Keep, fallback, fallback_async, falling_back, keep,
};
pub use self::call::{Attempt, admit, admit_keyed, attempt, finish, run, settle, settle_attempt, watch};
#[cfg(feature = "tokio")]
pub use self::call::{timed_out, watch_limited};
pub use self::checked::{
    OtherWindow, WindowOf, WindowType, consistent, count, duration, factor, fraction, key_count, probe_count, rate,
    window, with_window,
};
pub use self::handle::{
    Accessor, Handle, Shared, Static, breaker_of, current, family_with_limit, own, own_family, shared, with_limit,
};
pub use self::judge::{Fallible, as_failure, classified, error_of, exists, failure_if, ladder};
pub use self::key::key_ladder;
pub use crate::breaker::CircuitBreaker;
pub use crate::cause::Cause;
pub use crate::error::CircuitBreakerError;
pub use crate::keyed::Breakers;
pub use crate::outcome::{Fault, Quote, Verdict};
pub use crate::policy::{OnCancel, Settings};
pub use crate::site::{Site, SiteId};
pub use crate::{__failed as failed, __judge as judge, __key as key, __settled as settled};
