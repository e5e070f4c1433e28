//! Suggestions: a client of HTTP, whose breaker is a layer around it: one for each host.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use breaker_runtime::tower::{BoxError, BreakerLayer, host_of};
use breaker_runtime::{Breakers, Settings, registry};
use reqwest::{Client, Method, Request, Response, Url};
use tokio::net::TcpListener;
use tower::util::BoxCloneService;
use tower::{ServiceBuilder, ServiceExt};

use crate::weather::{Sky, Weather};

static HOSTS: Breakers = Breakers::new(
    "suggestions",
    Settings::new().failures(8).window(Duration::from_secs(10)).reset(Duration::from_secs(4)).latency(true),
)
.dependency("suggestions_api")
.note("pages have no suggestions; nobody has to be woken");

/// The client, and where it asks.
#[derive(Debug, Clone)]
pub(super) struct Suggestions {
    client: BoxCloneService<Request, Response, BoxError>,
    url: Url,
}

impl Suggestions {
    /// Starts the service that is asked, under this sky.
    pub(super) async fn start(sky: Arc<Sky>) -> Result<Self, BoxError> {
        registry::add_family(&HOSTS);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = Url::parse(&format!("http://{}/suggestions", listener.local_addr()?))?;
        let answer = move || {
            let status = match sky.now() {
                Weather::Healthy | Weather::Slow => StatusCode::OK,
                Weather::Failing | Weather::Hanging => StatusCode::BAD_GATEWAY,
            };
            async move { status }
        };
        let pages = Router::new().route("/suggestions", get(answer));
        tokio::spawn(async { axum::serve(listener, pages).await });
        let by_host = BreakerLayer::keyed(&HOSTS, |request: &Request| host_of(request.url().authority()));
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(1)).build()?;
        let client = ServiceBuilder::new().layer(by_host.http_errors_by(Response::status)).service(client);
        Ok(Self { client: client.boxed_clone(), url })
    }

    pub(super) async fn ask(self) -> Result<(), BoxError> {
        self.client.oneshot(Request::new(Method::GET, self.url)).await.map(drop)
    }
}
