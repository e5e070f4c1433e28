//! Which HTTP responses are failures of the service (feature `http`).
//!
//! ```
//! use breaker_runtime::{CircuitBreakerError, circuit_breaker};
//! use http::Response;
//!
//! #[circuit_breaker(threshold = 3, failure_if = breaker_runtime::http::server_error)]
//! async fn fetch(path: &str) -> Result<Response<String>, CircuitBreakerError> {
//!     // … ask the service …
//! #   let _ = path;
//! #   Ok(Response::new(String::new()))
//! }
//! # let _ = fetch("/");
//! ```
//!
//! Of another client, whose response is no [`http::Response`], hand over the status:
//!
//! ```
//! # use breaker_runtime::{CircuitBreakerError, circuit_breaker};
//! # struct Response;
//! # impl Response { fn status(&self) -> http::StatusCode { http::StatusCode::OK } }
//! #[circuit_breaker(threshold = 3, failure_if = |output| match output {
//!     Ok(response) => breaker_runtime::http::is_failure(response.status()),
//!     Err(_) => true,
//! })]
//! async fn fetch(path: &str) -> Result<Response, CircuitBreakerError> {
//! #   let _ = path;
//! #   Ok(Response)
//! }
//! # let _ = fetch("/");
//! ```

use ::http::{Response, StatusCode};

use crate::outcome::{Fault, Quote};

/// Whether an output is, or holds, a response by which the service says that it cannot serve: for
/// `failure_if = breaker_runtime::http::server_error`. An `Err` is a failure too, since there is no
/// response. See [`is_failure`] for the statuses.
///
/// ```
/// use breaker_runtime::http::server_error;
/// use http::{Response, StatusCode};
///
/// let mut response = Response::new("busy");
/// assert!(!server_error(&response));
/// *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
/// assert!(server_error(&response));
/// assert!(server_error(&Err::<Response<&str>, &str>("connection refused")));
/// ```
pub fn server_error<O: Answer>(output: &O) -> bool {
    output.status().is_none_or(is_failure)
}

/// Whether a status is a failure of the service: any 5xx, and 429 (too many requests), by which a
/// service asks its callers to stay away for a while. All other 4xx are the caller's own mistakes.
///
/// ```
/// use breaker_runtime::http::is_failure;
/// use http::StatusCode;
///
/// assert!(is_failure(StatusCode::BAD_GATEWAY) && is_failure(StatusCode::TOO_MANY_REQUESTS));
/// assert!(!is_failure(StatusCode::NOT_FOUND));
/// ```
#[must_use]
pub fn is_failure(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// Sorts a response, or an error that knows of one, by its status: `http_4xx`, `http_5xx` and so on;
/// `no_response` where there was none. See [`ClassCount`](crate::ClassCount) for what that is good for.
///
/// A response that `failure_if` calls a failure is sorted so without being asked to, and the report quotes
/// its status.
///
/// ```
/// use breaker_runtime::http::class;
/// use http::{Response, StatusCode};
///
/// assert_eq!(class(&StatusCode::BAD_GATEWAY), "http_5xx");
/// assert_eq!(class(&Response::new("a page")), "http_2xx");
/// assert_eq!(class(&Err::<Response<&str>, &str>("connection refused")), "no_response");
/// ```
#[must_use]
pub fn class<O: Answer>(output: &O) -> &'static str {
    output.status().map_or("no_response", class_of)
}

fn class_of(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "http_1xx",
        2 => "http_2xx",
        3 => "http_3xx",
        4 => "http_4xx",
        5 => "http_5xx",
        _ => "http_xxx",
    }
}

/// What is known of a response that was called a failure: nothing, where its status is none of an error.
pub(crate) fn fault<O: Answer>(output: &O) -> Option<Fault<'static>> {
    let status = output.status().filter(|status| status.as_u16() >= 400)?;
    Some(Fault::of(class_of(status), Quote::Status(status.as_u16())))
}

/// An output of which [`server_error`] and [`class`] can ask the status.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no HTTP status that `server_error` knows",
    label = "neither an `http::Response` nor a `Result` of one",
    note = "hand over the status yourself: `failure_if = |output| breaker_runtime::http::is_failure(…)`"
)]
pub trait Answer {
    /// The status; `None` where there was no response.
    fn status(&self) -> Option<StatusCode>;
}

impl Answer for StatusCode {
    fn status(&self) -> Option<StatusCode> {
        Some(*self)
    }
}

impl<B> Answer for Response<B> {
    fn status(&self) -> Option<StatusCode> {
        Some(Self::status(self))
    }
}

impl<A: Answer, E> Answer for Result<A, E> {
    fn status(&self) -> Option<StatusCode> {
        self.as_ref().ok().and_then(Answer::status)
    }
}
