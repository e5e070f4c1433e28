//! Circuit breakers for sync and async functions, one attribute each.
//!
//! ```
//! use breaker_runtime::{CircuitBreakerError, State, circuit_breaker};
//!
//! #[derive(Debug, thiserror::Error)]
//! enum PriceError {
//!     #[error("no product {0}")]
//!     NoProduct(String),
//!     #[error(transparent)]
//!     Io(#[from] std::io::Error),
//!     #[error(transparent)]
//!     Unavailable(#[from] CircuitBreakerError),
//! }
//!
//! fn cached_price(sku: &str) -> Result<f64, PriceError> {
//!     Err(PriceError::NoProduct(sku.to_owned()))
//! }
//!
//! #[circuit_breaker(threshold = 3, reset = "60s", ignore = PriceError::NoProduct(_), fallback = cached_price)]
//! fn fetch_price(sku: &str) -> Result<f64, PriceError> {
//!     // … the real call …
//! #   let _ = sku;
//!     Ok(9.99)
//! }
//!
//! assert_eq!(fetch_price("apple")?, 9.99);
//! assert_eq!(fetch_price_breaker().state(), State::Closed);
//! # Ok::<(), PriceError>(())
//! ```
//!
//! Every protected function has one static [`CircuitBreaker`], or with `key` one for each host, tenant or shard
//! ([`Breakers`]); the attribute's keys are described at [`circuit_breaker`](macro@circuit_breaker), the values at
//! [`Settings`].
//!
//! # Features
//!
//! | feature | on by default | what it gives |
//! | --- | --- | --- |
//! | `macros` | yes | the attribute |
//! | `tokio` | no | the key `timeout`; [`Events`], a stream; the clock follows tokio's paused time in tests (with `quanta`, where `testing` is on) |
//! | `http` | no | [`http`]: responses that are failures |
//! | `quanta` | no | time by the processor's counter, unless both `tokio` and `testing` are on: less than half the cost of a reading ([`clock::Clock`]) |
//! | `serde` | no | [`Snapshot`], [`Event`], [`Transition`], [`Report`], [`Settings`], [`Totals`], [`Latency`] as JSON, under names that do not change |
//! | `prometheus` | no | [`prometheus`]: metrics of all breakers |
//! | `opentelemetry` | no | [`opentelemetry`]: the same metrics, by a meter of OpenTelemetry's |
//! | `tracing` | no | events for logs and traces, told below |
//! | `axum` | no | [`web`]: the error as a response, a router that tells of all breakers |
//! | `retry` | no | the key `retry`: failed calls made again (on async functions with `tokio`) |
//! | `last_good` | no | the key `last_good` and [`last_good`]: good answers kept for bad times |
//! | `config` | no | [`config`]: settings and modes from files, watched, from the environment, and from sources of your own |
//! | `dashboard` | no | a page of all breakers for people, on that router; with `axum` |
//! | `controls` | no | `web::router_with`: routes by which breakers are changed, for who has a token; with `axum` and `config` |
//! | `tower` | no | [`tower`]: a layer for services of reqwest, hyper, tonic and axum |
//! | `testing` | no | [`testing`]: breakers of their own for each test, a clock turned by hand, scripted dependencies |

//! # Logs and traces
//!
//! With the feature `tracing` there are events, each in the span in which it happens:
//!
//! | target | level | when | fields |
//! | --- | --- | --- | --- |
//! | `breaker_runtime::change` | `WARN` where a breaker opens by a rule (not where it only would) or a family overflows, else `INFO` | a breaker changes its state, mode or settings | `breaker`, `key`, `dependency`, `note`, `from`, `to`, `mode`, `reason`, `rule`, `delay_seconds`, `number`, `epoch` |
//! | `breaker_runtime::call` | `DEBUG` | a call is rejected, a fallback is about to run, a failed call is made again, an earlier answer is given, a probe has ended, or any call with `span = true` | `breaker`, `key`, `state`, `outcome` |
//! | `breaker_runtime::config` | `INFO`, or `WARN` where it was refused or names no breaker | a [configuration](config) was tried | |
//! | `breaker_runtime::control` | `WARN` where it counts as one of the ten attempts that an address has, else `DEBUG` | a request to the routes that change breakers was refused: it had no right to them, or came from another site | `peer`, `status` |
//!
//! `from`, `to` and `state` are `closed`, `open` or `half_open`; fields that say nothing are left out. The line itself is
//! that of [`Event`]. An address that has used up its attempts is a change of the breaker that counts them. None of them holds the texts of callers' errors.
//! What a subscriber does with breakers while it is told of one is not told.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
mod about;
mod breaker;
mod cause;
mod class;
pub mod clock;
#[cfg(feature = "config")]
pub mod config;
mod error;
mod event;
mod fnv;
#[cfg(any(doc, doctest))]
pub mod guide;
mod history;
#[cfg(feature = "http")]
pub mod http;
mod key;
mod keyed;
mod listen;
mod mode;
mod observe;
mod origin;
mod outcome;
mod per_thread;
mod policy;
pub mod registry;
mod report;
mod site;
#[cfg(any(feature = "tokio", feature = "retry", feature = "last_good", feature = "tower"))]
mod stack;
mod state;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod thread_slot;
#[cfg(feature = "tracing")]
mod traces;
#[cfg(feature = "axum")]
pub mod web;
mod window;

pub use about::About;
pub use breaker::{Builder, CircuitBreaker, Permit, Totals};
#[cfg(feature = "macros")]
pub use breaker_macros::circuit_breaker;
pub use cause::Cause;
pub use class::ClassCount;
pub use error::{CircuitBreakerError, ErrorKind};
pub use event::{Event, ModeChange, Reason, SettingsChange, Transition};
pub use key::Key;
pub use keyed::{Breakers, Member};
#[cfg(feature = "tokio")]
pub use listen::Events;
pub use listen::{Listener, Subscription};
pub use mode::Mode;
pub use observe::Snapshot;
#[cfg(feature = "opentelemetry")]
pub use observe::opentelemetry;
#[cfg(feature = "prometheus")]
pub use observe::prometheus;
pub use origin::Origin;
pub use policy::{OnCancel, Settings, SettingsError, Window};
pub use report::{FailureSample, Report, Rule};
#[cfg(feature = "last_good")]
pub use stack::last_good;
#[cfg(feature = "tower")]
pub use stack::tower;
pub use state::State;
pub use window::{Latency, WindowCounts};
