//! Trait methods: provided and implemented, sync, async, and boxed by `#[async_trait]`.

use breaker_runtime::{State, circuit_breaker};
use tokio::task::yield_now;

use crate::{Error, assert_opens};

trait Api {
    fn required(&self, ok: bool) -> Result<u32, Error>;

    #[circuit_breaker(threshold = 1)]
    fn provided(&self, ok: bool) -> Result<u32, Error> {
        if ok { Ok(1) } else { Err(Error::Failed) }
    }
}

struct One;
struct Two;

impl Api for One {
    #[circuit_breaker(threshold = 1, accessor = false)]
    fn required(&self, ok: bool) -> Result<u32, Error> {
        if ok { Ok(1) } else { Err(Error::Failed) }
    }
}

impl Api for Two {
    #[circuit_breaker(threshold = 1, accessor = false)]
    fn required(&self, ok: bool) -> Result<u32, Error> {
        if ok { Ok(2) } else { Err(Error::Failed) }
    }
}

#[test]
fn each_impl_has_its_breaker_and_all_share_the_provided_ones() {
    let objects: [&dyn Api; 2] = [&One, &Two];
    assert_eq!(objects[0].required(false), Err(Error::Failed));
    assert_eq!(objects[0].required(true), Err(Error::Rejected));
    assert_eq!(objects[1].required(true), Ok(2));
    assert_opens!(objects[0].provided(false), objects[1].provided(true), <One as Api>::provided_breaker());
}

trait Native {
    async fn get(&self, ok: bool) -> Result<u32, Error>;

    #[circuit_breaker(threshold = 1)]
    async fn provided(&mut self, ok: bool) -> Result<u32, Error> {
        self.get(ok).await
    }
}

impl Native for One {
    #[circuit_breaker(threshold = 1, accessor = false, fallback = cached)]
    async fn get(&self, ok: bool) -> Result<u32, Error> {
        yield_now().await;
        if ok { Ok(1) } else { Err(Error::Failed) }
    }
}

async fn cached(_: &One, _: bool) -> Result<u32, Error> {
    Ok(100)
}

#[tokio::test]
async fn native_async_methods() {
    assert_eq!(Native::provided(&mut One, true).await, Ok(1));
    assert_opens!(
        Native::provided(&mut One, false).await,
        Native::provided(&mut One, true).await,
        <One as Native>::provided_breaker()
    );
    assert_eq!(Native::get(&One, true).await, Ok(100));
}

#[async_trait::async_trait]
trait Boxed: Send + Sync {
    async fn get(&self, sku: &str, pair: (u32, u32)) -> Result<String, Error>;

    async fn take(&mut self, order: String) -> Result<&mut u32, Error>;

    #[circuit_breaker(threshold = 1, timeout = "1s")]
    async fn provided(&self, ok: bool) -> Result<u32, Error> {
        if !ok {
            return Err(Error::Failed);
        }
        yield_now().await;
        Ok(1)
    }
}

struct Store(u32);

#[async_trait::async_trait]
impl Boxed for Store {
    #[circuit_breaker(threshold = 1, accessor = false, fallback = Self::cached)]
    async fn get(&self, sku: &str, (a, mut b): (u32, u32)) -> Result<String, Error> {
        yield_now().await;
        b += a + self.0;
        if b == 0 { Err(Error::Failed) } else { Ok(format!("{sku}{b}")) }
    }

    #[circuit_breaker(threshold = 1, accessor = false)]
    async fn take(&mut self, order: String) -> Result<&mut u32, Error> {
        yield_now().await;
        let number: u32 = order.parse().map_err(|_| Error::Failed)?;
        self.0 += number;
        Ok(&mut self.0)
    }
}

impl Store {
    async fn cached(&self, sku: &str, pair: (u32, u32)) -> Result<String, Error> {
        yield_now().await;
        Ok(format!("cached {sku}{pair:?}"))
    }
}

#[tokio::test]
async fn boxed_async_methods() {
    let mut store = Store(0);
    let object: &mut dyn Boxed = &mut store;
    assert_eq!(object.get("x", (1, 2)).await, Ok("x3".to_owned()));
    assert_eq!(object.get("x", (0, 0)).await, Err(Error::Failed));
    assert_eq!(object.get("x", (1, 2)).await, Ok("cached x(1, 2)".to_owned()));
    *object.take("3".to_owned()).await.unwrap() += 1;
    assert_eq!(object.take("?".to_owned()).await, Err(Error::Failed));
    assert_eq!(object.take("3".to_owned()).await, Err(Error::Rejected));
    assert_eq!(store.0, 4);
}

#[tokio::test]
async fn provided_boxed_methods_can_be_sent() {
    let call = |ok| tokio::spawn(async move { Store(1).provided(ok).await });
    assert_eq!(call(true).await.unwrap(), Ok(1));
    assert_opens!(call(false).await.unwrap(), call(true).await.unwrap(), <Store as Boxed>::provided_breaker());
}

/// The accessor of a provided method takes nothing from `dyn`.
#[test]
fn traits_stay_dyn_compatible() {
    let object: Box<dyn Boxed> = Box::new(Store(1));
    drop(object);
    assert_eq!(<Two as Api>::provided_breaker().name(), <One as Api>::provided_breaker().name());
    assert_ne!(<Store as Boxed>::provided_breaker().state(), State::HalfOpen);
}
