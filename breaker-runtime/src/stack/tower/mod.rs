//! A breaker as a layer for tower's services (feature `tower`): clients such as reqwest, hyper and tonic, and routes of
//! axum.
//!
//! ```
//! use std::io::{Error, ErrorKind};
//! use breaker_runtime::tower::BreakerLayer;
//! use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Settings};
//! use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
//!
//! static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new().consecutive(2));
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower::BoxError> {
//! let mut prices = ServiceBuilder::new()
//!     .layer(BreakerLayer::new(&PRICING))
//!     .service(service_fn(async |sku: &'static str| match sku {
//!         "apple" => Ok(99),
//!         _ => Err(Error::from(ErrorKind::ConnectionRefused)),
//!     }));
//!
//! assert_eq!(prices.ready().await?.call("apple").await?, 99);
//! for _ in 0..2 {
//!     assert!(prices.ready().await?.call("melon").await.unwrap_err().is::<Error>());
//! }
//! // Two failures in a row: the service is not asked.
//! let rejected = prices.ready().await?.call("apple").await.unwrap_err();
//! assert!(rejected.is::<CircuitBreakerError>());
//! # Ok(())
//! # }
//! ```
//!
//! A call through the layer is what [`CircuitBreaker::call_async`](crate::CircuitBreaker::call_async) makes of
//! `service.oneshot(request)`: rules, probes, bulkhead, rate limit, panics, late answers and modes are those of any other
//! call. Clones of the service, and all services of one layer, share the breaker.
//!
//! | to say | method | default |
//! | --- | --- | --- |
//! | which breaker | [`new`](BreakerLayer::new), or [`keyed`](BreakerLayer::keyed) for one of each host or tenant | |
//! | what is a failure | [`failure_if`](BreakerLayer::failure_if); `http_errors`, `grpc_errors` (feature `http`) | an `Err` |
//! | what says nothing | [`ignore_if`](BreakerLayer::ignore_if) | nothing |
//! | what a rejected caller gets | [`on_rejection`](BreakerLayer::on_rejection) | an `Err`, boxed |
//!
//! The guide has a page on [which layer goes where](crate::guide::tower). The programs `reqwest_client`, `tonic_client` and
//! `axum_route` among the examples are whole.
//!
//! # When a call is admitted
//!
//! At the first poll of its future, as with an annotated `async fn`. A future that is dropped before has asked nobody.
//! The call ends when the service has answered. Of an HTTP response that is the head: what happens to a body that is
//! still streaming is not seen.
//!
//! # Readiness
//!
//! [`BreakerService`] is always ready. In the call, once it is admitted, a clone of the service is awaited until it is
//! ready, and called. So:
//!
//! - While the breaker is open a call costs a clone of the service, whose `poll_ready` and `call` are not asked, and a service that is
//!   never ready delays no rejection. If `poll_ready` waited for the service, a dependency that hangs would make callers wait
//!   just where the breaker should answer them.
//! - `poll_ready` takes no permit: the call might never come, and a probe's place would be lost. Nor could it know the key.
//! - No rejected call holds a slot of a concurrency limit, or of a buffer, that it has reserved by being ready.
//! - A service that ends its readiness with an error has failed, and is discarded, as tower asks: it is a clone.
//! - Waiting for readiness is a part of the call, for its time and for being cancelled.
//!
//! The price is a clone for each call, which for most services counts up a reference (a route of axum is boxed anew), and
//! that nobody outside sees that the service is busy: put `load_shed` inside of the layer, or take
//! [`Settings::max_concurrent`](crate::Settings::max_concurrent). A service that cannot be cloned goes into a `Buffer`. The layer itself
//! allocates nothing for an admitted call.
//!
//! # Cancellation and time limits
//!
//! Dropping the future, waiting or called, cancels the call: its permit is given back, and counts as
//! [`Settings::on_cancel`](crate::Settings::on_cancel) says. As with every breaker by hand,
//! [`Settings::timeout`](crate::Settings::timeout) stops nothing: it says from when on a cancelled call is a failure. Put
//! tower's `Timeout` inside of the layer; then its error is a failure.

mod admission;
mod failures;
mod future;
#[cfg(feature = "http")]
mod grpc;
mod rejection;
mod service;

use std::fmt;
use std::ops::Deref;

use tower_layer::Layer;

pub use self::admission::Keyed;
pub use self::failures::{Errors, FailureIf, IgnoreIf, Nothing};
#[cfg(feature = "http")]
pub use self::failures::{HttpErrors, HttpErrorsBy};
pub use self::future::BreakerFuture;
#[cfg(feature = "http")]
pub use self::grpc::GrpcErrors;
pub use self::rejection::{Boxed, OnRejection};
pub use self::service::BreakerService;
use crate::breaker::CircuitBreaker;
use crate::error::CircuitBreakerError;
use crate::key::Key;
use crate::keyed::Breakers;

/// What a service's error becomes, unless [`BreakerLayer::on_rejection`] says otherwise: the same as tower's own.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Host and port of an authority, without the user and the password that may stand before them: a key for
/// [`BreakerLayer::keyed`].
///
/// ```
/// use breaker_runtime::tower::host_of;
///
/// assert_eq!(host_of("ann:secret@shop.example:8443"), "shop.example:8443");
/// assert_eq!(host_of("shop.example"), "shop.example");
/// ```
#[must_use]
pub fn host_of(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// A breaker around each service that it is put on; see the [module](self).
///
/// The type's parameters are what its methods have put in: the breaker `W`, what is ignored `I`, what is a failure `F`,
/// the answer to a rejection `R`. They, and the service, are cloned for each call: a closure that captures
/// something should capture a reference or an `Arc`.
///
/// The service must be `Clone`, and its error `Display`, for the report of a trip quotes it.
#[derive(Clone)]
#[must_use = "a layer does nothing until it is put on a service"]
pub struct BreakerLayer<W, I = Nothing, F = Errors, R = Boxed> {
    who: W,
    ignore: I,
    failure: F,
    rejection: R,
}

impl<B> BreakerLayer<B>
where
    B: Deref<Target = CircuitBreaker> + Clone,
{
    /// Over one breaker: a `static`, that of an annotated function (`BreakerLayer::new(fetch_price_breaker())`), or an
    /// `Arc<CircuitBreaker>`.
    pub const fn new(breaker: B) -> Self {
        Self::over(breaker)
    }
}

impl<P> BreakerLayer<Keyed<P>> {
    /// Over a family: the closure takes the key from the request, by reference. What a request without one should run on
    /// is for the closure to say; `""` is a key like any other.
    ///
    /// ```
    /// use breaker_runtime::tower::BreakerLayer;
    /// use breaker_runtime::{Breakers, Settings};
    /// # use tower::{Layer, ServiceExt, service_fn};
    ///
    /// static HOSTS: Breakers = Breakers::new("hosts", Settings::new());
    ///
    /// # struct Request { host: String }
    /// let layer = BreakerLayer::keyed(&HOSTS, |request: &Request| request.host.as_str());
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// # let service = layer.layer(service_fn(async |_: Request| Ok::<_, std::io::Error>(())));
    /// # service.oneshot(Request { host: "up.example".into() }).await
    /// # })?;
    /// # assert!(HOSTS.get("up.example").is_some());
    /// # Ok::<(), tower::BoxError>(())
    /// ```
    ///
    /// People see keys, in errors and in metrics, so nothing secret may be in one. The host of a reqwest `Request` is
    /// `host_of(request.url().authority())`, that of an `http::Request`
    /// `request.uri().authority().map_or("", |authority| host_of(authority.as_str()))`: see [`host_of`].
    ///
    /// A key that is not in the request as it is, such as one made of two parts, has to be put into it before, by a layer
    /// outside of this one: into the extensions of an `http::Request`, for instance.
    pub const fn keyed<Q, K>(family: &'static Breakers, key: P) -> Self
    where
        P: Fn(&Q) -> &K,
        K: Key + ?Sized,
    {
        Self::over(Keyed { family, key })
    }
}

impl<W> BreakerLayer<W> {
    const fn over(who: W) -> Self {
        Self { who, ignore: Nothing, failure: Errors, rejection: Boxed }
    }
}

impl<W, I, F, R> BreakerLayer<W, I, F, R> {
    /// Says which answers are failures, among the `Ok`s too. All others are successes, errors as well.
    ///
    /// Default: each `Err`. Each of the methods that say what is a failure takes the place of the one before.
    ///
    /// ```
    /// # use breaker_runtime::tower::BreakerLayer;
    /// # use breaker_runtime::{CircuitBreaker, Settings};
    /// # static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());
    /// # struct Price { cents: u32 }
    /// let layer = BreakerLayer::new(&PRICING)
    ///     .failure_if(|answer: &Result<Price, std::io::Error>| answer.as_ref().map_or(true, |price| price.cents == 0));
    /// ```
    pub fn failure_if<T, E, P>(self, is_failure: P) -> BreakerLayer<W, I, FailureIf<P>, R>
    where
        P: Fn(&Result<T, E>) -> bool,
    {
        self.failing_by(FailureIf(is_failure))
    }

    /// HTTP responses with the status 5xx or 429 are failures, as is each `Err`; see [`crate::http::is_failure`]. Reports
    /// quote the status. For services whose response is an [`http::Response`](::http::Response).
    #[cfg(feature = "http")]
    pub fn http_errors(self) -> BreakerLayer<W, I, HttpErrors, R> {
        self.failing_by(HttpErrors)
    }

    /// The same for another type of response: `http_errors_by(reqwest::Response::status)`.
    #[cfg(feature = "http")]
    pub fn http_errors_by<T, P>(self, status: P) -> BreakerLayer<W, I, HttpErrorsBy<P>, R>
    where
        P: Fn(&T) -> ::http::StatusCode,
    {
        self.failing_by(HttpErrorsBy(status))
    }

    /// gRPC statuses by which a server says that it cannot serve are failures, as is each `Err`: `UNKNOWN`,
    /// `DEADLINE_EXCEEDED`, `RESOURCE_EXHAUSTED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`, and HTTP statuses as
    /// in [`http_errors`](Self::http_errors). All others are the caller's doing (`NOT_FOUND`, `INVALID_ARGUMENT`), so the
    /// server works.
    ///
    /// Only a status in the response's head is seen. There servers put it when they have nothing else to say, which is
    /// how tonic and most others answer a unary call that fails. A status that comes after messages, in trailers, is not
    /// seen: a stream that began well is a success.
    #[cfg(feature = "http")]
    pub fn grpc_errors(self) -> BreakerLayer<W, I, GrpcErrors, R> {
        self.failing_by(GrpcErrors)
    }

    /// Says which answers say nothing about the dependency: they are neither success nor failure. Asked before all
    /// else.
    ///
    /// Default: none.
    ///
    /// ```
    /// # use std::io::{Error, ErrorKind};
    /// # use breaker_runtime::tower::BreakerLayer;
    /// # use breaker_runtime::{CircuitBreaker, Settings};
    /// # static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());
    /// # type Price = u32;
    /// let layer = BreakerLayer::new(&PRICING).ignore_if(
    ///     |answer: &Result<Price, Error>| matches!(answer, Err(error) if error.kind() == ErrorKind::InvalidInput),
    /// );
    /// ```
    pub fn ignore_if<T, E, P>(self, says_nothing: P) -> BreakerLayer<W, IgnoreIf<P>, F, R>
    where
        P: Fn(&Result<T, E>) -> bool,
    {
        let Self { who, failure, rejection, .. } = self;
        BreakerLayer { who, ignore: IgnoreIf(says_nothing), failure, rejection }
    }

    /// Says what a rejected caller gets, as a response or an error of the service's own types. For a service
    /// whose error is made from [`CircuitBreakerError`], and for one that must not fail:
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use breaker_runtime::tower::BreakerLayer;
    /// # use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Settings};
    /// # static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());
    /// # type Price = u32;
    /// # #[derive(Debug, thiserror::Error)]
    /// # enum PriceError { #[error(transparent)] Unavailable(#[from] CircuitBreakerError) }
    /// let fails = BreakerLayer::new(&PRICING).on_rejection(|rejected| Err::<Price, PriceError>(rejected.into()));
    /// let answers = BreakerLayer::new(&PRICING).on_rejection(|rejected| Ok::<_, Infallible>(rejected.to_string()));
    /// ```
    ///
    /// With the feature `axum` a route answers 503 with `Retry-After` by
    /// `.on_rejection(|rejected| Ok(rejected.into_response()))`.
    ///
    /// Default: the service's error becomes a [`BoxError`], as with tower's own `Timeout` and `LoadShed`, for an error
    /// of reqwest's, say, cannot be made from ours. `error.is::<CircuitBreakerError>()` tells a rejection.
    pub fn on_rejection<T, E, P>(self, answer: P) -> BreakerLayer<W, I, F, OnRejection<P>>
    where
        P: Fn(CircuitBreakerError) -> Result<T, E>,
    {
        let Self { who, ignore, failure, .. } = self;
        BreakerLayer { who, ignore, failure, rejection: OnRejection(answer) }
    }

    fn failing_by<G>(self, failure: G) -> BreakerLayer<W, I, G, R> {
        let Self { who, ignore, rejection, .. } = self;
        BreakerLayer { who, ignore, failure, rejection }
    }
}

impl<S, W, I, F, R> Layer<S> for BreakerLayer<W, I, F, R>
where
    Self: Clone,
{
    type Service = BreakerService<S, W, I, F, R>;

    fn layer(&self, inner: S) -> Self::Service {
        BreakerService::new(inner, self.clone())
    }
}

impl<W, I, F, R> fmt::Debug for BreakerLayer<W, I, F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerLayer").finish_non_exhaustive()
    }
}
