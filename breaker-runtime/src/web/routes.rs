//! The router.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::{Path, Query};
use axum::http::StatusCode;
#[cfg(feature = "prometheus")]
use axum::http::header::CONTENT_TYPE;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_core::Stream;
use serde::{Deserialize, Serialize};

#[cfg(feature = "dashboard")]
use super::dashboard;
use super::problem::problem;
use crate::breaker::CircuitBreaker;
use crate::event::Event;
use crate::keyed::Breakers;
use crate::listen::Events;
use crate::observe::Snapshot;
use crate::registry;
use crate::state::State;

/// Answers who looks at the breakers of the registry; see the [module](crate::web). For every state of the application.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    looking(false)
}

/// The same; `controls` says whether there are routes beside these by which breakers are changed.
pub(super) fn looking<S>(controls: bool) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let router = Router::new()
        .route("/", get(all))
        .route("/by-name/{name}", get(by_name))
        .route("/by-name/{name}/history", get(history))
        .route("/events", get(events))
        .route("/health", get(health));
    #[cfg(feature = "prometheus")]
    let router = router.route("/metrics", get(metrics));
    #[cfg(not(feature = "dashboard"))]
    let _ = controls;
    #[cfg(feature = "dashboard")]
    let router = router.merge(dashboard::routes(controls));
    router
}

/// Which one of a family's keys, and of several breakers with one name.
#[derive(Debug, Deserialize)]
pub(super) struct OfKey {
    pub(super) key: Option<String>,
    pub(super) location: Option<String>,
}

impl OfKey {
    fn is(&self, breaker: &CircuitBreaker) -> bool {
        self.key.as_ref().is_none_or(|key| breaker.about().key.as_deref() == Some(key))
            && self.is_at(breaker.location())
    }

    pub(super) fn is_at(&self, made: &Location<'_>) -> bool {
        self.location.as_ref().is_none_or(|location| made.to_string() == *location)
    }

    /// That there is none.
    pub(super) fn unknown(&self, name: &str) -> String {
        let key = self.key.as_ref().map(|key| format!(" with the key `{}`", key.escape_debug())).unwrap_or_default();
        let at = self.location.as_ref().map(|at| format!(" at `{}`", at.escape_debug())).unwrap_or_default();
        format!("there is no circuit breaker `{}`{key}{at}", name.escape_debug())
    }
}

#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    open: BTreeSet<String>,
}

/// The answer that there is no such breaker, with its text.
#[derive(Debug)]
struct Unknown(String);

impl IntoResponse for Unknown {
    fn into_response(self) -> Response {
        problem(StatusCode::NOT_FOUND, self.0)
    }
}

/// A breaker that is told of; where it stands for a family, with that.
struct Shown<'a> {
    breaker: &'a CircuitBreaker,
    family: Option<&'a Breakers>,
}

impl Shown<'_> {
    fn snapshot(&self) -> Snapshot {
        self.family.map_or_else(|| self.breaker.snapshot(), Breakers::snapshot)
    }
}

/// Something of each listed breaker, and of families: of that for keys without a place, whose changes are the family's,
/// and of each key's.
fn each<T>(read: impl Fn(Shown<'_>) -> T) -> Vec<T> {
    let one = |breaker: &CircuitBreaker| read(Shown { breaker, family: None });
    let mut all: Vec<T> = registry::all().into_iter().map(one).collect();
    for family in registry::families() {
        all.push(read(Shown { breaker: family.without_place(), family: Some(family) }));
        all.extend(family.iter().map(|member| one(&member)));
    }
    all
}

/// The same of those with this name, or the answer that there are none.
fn named<T>(name: &str, key: &OfKey, read: impl Fn(Shown<'_>) -> T) -> Result<Vec<T>, Unknown> {
    let found: Vec<T> = each(|shown| (shown.breaker.name() == name && key.is(shown.breaker)).then(|| read(shown)))
        .into_iter()
        .flatten()
        .collect();
    if found.is_empty() { Err(Unknown(key.unknown(name))) } else { Ok(found) }
}

async fn all() -> Json<Vec<Snapshot>> {
    Json(each(|shown| shown.snapshot()))
}

async fn by_name(Path(name): Path<String>, Query(key): Query<OfKey>) -> Result<Json<Vec<Snapshot>>, Unknown> {
    named(&name, &key, |shown| shown.snapshot()).map(Json)
}

async fn history(Path(name): Path<String>, Query(key): Query<OfKey>) -> Result<Response, Unknown> {
    let all: Vec<_> = named(&name, &key, |shown| shown.breaker.history())?.into_iter().flatten().collect();
    Ok(Json(all.iter().map(AsRef::as_ref).collect::<Vec<&crate::Transition>>()).into_response())
}

async fn health() -> Json<Health> {
    let is_open =
        |shown: Shown<'_>| (shown.breaker.state() != State::Closed).then(|| shown.breaker.about().to_string());
    let open = each(is_open);
    let open: BTreeSet<String> = open.into_iter().flatten().collect();
    Json(Health { status: if open.is_empty() { "ready" } else { "degraded" }, open })
}

#[cfg(feature = "prometheus")]
async fn metrics() -> impl IntoResponse {
    use crate::observe::prometheus;
    ([(CONTENT_TYPE, prometheus::CONTENT_TYPE)], prometheus::text())
}

async fn events() -> impl IntoResponse {
    Sse::new(Lines(registry::events())).keep_alive(KeepAlive::default())
}

/// Events as they are sent.
struct Lines(Events);

impl Stream for Lines {
    type Item = Result<sse::Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context).map(|next| next.map(|event| Ok(line(&event))))
    }
}

fn line(event: &Event) -> sse::Event {
    let kind = match event {
        Event::Changed(_) => "change",
        #[cfg(feature = "config")]
        Event::Configured(_) => "configured",
        #[cfg(feature = "config")]
        Event::ConfigRefused(_) => "config_refused",
        Event::Lagged { .. } => "missed",
    };
    // What cannot be JSON is not in an event.
    sse::Event::default().event(kind).json_data(event).unwrap_or_default()
}
