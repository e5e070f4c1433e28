//! The routes by which breakers are changed, and who may use them.

mod attempts;
mod body;
mod change;
mod site;
mod target;
mod token;

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{ConnectInfo, DefaultBodyLimit, Extension, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, get, patch, post, put};
use axum::{Json, Router};
use serde::Serialize;

use super::problem::problem;
use super::routes::looking;
use attempts::{Attempt, Attempts, too_many};
pub use token::TokenRefused;
use token::{Tokens, presented};

/// The routes of [`router`](super::router), and those by which breakers are changed; see the [module](crate::web).
///
/// ```
/// use axum::Router;
/// use breaker_runtime::web::{self, Controls};
///
/// # let environment = |_: &str| "3b8f-0a52-7cd1-94e6".to_owned();
/// let controls = Controls::by_token("ann", environment("OPERATOR_TOKEN"))?;
/// let app: Router = Router::new().nest("/breakers", web::router_with(controls));
/// # Ok::<(), web::TokenRefused>(())
/// ```
pub fn router_with<S>(controls: Controls) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let controls = Arc::new(controls);
    let guarded = |route: MethodRouter<S>, method: &'static str| {
        let other = move || async move {
            problem(StatusCode::METHOD_NOT_ALLOWED, format!("this route accepts `{method}` alone"))
        };
        // The last layer is the first that a request meets.
        let limit = DefaultBodyLimit::max(body::MOST_BYTES);
        route.fallback(other).layer(limit).layer(from_fn_with_state(Arc::clone(&controls), guard))
    };
    looking(true)
        .route("/controls", guarded(get(who), "GET"))
        .route("/by-name/{name}/mode", guarded(put(change::mode), "PUT"))
        .route("/by-name/{name}/close", guarded(post(change::close), "POST"))
        .route("/by-name/{name}/settings", guarded(patch(change::settings), "PATCH"))
        .route("/by-name/{name}/rollback", guarded(post(change::rollback), "POST"))
}

/// Who may change breakers over HTTP: for [`router_with`].
///
/// By bearer tokens of [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750), each of one person; by an authoriser of the
/// application's own; or by both, where the authoriser is asked about those who send no known token.
///
/// # Attempts
///
/// Ten that are refused within a minute are enough: attempts from that address are then answered 429 for a minute, also
/// with a right token, and after it one more refusal costs another minute. Of IPv6 it is the network of 64 bits that counts.
/// Where the application does not serve with [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo), all count together; and
/// so they do behind a proxy, which is the one peer then.
///
/// Some requests are no attempts, or a page of another site that an operator looks at could use up his. They are answered at any
/// time, and not counted:
///
/// - A request of which the browser says that a page of another site sends it.
/// - With tokens alone, a request without the one header `Authorization: Bearer …`.
/// - With an authoriser, `GET` and `HEAD` without an `Authorization`. They change nothing, and without TLS a browser sends them
///   for a page of another site, as for an image, without saying so, and perhaps with cookies. So an authoriser that goes by
///   cookies, or by another header, limits by itself how often these are guessed by `GET`; the other methods count.
///
/// All else that the authoriser refuses counts, but for answers of the statuses 500 to 599.
///
/// Attempts are counted by a [family](crate::Breakers) that is not listed; who listens to
/// [all breakers](crate::registry::listen) hears when a breaker of it opens, and so does a log, once for each time.
///
/// `Debug` shows whose tokens there are, and none of these.
pub struct Controls {
    tokens: Tokens,
    authoriser: Option<Authoriser>,
    attempts: Attempts,
}

type Authoriser = Box<dyn Fn(Parts) -> Asking + Send + Sync>;
type Asking = Pin<Box<dyn Future<Output = Result<String, Response>> + Send>>;

impl Controls {
    /// Whoever sends this token as `Authorization: Bearer …` is `who`, by which name changes are told.
    ///
    /// Tokens must not be guessed: 32 random bytes in base64 are a good one (`openssl rand -base64 32`). They are for
    /// connections that others cannot read, by TLS or on the same host.
    ///
    /// ```
    /// use breaker_runtime::web::Controls;
    ///
    /// let controls = Controls::by_token("ann", "3b8f-0a52-7cd1-94e6")?.and_token("deploy", "d02c-66f1-b7a9-08e3")?;
    /// assert!(!format!("{controls:?}").contains("3b8f"));
    /// # Ok::<(), breaker_runtime::web::TokenRefused>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A token that has not 16 to 256 characters, all of them visible ASCII, and no name for it.
    pub fn by_token(who: &str, token: impl Into<String>) -> Result<Self, TokenRefused> {
        Self { tokens: Tokens::default(), authoriser: None, attempts: Attempts::new() }.and_token(who, token)
    }

    /// One more token: of somebody else, or of the same person, for the time in which one takes the place of the other.
    ///
    /// # Errors
    ///
    /// As [`by_token`](Self::by_token), and a token that is there already.
    pub fn and_token(mut self, who: &str, token: impl Into<String>) -> Result<Self, TokenRefused> {
        self.tokens.add(who, &token.into())?;
        Ok(self)
    }

    /// The application decides. `authoriser` is given what a request says before its body, and answers who that is, by which
    /// name changes are told; or with the refusal that is sent.
    ///
    /// It may go by cookies: what changes something, and was sent by a browser for a page of another site, does not come here.
    /// (`GET /controls` may, which changes nothing, and whose answer that page cannot read.)
    ///
    /// One that goes by a network or by the certificate of a client must look at `Host`, too: a name of somebody else's that
    /// comes to resolve to this server (DNS rebinding) makes his page one of this site, with the same `Host` and `Origin`, in
    /// a browser that has both. Tokens and cookies are not sent there.
    ///
    /// ```
    /// use axum::http::StatusCode;
    /// use axum::http::request::Parts;
    /// use axum::response::IntoResponse;
    /// use breaker_runtime::web::Controls;
    ///
    /// # async fn operator_of(request: &Parts) -> Option<String> { request.headers.get("cookie").map(|_| "ann".to_owned()) }
    /// let controls = Controls::by(async |request: Parts| {
    ///     operator_of(&request).await.ok_or_else(|| StatusCode::FORBIDDEN.into_response())
    /// });
    /// ```
    pub fn by<A>(authoriser: impl Fn(Parts) -> A + Send + Sync + 'static) -> Self
    where
        A: Future<Output = Result<String, Response>> + Send + 'static,
    {
        let authoriser: Authoriser = Box::new(move |request| Box::pin(authoriser(request)));
        Self { tokens: Tokens::default(), authoriser: Some(authoriser), attempts: Attempts::new() }
    }

    /// The request with its [`Caller`], or the answer to who may not ask.
    async fn admit(&self, request: Request) -> Result<Request, Response> {
        let (mut parts, body) = request.into_parts();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
        // Before the attempts: a page that an operator looks at must not use up his.
        if site::is_another(&parts) {
            let text = "a page of another site cannot change circuit breakers";
            return Err(refuse(peer, problem(StatusCode::FORBIDDEN, text.to_owned()), false));
        }
        let attempt = if self.is_attempt(&parts) {
            let attempt = self.attempts.begin(peer.map(|peer| peer.ip()));
            Some(attempt.map_err(|rejected| too_many(&rejected))?)
        } else {
            None
        };
        match self.ask(&parts).await {
            Ok(who) => {
                attempt.into_iter().for_each(Attempt::authorised);
                parts.extensions.insert(Caller { who: who.into(), peer });
                Ok(Request::from_parts(parts, body))
            }
            Err(refusal) => {
                let counts = attempt.is_some_and(|attempt| attempt.refused(refusal.status()));
                Err(refuse(peer, refusal, counts))
            }
        }
    }

    /// Whether it may be a guess. An image in a page of another site is none, for which a browser without TLS says nothing of
    /// that site: such a page can make it send `GET`, also with cookies, and no `Authorization` of the page's own.
    fn is_attempt(&self, request: &Parts) -> bool {
        if self.authoriser.is_none() {
            // Nothing else is compared with a token.
            return presented(&request.headers).is_some();
        }
        request.headers.contains_key(AUTHORIZATION) || !matches!(request.method, Method::GET | Method::HEAD)
    }

    async fn ask(&self, request: &Parts) -> Result<String, Response> {
        if let Some(who) = self.tokens.sender(&request.headers) {
            return Ok(who.to_owned());
        }
        match &self.authoriser {
            Some(authoriser) => authoriser(request.clone()).await,
            None => Err(unauthorised(presented(&request.headers).is_some())),
        }
    }
}

impl fmt::Debug for Controls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = if self.authoriser.is_some() { "the application" } else { "tokens" };
        f.debug_struct("Controls").field("by", &by).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// Who asks for a change, and from where.
#[derive(Clone, Debug)]
struct Caller {
    who: Arc<str>,
    peer: Option<SocketAddr>,
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by HTTP", self.who)?;
        self.peer.map_or(Ok(()), |peer| write!(f, " from {peer}"))
    }
}

/// Lets nobody through who may not; before anything else of a request is looked at.
async fn guard(State(controls): State<Arc<Controls>>, request: Request, next: Next) -> Response {
    let mut response = match controls.admit(request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal,
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The answer without a known token. RFC 6750 (section 3) wants a parameter, and an error only where there was a token.
fn unauthorised(has_token: bool) -> Response {
    let challenge = if has_token {
        r#"Bearer realm="circuit breakers", error="invalid_token""#
    } else {
        r#"Bearer realm="circuit breakers""#
    };
    let text = "send one header `Authorization: Bearer` with a token that may change circuit breakers";
    let mut response = problem(StatusCode::UNAUTHORIZED, text.to_owned());
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// Tells of a refusal.
fn refuse(peer: Option<SocketAddr>, refusal: Response, counts: bool) -> Response {
    #[cfg(feature = "tracing")]
    crate::traces::refused(peer, refusal.status().as_u16(), counts);
    #[cfg(not(feature = "tracing"))]
    let _ = (peer, counts);
    refusal
}

/// Whose token it is.
#[derive(Serialize)]
struct Who {
    who: String,
}

async fn who(Extension(caller): Extension<Caller>) -> Json<Who> {
    Json(Who { who: caller.who.to_string() })
}
