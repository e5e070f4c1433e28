//! A tonic client behind a breaker, which sees gRPC statuses: those by which the server says that it cannot serve open
//! it, those by which it says that the caller is wrong do not.
//!
//! `cargo run --bin tonic_client` starts a server of gRPC's health service on this machine, and lets it be overloaded.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{CircuitBreaker, Settings, State};
use tokio::net::TcpListener;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::{BoxError, ServiceBuilder};

const RESET: Duration = Duration::from_secs(30);

static IS_OVERLOADED: AtomicBool = AtomicBool::new(false);
/// How many calls have reached the server.
static REACHED: AtomicU32 = AtomicU32::new(0);

// On a clock turned by hand, so that nobody has to wait here. A program without it has
// `static HEALTH: CircuitBreaker = CircuitBreaker::new(…)`.
static CLOCK: LazyLock<ManualClock> = LazyLock::new(ManualClock::new);
static HEALTH: LazyLock<CircuitBreaker> = LazyLock::new(|| {
    let settings = Settings::new().consecutive(3).reset(RESET);
    CircuitBreaker::builder("health").settings(settings).clock(&*CLOCK).build().expect("good settings")
});

fn admit(request: Request<()>) -> Result<Request<()>, Status> {
    REACHED.fetch_add(1, Ordering::Relaxed);
    if IS_OVERLOADED.load(Ordering::Relaxed) { Err(Status::unavailable("too much to do")) } else { Ok(request) }
}

/// Where the server is.
async fn start_server() -> Result<String, BoxError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (_, health) = tonic_health::server::health_reporter();
    let server = Server::builder().add_service(InterceptedService::new(health, admit));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    Ok(url)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // A time limit of tonic's own is inside of the breaker, where it belongs.
    let channel = Endpoint::from_shared(start_server().await?)?.timeout(Duration::from_secs(10)).connect_lazy();
    let breaker = BreakerLayer::new(&*HEALTH)
        .grpc_errors()
        .on_rejection(|rejected| Err(Status::unavailable(rejected.to_string()).into()));
    // Callers get rejections as a status too. A channel's own error cannot be made from one, so it goes into a box before.
    let channel = ServiceBuilder::new().layer(breaker).map_err(BoxError::from).service(channel);
    let client = HealthClient::new(channel);
    let ask = async |service: &str| {
        let request = HealthCheckRequest { service: service.to_owned() };
        // Clones share the connection and the breaker.
        let answer = client.clone().check(request).await;
        match &answer {
            Ok(answer) => println!("  {service:?}: {:?}", answer.get_ref().status()),
            Err(status) => println!("  {service:?}: {:?}, {}", status.code(), status.message()),
        }
        answer.map_or_else(|status| status.code(), |_| Code::Ok)
    };

    println!("the server is well, and a service that it does not know is no failure:");
    assert_eq!(ask("").await, Code::Ok);
    for _ in 0..5 {
        assert_eq!(ask("pricing").await, Code::NotFound);
    }
    assert_eq!(HEALTH.state(), State::Closed);

    println!("it is overloaded, and says so three times:");
    IS_OVERLOADED.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        assert_eq!(ask("").await, Code::Unavailable);
    }
    assert_eq!(HEALTH.state(), State::Open);

    println!("the breaker is open, and nothing reaches it:");
    let reached = REACHED.load(Ordering::Relaxed);
    assert_eq!(ask("").await, Code::Unavailable);
    assert_eq!(REACHED.load(Ordering::Relaxed), reached);

    println!("half a minute later the probe finds it well:");
    IS_OVERLOADED.store(false, Ordering::Relaxed);
    CLOCK.advance(RESET);
    assert_eq!(ask("").await, Code::Ok);
    assert_eq!(HEALTH.state(), State::Closed);
    println!("\n{}", HEALTH.snapshot().last_trip.expect("it was open"));
    Ok(())
}
