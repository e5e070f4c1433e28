//! `breaker = …`: breakers held elsewhere.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, Settings, State, circuit_breaker, registry};
use tokio::task::yield_now;

use crate::Error;

static SHARED: CircuitBreaker =
    CircuitBreaker::new("shared", Settings::new().consecutive(2).reset(Duration::from_secs(30)));

#[circuit_breaker(breaker = SHARED)]
fn fetch_price(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker(breaker = SHARED, fallback = |_| Ok(100))]
async fn fetch_stock(ok: bool) -> Result<u32, Error> {
    yield_now().await;
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[tokio::test]
async fn several_functions_share_one_breaker() {
    assert_eq!(fetch_price(false), Err(Error::Failed));
    assert_eq!(fetch_stock(false).await, Err(Error::Failed));
    assert_eq!(fetch_price(true), Err(Error::Rejected));
    assert_eq!(fetch_stock(true).await, Ok(100));
    for breaker in [fetch_price_breaker(), fetch_stock_breaker(), registry::get("shared").unwrap()] {
        assert!(std::ptr::eq(breaker, &raw const SHARED));
    }
}

static LAZY: LazyLock<CircuitBreaker> = LazyLock::new(|| CircuitBreaker::new("lazy", Settings::new().consecutive(1)));

#[circuit_breaker(breaker = LAZY, timeout = "1s", ignore = Error::NotFound)]
async fn by_lazy(answer: Result<u32, Error>) -> Result<u32, Error> {
    yield_now().await;
    answer
}

#[tokio::test]
async fn a_lazy_static() {
    assert_eq!(by_lazy(Err(Error::NotFound)).await, Err(Error::NotFound));
    assert_eq!(by_lazy(Err(Error::Failed)).await, Err(Error::Failed));
    assert_eq!(by_lazy(Ok(1)).await, Err(Error::Rejected));
    assert_eq!(by_lazy_breaker().state(), State::Open);
}

fn made(name: &str) -> Arc<CircuitBreaker> {
    Arc::new(CircuitBreaker::builder(name).settings(Settings::new().consecutive(1)).build().unwrap())
}

struct Client {
    breaker: Arc<CircuitBreaker>,
    calls: u32,
}

impl Client {
    #[circuit_breaker(breaker = self.breaker)]
    fn by_field(&mut self, ok: bool) -> Result<&mut u32, Error> {
        self.calls += 1;
        if ok { Ok(&mut self.calls) } else { Err(Error::Failed) }
    }

    #[circuit_breaker(breaker = self.breaker())]
    async fn by_method(self: Arc<Self>, ok: bool) -> Result<u32, Error> {
        yield_now().await;
        if ok { Ok(self.calls) } else { Err(Error::Failed) }
    }

    fn breaker(&self) -> &Arc<CircuitBreaker> {
        &self.breaker
    }
}

#[async_trait::async_trait]
trait Api {
    async fn get(&mut self, ok: bool) -> Result<u32, Error>;
}

#[async_trait::async_trait]
impl Api for Client {
    #[circuit_breaker(breaker = self.breaker)]
    async fn get(&mut self, ok: bool) -> Result<u32, Error> {
        yield_now().await;
        self.calls += 1;
        if ok { Ok(self.calls) } else { Err(Error::Failed) }
    }
}

#[tokio::test]
async fn each_value_has_its_own() {
    let mut one = Client { breaker: made("one"), calls: 0 };
    let mut two = Client { breaker: made("two"), calls: 0 };
    assert_eq!(one.by_field(false), Err(Error::Failed));
    assert_eq!(one.by_field(true), Err(Error::Rejected));
    assert_eq!(one.get(true).await, Err(Error::Rejected));
    assert_eq!(two.by_field(true), Ok(&mut 1));
    assert_eq!(two.get(true).await, Ok(2));
    let (one, two) = (Arc::new(one), Arc::new(two));
    assert_eq!(one.by_method(true).await, Err(Error::Rejected));
    assert_eq!(two.clone().by_method(true).await, Ok(2));
    assert_eq!(two.clone().by_method(false).await, Err(Error::Failed));
    assert_eq!(two.breaker.state(), State::Open);
}

#[circuit_breaker(breaker = breaker)]
fn by_argument(breaker: &Arc<CircuitBreaker>, ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker(breaker = made("each call"))]
fn by_call(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker(breaker = if ok { &SHARED_TOO } else { &*LAZY_TOO })]
fn by_choice(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

static SHARED_TOO: CircuitBreaker = CircuitBreaker::new("shared, too", Settings::new());
static LAZY_TOO: LazyLock<CircuitBreaker> =
    LazyLock::new(|| CircuitBreaker::new("lazy, too", Settings::new().consecutive(1)));

#[test]
fn any_other_expression() {
    let breaker = made("argument");
    assert_eq!(by_argument(&breaker, false), Err(Error::Failed));
    assert_eq!(by_argument(&breaker, true), Err(Error::Rejected));
    assert_eq!(by_call(false), Err(Error::Failed));
    assert_eq!(by_call(true), Ok(1));
    assert_eq!(by_choice(false), Err(Error::Failed));
    assert_eq!(by_choice(false), Err(Error::Rejected));
    assert_eq!(by_choice(true), Ok(1));
}
