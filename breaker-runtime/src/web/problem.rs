//! Errors as responses.

use std::time::Duration;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::CircuitBreakerError;

/// A problem of RFC 9457, of no type but its status.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    title: &'static str,
    status: u16,
    detail: String,
    /// Of the settings in force, where another one was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        Self { title, status: status.as_u16(), detail: detail.into(), revision: None }
    }

    #[cfg(feature = "controls")]
    pub(super) fn with_revision(self, revision: u64) -> Self {
        Self { revision: Some(revision), ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// A response that says what went wrong.
pub(super) fn problem(status: StatusCode, detail: String) -> Response {
    Problem::new(status, detail).into_response()
}

impl IntoResponse for CircuitBreakerError {
    /// 503 with its public line. `Retry-After` is what is left of the reset delay, or of the time until the rate
    /// has room, rounded up; and 1 where nobody knows.
    fn into_response(self) -> Response {
        let wait = self.retry_after().unwrap_or_default();
        let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, self.to_string());
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        response
    }
}

/// Rounded up, and never none.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up_and_never_none() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }
}
