//! Breakers over HTTP, for axum (feature `axum`).
//!
//! [`router`] answers who looks at breakers. It only tells: nothing can be changed through it. (With the feature `controls`,
//! `router_with` has routes for that, too.) Nest it where only those come who may see the texts of callers' errors:
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
//! | `/by-name/{name}` | those with this name: of a family itself and all keys, or with `?key=…` that one, or with `?family=true` itself alone |
//! | `/by-name/{name}/history` | their last changes, as [`Transition`](crate::Transition)s, one breaker's after the other's, each from the oldest; of a family itself they are those of its settings and mode, and of the keys without a place |
//! | `/events` | every [`Event`](crate::Event) from now on, as server-sent events of the kinds `change` and `missed`, and with the feature `config` `configured` and `config_refused` |
//! | `/health` | `{"status": "ready", "open": []}`, or `degraded` with the names of those that are not closed |
//! | `/metrics` | [`prometheus::text`](crate::prometheus::text), with the feature `prometheus` |
//! | `/dashboard` | the page of all breakers for people, with the feature `dashboard`; what it is made of is below that path |
//!
//! Where several breakers have one name, `?location=src/price.rs:7:1` means the one that was made there, as its `location` says.
//!
//! A family itself has no key. Its mode, settings and revision are the family's; all else is of the breaker on which keys
//! without a place run. While there are such keys, its `overflow_mode` is the mode of that breaker, which may be another one
//! than the family's ([`Breakers`](crate::Breakers) says which), else it is `null`. Nothing but a family has an `overflow_mode`.
//!
//! Answers are JSON. A name, a key or a location that is not there is a 404; any other method than `GET` and `HEAD` a 405.
//! In a path, `/` and other special characters of a name are percent-encoded. The router may be nested below parameters of
//! the application's own, as in `/tenants/{tenant}/breakers`, of another name than `name`.
//!
//! # Shutting down
//!
//! A stream does not end by itself: one reader of `/events`, or one page that is open, holds up axum's graceful shutdown for
//! as long as it stays. So limit the time of that:
//!
//! ```
//! use std::io;
//! use std::time::Duration;
//!
//! /// `stopping` ends when `serving` is told to end, too.
//! async fn limited(serving: impl Future<Output = io::Result<()>>, stopping: impl Future<Output = ()>) -> io::Result<()> {
//!     tokio::select! {
//!         served = serving => served,
//!         () = async {
//!             stopping.await;
//!             tokio::time::sleep(Duration::from_secs(10)).await;
//!         } => Ok(()),
//!     }
//! }
//! // limited(axum::serve(listener, app).with_graceful_shutdown(signal()).into_future(), signal()).await?;
//! ```
//!
//! # Changing
//!
//! With the feature `controls`, `router_with` has these routes beside those above. They are there only where the application
//! hands in `Controls`: bearer tokens, or an authoriser of its own.
//!
//! | route | body | what it does |
//! | --- | --- | --- |
//! | `GET /controls` | | answers `{"who": "ann"}` |
//! | `PUT /by-name/{name}/mode` | `{"mode": "forced_open"}` | sets the mode: of a breaker, of a family, or with `?key=` of one key |
//! | `POST /by-name/{name}/close` | `{}` | closes a breaker; of a family one key, by `?key=`, or without it the one of the keys without a place |
//! | `PATCH /by-name/{name}/settings` | `{"revision": 3, "settings": {"reset": "30s", "probes": 3, "failure_rate": null}}` | lays changes over the settings in force, of a breaker or a family |
//! | `POST /by-name/{name}/rollback` | `{"revision": 4}` | takes the last change of the settings back |
//!
//! Each body may have a `"reason"` of at most 500 characters. Settings are written as in configurations; `null` is `"none"`.
//! They are checked as a whole, and either all of them are in force or none. `revision` is that of the snapshot that was
//! looked at: where other settings are in force by now, the answer is 409 with the present `revision`, and of two who change
//! the same revision at one moment one is answered so.
//!
//! The answer is 200 with a list of one snapshot, of what was meant, as by `GET /by-name/{name}`, also where it was so already: of
//! a family that is itself, without its keys. Anything else is a problem of RFC 9457 that says what is accepted (or the
//! authoriser's own refusal), and has changed nothing:
//!
//! | status | |
//! | --- | --- |
//! | 400, 413, 415, 422 | a body that is no JSON, larger than 16 KiB, of a type that is neither `application/json` nor `application/…+json`; fields or values that nobody knows; a family to close that has no key without a place |
//! | 401, 403, 429 | no known token, or two headers; a request that a page of another site has sent; too many refused attempts (see `Controls`) |
//! | 404, 405 | a name that is not there; another method |
//! | 409 | another revision, nothing to take back, a breaker to close that is disabled or forced open, several breakers with one name and no `?location=` |
//!
//! Who may not is told nothing else: that is looked at before the name, the method and the body. No answer sets a cookie or
//! allows other sites anything, and a browser's request for a page of another site is refused, by
//! [Fetch Metadata](https://www.w3.org/TR/fetch-metadata/) or `Origin`.
//!
//! Without TLS browsers send `Origin` alone, which is compared with `Host`. Behind a proxy that asks with a `Host` of its own,
//! each change from the page is then refused as one of another site, by 403. Have people come to the proxy by TLS, or have it
//! keep `Host`: `proxy_set_header Host $http_host` for nginx, `ProxyPreserveHost On` for Apache.
//!
//! Every change is told with its [`Origin`](crate::Origin), in events, histories, JSON and logs:
//! `ann by HTTP from 127.0.0.1:50123: moving the database`. The address is there where the application serves with
//! `into_make_service_with_connect_info::<SocketAddr>()`; behind a proxy it is the proxy's. What is set here stays until
//! somebody sets something else: a configuration does when it comes to say something else of that breaker.
//!
//! # The page
//!
//! With the feature `dashboard`, `/dashboard` shows all breakers: those in trouble on top, each with its state, why it opened and
//! when the next probe is due, its note, and its traffic of the last three minutes. It is told what changes, at once and at
//! least once a second, says so when the connection is lost, and comes back by itself. Of a family it shows at most 100 keys,
//! those first that are not closed. Beside the writing routes it offers to change breakers to whoever types the token, which
//! the page keeps in its memory alone.
//!
//! It is one page of HTML, one of CSS and a few scripts, all from this router and nothing from elsewhere, under a content
//! security policy that allows no more. The router looks at all breakers once a second, so that the page knows the minutes
//! before somebody opened it: where the router is made within a runtime of tokio from then on, else from the first visit.
//! For that it reads the totals of each breaker, and of each key; a family of 10,000 keys takes some milliseconds of that second.
//!
//! # Errors as responses
//!
//! [`CircuitBreakerError`](crate::CircuitBreakerError) is a response: 503, with `Retry-After` in whole seconds, and its
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

#[cfg(feature = "controls")]
mod controls;
#[cfg(feature = "dashboard")]
mod dashboard;
mod problem;
mod routes;

#[cfg(feature = "controls")]
pub use controls::{Controls, TokenRefused, router_with};
pub use routes::router;
