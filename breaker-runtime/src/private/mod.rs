//! The only door that generated code uses. Not public: it changes without notice, and the attribute
//! is pinned to the runtime's exact version.

#[cfg(feature = "retry")]
mod again;
mod answer;
mod call;
mod checked;
mod handle;
mod judge;
#[cfg(feature = "last_good")]
mod kept;
mod key;

pub use std::any::type_name_of_val;
pub use std::clone::Clone;
pub use std::convert::identity;
pub use std::future::Future;
pub use std::option::Option;
pub use std::primitive::{bool, u32};
pub use std::result::Result;
pub use std::time::Duration;
pub use std::{cfg, concat, module_path, option_env};

pub use inventory;

#[cfg(all(feature = "retry", feature = "tokio"))]
pub use self::again::wait;
#[cfg(feature = "retry")]
pub use self::again::{Again, again, next, next_by, wait_here, when};
pub use self::answer::{
    FallbackTicket, FromRejected, FromTimedOut, Keep, fallback, fallback_async, falling_back, keep, without_answer,
};
pub use self::call::{Attempt, admit, admit_keyed, attempt, finish, run, settle, settle_attempt, watch};
#[cfg(feature = "tokio")]
pub use self::call::{timed_out, watch_limited};
pub use self::checked::{
    OtherWindow, WindowOf, WindowType, answer_count, attempt_count, consistent, count, duration, factor, fraction,
    key_count, probe_count, rate, retry_factor, window, with_window,
};
pub use self::handle::{
    Accessor, Handle, Shared, Static, breaker_of, current, family_with_limit, own, own_family, own_here, shared,
    with_limit,
};
#[cfg(feature = "tokio")]
pub use self::handle::{Total, left, over, over_total, within, within_total};
pub use self::judge::{Fallible, as_failure, classified, error_of, exists, failure_if, ladder};
#[cfg(feature = "last_good")]
pub use self::kept::{
    Answer, GivenUp, keep_answer, keep_answer_async, last_good, last_good_async, own_memory, owned_key,
};
pub use self::key::key_ladder;
pub use crate::breaker::CircuitBreaker;
pub use crate::cause::Cause;
pub use crate::error::CircuitBreakerError;
pub use crate::keyed::Breakers;
pub use crate::outcome::{Fault, Quote, Verdict};
pub use crate::policy::{OnCancel, Settings};
pub use crate::site::{Site, SiteId};
#[cfg(feature = "retry")]
pub use crate::stack::Retries;
#[cfg(feature = "last_good")]
pub use crate::stack::memory::Memory;
#[cfg(feature = "tokio")]
pub use crate::stack::{AttemptLimit, Deadline};
pub use crate::{__failed as failed, __judge as judge, __key as key, __settled as settled};
