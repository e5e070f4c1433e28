//! A reqwest client behind a breaker for each host: one host goes down, the others do not notice.
//!
//! `cargo run --bin reqwest_client` starts two servers on this machine, and takes one of them through an outage.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use axum::serve::Listener;
use breaker_runtime::clock::ManualClock;
use breaker_runtime::tower::{BreakerLayer, host_of};
use breaker_runtime::{Breakers, CircuitBreakerError, Settings, State};
use reqwest::{Client, Method, Request, Response, Url};
use tokio::net::{TcpListener, TcpStream};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};

const RESET: Duration = Duration::from_secs(30);

// Turned by hand, so that nobody has to wait here. A program without it has `static HOSTS: Breakers = Breakers::new(…)`.
static CLOCK: LazyLock<ManualClock> = LazyLock::new(ManualClock::new);
static HOSTS: LazyLock<Breakers> =
    LazyLock::new(|| Breakers::new("hosts", Settings::new().consecutive(3).reset(RESET)).clock(&*CLOCK));

/// A server that hangs up on everybody while it is down.
struct Server {
    listener: TcpListener,
    is_up: Arc<AtomicBool>,
}

impl Server {
    /// Where it is, and what takes it down.
    async fn start() -> Result<(SocketAddr, Arc<AtomicBool>), BoxError> {
        let is_up = Arc::new(AtomicBool::new(true));
        let server = Self { listener: TcpListener::bind("127.0.0.1:0").await?, is_up: Arc::clone(&is_up) };
        let address = server.listener.local_addr()?;
        let pages = Router::new()
            .route("/price", get(async || "99 cents"))
            .route("/broken", get(async || StatusCode::SERVICE_UNAVAILABLE));
        tokio::spawn(async { axum::serve(server, pages).await });
        Ok((address, is_up))
    }
}

impl Listener for Server {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let accepted = Listener::accept(&mut self.listener).await;
            if self.is_up.load(Ordering::Relaxed) {
                return accepted;
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// What the caller sees.
async fn ask<S>(client: &mut S, url: String) -> Result<String, BoxError>
where
    S: Service<Request, Response = Response, Error = BoxError>,
{
    let request = Request::new(Method::GET, Url::parse(&url)?);
    let answer = match client.ready().await?.call(request).await {
        Ok(response) => format!("{}: {}", response.status(), response.text().await?),
        Err(error) if error.is::<CircuitBreakerError>() => format!("rejected: {error}"),
        Err(error) => format!("failed: {error}"),
    };
    println!("  {url}: {answer}");
    Ok(answer)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let (ours, is_up) = Server::start().await?;
    let (other, _) = Server::start().await?;

    // A time limit of reqwest's own is inside of the breaker, where it belongs. Without a pool each call connects, which
    // shows the outage at once.
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).pool_max_idle_per_host(0).build()?;
    let by_host = BreakerLayer::keyed(&HOSTS, |request: &Request| host_of(request.url().authority()));
    let mut client = ServiceBuilder::new().layer(by_host.http_errors_by(Response::status)).service(client);
    let state = |host: SocketAddr| HOSTS.get(&*host.to_string()).map(|breaker| breaker.state());

    println!("both hosts are well, and a page that does not exist is no failure:");
    assert_eq!(ask(&mut client, format!("http://{ours}/price")).await?, "200 OK: 99 cents");
    assert_eq!(ask(&mut client, format!("http://{other}/price")).await?, "200 OK: 99 cents");
    for _ in 0..5 {
        assert!(ask(&mut client, format!("http://{ours}/no-page")).await?.starts_with("404"));
    }
    assert_eq!(state(ours), Some(State::Closed));

    println!("one goes down:");
    assert!(ask(&mut client, format!("http://{ours}/broken")).await?.starts_with("503"));
    is_up.store(false, Ordering::Relaxed);
    for _ in 0..2 {
        assert!(ask(&mut client, format!("http://{ours}/price")).await?.starts_with("failed"));
    }
    assert!(ask(&mut client, format!("http://{ours}/price")).await?.starts_with("rejected"));
    assert_eq!((state(ours), state(other)), (Some(State::Open), Some(State::Closed)));
    assert_eq!(ask(&mut client, format!("http://{other}/price")).await?, "200 OK: 99 cents");

    println!("it comes back, and half a minute later the probe finds out:");
    is_up.store(true, Ordering::Relaxed);
    assert!(ask(&mut client, format!("http://{ours}/price")).await?.starts_with("rejected"));
    CLOCK.advance(RESET);
    assert_eq!(ask(&mut client, format!("http://{ours}/price")).await?, "200 OK: 99 cents");
    assert_eq!(state(ours), Some(State::Closed));
    Ok(())
}
