//! The router.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
#[cfg(feature = "prometheus")]
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_core::Stream;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[cfg(feature = "dashboard")]
use super::dashboard;
use super::problem::Problem;
use crate::breaker::CircuitBreaker;
use crate::event::Event;
use crate::keyed::Breakers;
use crate::listen::Events;
use crate::mode::Mode;
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
    pub(super) fn is(&self, breaker: &CircuitBreaker) -> bool {
        self.key.as_ref().is_none_or(|key| breaker.about().key.as_deref() == Some(key))
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

/// The name in a path, which may have parameters of the application's own before it.
#[derive(Deserialize)]
pub(super) struct ByName {
    name: String,
}

impl ByName {
    pub(super) async fn of<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
        let path = Path::<Self>::from_request_parts(parts, state).await;
        path.map(|path| path.0.name).map_err(|refused| Problem::new(refused.status(), refused.body_text()))
    }
}

/// What is looked at.
struct Wanted {
    name: String,
    which: OfKey,
    /// A family without its keys.
    family: bool,
}

/// Whether only the family itself is meant; beside [`OfKey`], whose words the writing routes have, too.
#[derive(Deserialize)]
struct Alone {
    #[serde(default)]
    family: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let name = ByName::of(parts, state).await?;
        let which: Query<OfKey> = query(parts)?;
        let alone: Query<Alone> = query(parts)?;
        Ok(Self { name, which: which.0, family: alone.0.family })
    }
}

/// What a query says, or the answer that it says something else.
pub(super) fn query<T: DeserializeOwned>(parts: &Parts) -> Result<Query<T>, Problem> {
    Query::try_from_uri(&parts.uri).map_err(|refused| Problem::new(refused.status(), refused.body_text()))
}

/// A snapshot as it is sent.
#[derive(Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    snapshot: Snapshot,
    /// Only a family has it: the mode of the keys without a place, `null` while there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    overflow_mode: Option<OverflowMode>,
}

#[derive(Serialize)]
struct OverflowMode(Option<Mode>);

impl Row {
    pub(super) fn of(breaker: &CircuitBreaker) -> Self {
        Self { snapshot: breaker.snapshot(), overflow_mode: None }
    }

    pub(super) fn of_family(family: &Breakers) -> Self {
        let overflow_mode = Some(OverflowMode(family.overflow_breaker().map(CircuitBreaker::mode)));
        Self { snapshot: family.snapshot(), overflow_mode }
    }
}

/// A breaker that is told of; where it stands for a family, with that.
struct Shown<'a> {
    breaker: &'a CircuitBreaker,
    family: Option<&'a Breakers>,
}

impl Shown<'_> {
    fn row(&self) -> Row {
        self.family.map_or_else(|| Row::of(self.breaker), Row::of_family)
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

/// The same of those that are wanted, or the answer that there are none. The keys of no other family are looked at.
fn named<T>(Wanted { name, which, family: alone }: &Wanted, read: impl Fn(Shown<'_>) -> T) -> Result<Vec<T>, Problem> {
    let mut found = Vec::new();
    if !alone {
        let breakers = registry::all().into_iter().filter(|breaker| breaker.name() == name);
        let breakers = breakers.filter(|breaker| which.is_at(breaker.location()) && which.is(breaker));
        found.extend(breakers.map(|breaker| read(Shown { breaker, family: None })));
    }
    for family in registry::families().into_iter().filter(|family| family.name() == name) {
        if !which.is_at(family.location()) {
            continue;
        }
        let own = family.without_place();
        if which.is(own) {
            found.push(read(Shown { breaker: own, family: Some(family) }));
        }
        if !alone {
            let members = family.iter().filter(|member| which.is(member));
            found.extend(members.map(|member| read(Shown { breaker: &member, family: None })));
        }
    }
    if found.is_empty() {
        let unknown = which.unknown(name);
        let text = if *alone { format!("{unknown} that is a family") } else { unknown };
        return Err(Problem::new(StatusCode::NOT_FOUND, text));
    }
    Ok(found)
}

async fn all() -> Json<Vec<Row>> {
    Json(each(|shown| shown.row()))
}

async fn by_name(wanted: Wanted) -> Result<Json<Vec<Row>>, Problem> {
    named(&wanted, |shown| shown.row()).map(Json)
}

async fn history(wanted: Wanted) -> Result<Response, Problem> {
    let all: Vec<_> = named(&wanted, |shown| shown.breaker.history())?.into_iter().flatten().collect();
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
