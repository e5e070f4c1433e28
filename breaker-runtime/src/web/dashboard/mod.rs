//! The page of all breakers, for people (feature `dashboard`).
//!
//! Everything it needs comes from here: nothing is loaded from elsewhere, nothing runs that is not in `page`, and the
//! browser is told so by a content security policy (<https://www.w3.org/TR/CSP3/>). Names and texts of breakers are put
//! into the page as text.

mod frame;
mod recorder;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::routing::get;
use futures_core::Stream;
use tokio::sync::mpsc;

use recorder::Recorder;

macro_rules! script {
    ($name:literal) => {
        (concat!("/dashboard/", $name), "text/javascript; charset=utf-8", include_str!(concat!("page/", $name)))
    };
}

/// Where each file of the page is, its type, and its text.
const FILES: &[(&str, &str, &str)] = &[
    ("/dashboard", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/dashboard/page.css", "text/css; charset=utf-8", include_str!("page/page.css")),
    ("/dashboard/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    script!("around.js"),
    script!("cards.js"),
    script!("controls.js"),
    script!("details.js"),
    script!("dom.js"),
    script!("jobs.js"),
    script!("known.js"),
    script!("line.js"),
    script!("live.js"),
    script!("main.js"),
    script!("words.js"),
];

/// After so long a browser comes again that has lost the connection.
const RETRY: Duration = Duration::from_secs(1);
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const ONLY_FROM_HERE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                              base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                              require-trusted-types-for 'script'; trusted-types 'none'";

/// The page and what it is made of. With `controls`, it offers to change breakers, by the writing routes beside it.
pub(super) fn routes<S>(controls: bool) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let recorder = Recorder::new(controls);
    // Where there is a runtime already, the page knows the minutes before the first visit, too.
    recorder.begin();
    let router = FILES
        .iter()
        .fold(Router::new(), |router, (path, kind, text)| router.route(path, get(async move || file(kind, text))));
    router.route("/dashboard/live", get(async move || live(&recorder)))
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, ONLY_FROM_HERE),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (PERMISSIONS, "camera=(), geolocation=(), microphone=()"),
        // A new version of the program has a new page.
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text)
}

/// What there is now, and then what changes, at least once a second.
fn live(recorder: &Arc<Recorder>) -> impl IntoResponse + use<> {
    recorder.begin();
    ([(CACHE_CONTROL, "no-store")], Sse::new(Frames(recorder.viewer())).keep_alive(KeepAlive::default()))
}

/// Frames as they are sent.
struct Frames(mpsc::Receiver<Arc<str>>);

impl Stream for Frames {
    type Item = Result<sse::Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|frame| frame.map(|frame| Ok(sse::Event::default().retry(RETRY).data(&*frame))))
    }
}
