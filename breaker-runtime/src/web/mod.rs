//! Breakers over HTTP, for axum (feature `axum`).
//!
//! [`router`] answers who looks at breakers. It only tells: nothing can be changed through it. Nest it where only those
//! come who may see the texts of callers' errors:
//!
//! ```
//! use axum::Router;
//! use breaker_runtime::web;
//!
//! let app: Router = Router::new().nest("/breakers", web::router());
//! ```
//!
//! | path | answer |
//! | --- | --- |
//! | `/` (nested at `/breakers`, that path without a slash at its end) | all listed breakers, as [`Snapshot`](crate::Snapshot)s |
//! | `/by-name/{name}` | those with this name: of a family all keys, or with `?key=…` that one; and without a key the one on which keys without a place run, which has the family's mode while there are none |
//! | `/by-name/{name}/history` | their last changes, as [`Transition`](crate::Transition)s, one breaker's after the other's, each from the oldest; the settings of a family are among those of the one without a key |
//! | `/events` | every [`Event`](crate::Event) from now on, as server-sent events of the kinds `change` and `missed` |
//! | `/health` | `{"status": "ready", "open": []}`, or `degraded` with the names of those that are not closed |
//! | `/metrics` | [`prometheus::text`](crate::prometheus::text), with the feature `prometheus` |
//!
//! Answers are JSON. A name, or a key, that is not there is a 404; any other method than `GET` and `HEAD` a 405. In a path,
//! `/` and other special characters of a name are percent-encoded.
//!
//! And [`CircuitBreakerError`](crate::CircuitBreakerError) is a response: 503, with `Retry-After` in whole seconds, and its
//! public line as a problem of [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457).
//!
//! ```
//! use axum::response::IntoResponse;
//! use breaker_runtime::{CircuitBreaker, Mode};
//!
//! let breaker = CircuitBreaker::builder("pricing").build()?;
//! breaker.set_mode(Mode::ForcedOpen);
//! let response = breaker.try_acquire().unwrap_err().into_response();
//! assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "dashboard")]
mod dashboard;
mod problem;
mod routes;

pub use routes::router;
