//! Last good answers in Redis: what one process has been told, another one gives where the dependency is down. When Redis is
//! down or hangs, calls go on without it.
//!
//! `cargo run --bin redis_store` starts a `redis-server` of its own. Where none is installed it says so, and does nothing.

use std::env;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use breaker_runtime::clock::ManualClock;
use breaker_runtime::last_good::{AsyncStore, Kept};
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Settings, State, Totals, circuit_breaker};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::pipe;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

const TTL: Duration = Duration::from_secs(3_600);
const RESET: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Price {
    cents: u32,
}

/// Answers that all processes share. While Redis hangs, its breaker lets three callers wait for a quarter of a second each, and
/// then nobody until the next probe.
#[derive(Clone)]
struct Answers {
    redis: ConnectionManager,
    breaker: Arc<CircuitBreaker>,
}

#[derive(Debug, thiserror::Error)]
enum RedisError {
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

impl Answers {
    fn at(url: &str, clock: &ManualClock) -> Result<Self, Box<dyn Error>> {
        // Without attempts of its own: the breaker's probe is the next one.
        let config = ConnectionManagerConfig::new().set_number_of_retries(0);
        let redis = ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, config)?;
        let breaker = CircuitBreaker::builder("redis").settings(Settings::new().consecutive(3).reset(RESET));
        Ok(Self { redis, breaker: Arc::new(breaker.clock(clock).build()?) })
    }

    #[circuit_breaker(breaker = self.breaker, timeout = "250ms")]
    async fn read(&self, sku: &str) -> Result<(Option<u32>, i64), RedisError> {
        let key = format!("price:{sku}");
        Ok(pipe().atomic().get(&key).pttl(&key).query_async(&mut self.redis.clone()).await?)
    }

    #[circuit_breaker(breaker = self.breaker, timeout = "250ms")]
    async fn write(&self, sku: &str, price: Price, millis: u64) -> Result<(), RedisError> {
        let mut command = redis::cmd("SET");
        command.arg(format!("price:{sku}")).arg(price.cents).arg("PX").arg(millis);
        Ok(command.query_async(&mut self.redis.clone()).await?)
    }
}

/// What goes wrong is told here, and fails no call.
impl AsyncStore<String, Price> for Answers {
    async fn get(&self, sku: &String, ttl: Duration) -> Option<Kept<Price>> {
        let (cents, left) = self.read(sku).await.inspect_err(|error| println!("    no answer kept: {error}")).ok()?;
        // By the clock of Redis alone: those of two machines need not agree.
        let age = ttl.saturating_sub(Duration::from_millis(left.try_into().ok()?));
        Some(Kept { answer: Price { cents: cents? }, age })
    }

    async fn put(&self, sku: String, price: Price, ttl: Duration) {
        let millis = ttl.as_millis().try_into().unwrap_or(u64::MAX);
        let _ = self.write(&sku, price, millis).await.inspect_err(|error| println!("    not kept: {error}"));
    }
}

/// One of several processes, with a breaker and a connection of its own.
struct Shop {
    name: &'static str,
    pricing_is_up: bool,
    breaker: Arc<CircuitBreaker>,
    answers: Answers,
}

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("the pricing service is down")]
    Down,
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

impl Shop {
    fn new(name: &'static str, pricing_is_up: bool, answers: Answers) -> Result<Self, Box<dyn Error>> {
        let breaker = Arc::new(CircuitBreaker::builder(name).settings(Settings::new().consecutive(2)).build()?);
        Ok(Self { name, pricing_is_up, breaker, answers })
    }

    #[circuit_breaker(breaker = self.breaker, last_good(key = sku, ttl = TTL, store = self.answers))]
    async fn fetch_price(&self, sku: &str) -> Result<Price, PriceError> {
        if self.pricing_is_up { Ok(Price { cents: 99 }) } else { Err(PriceError::Down) }
    }

    async fn price(&self) -> Result<Price, PriceError> {
        let asked = Instant::now();
        let price = self.fetch_price("apple").await;
        let waited = asked.elapsed().as_millis();
        match &price {
            Ok(price) => println!("  {}: {} cents ({waited} ms)", self.name, price.cents),
            Err(error) => println!("  {}: {error} ({waited} ms)", self.name),
        }
        price
    }
}

struct Server(Child);

impl Server {
    async fn start(port: u16) -> io::Result<Self> {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
        let mut server = Self(command.stdout(Stdio::null()).spawn()?);
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = server.0.try_wait()? {
                return Err(io::Error::other(format!("redis-server has ended: {status}")));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let server = match Server::start(port).await {
        Err(error) if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none() => {
            println!("nothing to see: redis-server is not installed");
            return Ok(());
        }
        started => started?,
    };
    // Turned by hand, so that nobody waits for a probe here.
    let (clock, url) = (ManualClock::new(), format!("redis://127.0.0.1:{port}"));
    let one = Shop::new("one", true, Answers::at(&url, &clock)?)?;
    let other = Shop::new("other", false, Answers::at(&url, &clock)?)?;
    let apple = Price { cents: 99 };

    println!("one process is told a price; another one, whose pricing service is down, gives it too:");
    assert_eq!(one.price().await?, apple);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(other.price().await?, apple);
    let age = other.breaker.snapshot().last_good_age.expect("it was given");
    println!("  which was {} ms old", age.as_millis());
    assert!(age >= Duration::from_millis(50) && age < TTL);

    println!("Redis hangs:");
    redis::cmd("CLIENT").arg("PAUSE").arg(600_000).exec_async(&mut one.answers.redis.clone()).await?;
    for _ in 0..5 {
        assert_eq!(one.price().await?, apple);
    }
    let Totals { timed_out, rejected_open, .. } = one.answers.breaker.totals();
    assert_eq!((timed_out, rejected_open), (3, 2), "two callers did not wait for it at all");
    assert!(matches!(other.price().await, Err(PriceError::Down)));

    println!("Redis is killed:");
    drop(server);
    clock.advance(RESET);
    assert_eq!(one.price().await?, apple);
    assert!(matches!(other.price().await, Err(PriceError::Unavailable(_))));

    println!("Redis is back, and empty, until somebody is told a price:");
    let _server = Server::start(port).await?;
    for shop in [&one, &other] {
        // The first call still has the error of the last attempt to connect, and begins the next one.
        for _ in 0..2 {
            clock.advance(RESET);
            let _ = shop.price().await;
        }
        assert_eq!(shop.answers.breaker.state(), State::Closed);
    }
    assert_eq!(other.price().await?, apple);
    Ok(())
}
