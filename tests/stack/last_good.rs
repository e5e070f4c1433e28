//! Answers that are kept for bad times.

use std::time::Duration;

use breaker_runtime::last_good::{Kept, Memory, Store};
use breaker_runtime::testing::{self, Dependency, Script};
use breaker_runtime::{ErrorKind, Mode, State, circuit_breaker};

use super::support::{Error, SECOND, paused};

const HOUR: Duration = Duration::from_secs(3_600);

#[circuit_breaker(threshold = 2, ignore = Error::Missing, last_good(key = sku, ttl = "1h"))]
fn price(sku: &str, dependency: &Dependency) -> Result<u64, Error> {
    if sku == "none" {
        return Err(Error::Missing);
    }
    dependency.call()?;
    Ok(dependency.calls())
}

#[test]
fn the_last_good_answer_is_given_for_failures_and_rejections() {
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().works(2).fails(9));
        assert_eq!((price("a", &dependency).unwrap(), price("b", &dependency).unwrap()), (1, 2));
        test.advance(20 * SECOND);
        assert_eq!((price("a", &dependency).unwrap(), price("b", &dependency).unwrap()), (1, 2));
        assert_eq!((price_breaker().state(), dependency.calls()), (State::Open, 4));
        test.advance(10 * SECOND);
        assert_eq!(price("a", &dependency).unwrap(), 1, "for a rejection");
        assert_eq!(price("c", &dependency).unwrap_err().kind(), ErrorKind::Open, "nothing is known of it");
        let snapshot = price_breaker().snapshot();
        assert_eq!((snapshot.totals.last_good_served, snapshot.last_good_age), (3, Some(30 * SECOND)));
    });
}

#[test]
fn too_old_answers_are_not_given() {
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().works(1).fails(9));
        price("a", &dependency).unwrap();
        price_breaker().set_mode(Mode::ForcedOpen);
        test.advance(HOUR);
        assert_eq!(price("a", &dependency).unwrap(), 1);
        test.advance(Duration::from_nanos(1));
        assert_eq!(price("a", &dependency).unwrap_err().kind(), ErrorKind::ForcedOpen);
        assert_eq!(price_breaker().snapshot().last_good_age, Some(HOUR));
    });
}

#[test]
fn errors_that_are_ignored_are_never_answered_so() {
    #[circuit_breaker(ignore = Error::Missing, last_good(key = (), ttl = "1h"))]
    fn one(answer: Result<u32, Error>) -> Result<u32, Error> {
        answer
    }
    testing::isolated(|_| {
        assert_eq!(one(Ok(1)).unwrap(), 1);
        assert!(matches!(one(Err(Error::Missing)), Err(Error::Missing)));
        assert_eq!(one(Err(Error::Busy)).unwrap(), 1);
    });
}

#[circuit_breaker(threshold = 100, timeout = "1s", last_good(key = (tenant, sku.clone()), ttl = "1h", max = 100),
    retry(attempts = 2), fallback = no_price, fallback_on = "failure")]
async fn asked(tenant: u32, sku: String, dependency: Dependency) -> Result<String, Error> {
    dependency.call_async().await?;
    Ok(format!("{tenant} {sku}"))
}

async fn no_price(tenant: u32, sku: String, _: Dependency) -> Result<String, Error> {
    Ok(format!("no price of {sku} for {tenant}"))
}

#[tokio::test(start_paused = true)]
async fn it_comes_after_all_attempts_and_before_the_fallback() {
    paused(async |test| {
        let dependency = test.dependency(Script::new().works(1).hangs(2).fails(2));
        let ask = |tenant, sku: &str| asked(tenant, sku.to_owned(), dependency.clone());
        assert_eq!(ask(1, "a").await.unwrap(), "1 a");
        assert_eq!(ask(1, "a").await.unwrap(), "1 a");
        assert_eq!(ask(2, "a").await.unwrap(), "no price of a for 2");
        let totals = asked_breaker().totals();
        assert_eq!((dependency.calls(), totals.retried), (5, 2));
        assert_eq!((totals.last_good_served, totals.fallbacks_run), (1, 1));
    })
    .await;
}

/// Down after the first calls.
struct Shop {
    opened: bool,
}

impl Shop {
    #[circuit_breaker(threshold = 2, last_good(key = (), ttl = "1h"), fallback = |_| Ok("no news"))]
    async fn news(&self) -> Result<&'static str, Error> {
        if self.opened { Ok("news") } else { Err(Error::Busy) }
    }

    #[circuit_breaker(threshold = 2, last_good(key = name.len(), ttl = "1h"), fallback = Self::nobody)]
    fn greet(&self, name: String) -> Result<String, Error> {
        if self.opened { Ok(format!("hello {name}")) } else { Err(Error::Busy) }
    }

    fn nobody(&self, name: String) -> Result<String, Error> {
        if self.opened { Err(Error::Missing) } else { Ok(name + " meets nobody") }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fallback_for_rejections_answers_no_failures() {
    paused(async |_| {
        let (open, closed) = (Shop { opened: true }, Shop { opened: false });
        assert!(matches!(closed.news().await, Err(Error::Busy)));
        assert!(matches!(closed.news().await, Err(Error::Busy)));
        assert_eq!(closed.news().await.unwrap(), "no news");
        tokio::time::advance(60 * SECOND).await;
        assert_eq!(open.news().await.unwrap(), "news");
        Shop::news_breaker().set_mode(Mode::ForcedOpen);
        assert_eq!(closed.news().await.unwrap(), "news");

        assert!(matches!(closed.greet("Ann".into()), Err(Error::Busy)));
        assert_eq!(open.greet("Bob".into()).unwrap(), "hello Bob");
        assert_eq!(closed.greet("Eve".into()).unwrap(), "hello Bob", "as long a name");
        Shop::greet_breaker().set_mode(Mode::ForcedOpen);
        assert_eq!(closed.greet("Alice".into()).unwrap(), "Alice meets nobody");
        assert_eq!(Shop::greet_breaker().totals().last_good_served, 1);
    })
    .await;
}

trait Region: Sized {
    const NAME: &'static str;
    const IS_UP: bool;
}

struct Eu;
struct Us;

impl Region for Eu {
    const NAME: &'static str = "eu";
    const IS_UP: bool = true;
}

impl Region for Us {
    const NAME: &'static str = "us";
    const IS_UP: bool = false;
}

#[circuit_breaker(last_good(key = id, ttl = "1h"))]
fn of_region<R: Region, const N: usize>(id: u32) -> Result<String, Error> {
    if R::IS_UP && N < 9 { Ok(format!("{} {id} {N}", R::NAME)) } else { Err(Error::Busy) }
}

#[circuit_breaker(last_good(key = id, ttl = "1h"))]
fn of_argument(region: &impl AnyRegion, id: u32) -> Result<String, Error> {
    region.ask(id)
}

trait AnyRegion {
    fn ask(&self, id: u32) -> Result<String, Error>;

    #[circuit_breaker(accessor = false, last_good(key = id, ttl = "1h"))]
    fn of_type(id: u32) -> Result<String, Error>
    where
        Self: Region,
    {
        of_region::<Self, 1>(id)
    }
}

impl<R: Region> AnyRegion for R {
    fn ask(&self, id: u32) -> Result<String, Error> {
        of_region::<R, 1>(id)
    }
}

struct Client<R>(std::marker::PhantomData<R>);

impl<R: Region> Client<R> {
    #[circuit_breaker(accessor = false, last_good(key = id, ttl = "1h"))]
    fn of_impl(id: u32) -> Result<String, Error> {
        of_region::<R, 1>(id)
    }
}

trait Source {
    fn ask(&self) -> Result<u32, Error>;

    #[circuit_breaker(accessor = false, last_good(key = (), ttl = "1h"))]
    fn get(&self) -> Result<u32, Error> {
        self.ask()
    }
}

impl Source for Eu {
    fn ask(&self) -> Result<u32, Error> {
        Ok(1)
    }
}

impl Source for Us {
    fn ask(&self) -> Result<u32, Error> {
        Err(Error::Busy)
    }
}

#[test]
fn instances_of_a_generic_function_do_not_answer_for_each_other() {
    testing::isolated(|_| {
        assert_eq!(of_region::<Eu, 1>(7).unwrap(), "eu 7 1");
        assert!(of_region::<Us, 1>(7).is_err());
        assert!(of_region::<Eu, 9>(7).is_err());
        assert_eq!((of_argument(&Eu, 8).unwrap(), Eu::of_type(9).unwrap()), ("eu 8 1".into(), "eu 9 1".into()));
        assert_eq!(Client::<Eu>::of_impl(10).unwrap(), "eu 10 1");
        assert!(of_argument(&Us, 8).is_err() && Us::of_type(9).is_err() && Client::<Us>::of_impl(10).is_err());
        assert_eq!(Eu.get().unwrap(), 1);
        assert!(Us.get().is_err());
    });
}

/// Neither is `Clone`.
struct Order(u32);

#[circuit_breaker(threshold = 2, last_good(key = order.0, ttl = "1h"), fallback = refused)]
fn place(order: Order, changed: &mut Vec<u32>) -> Result<u32, Error> {
    changed.push(order.0);
    if order.0 < 9 { Ok(order.0) } else { Err(Error::Busy) }
}

fn refused(order: Order, changed: &mut Vec<u32>) -> Result<u32, Error> {
    changed.clear();
    Ok(Some(order).map_or(0, |order| order.0 + 100))
}

#[circuit_breaker(threshold = 2, last_good(key = name.len(), ttl = "1h"), fallback = |_| Ok(name))]
fn owned(name: String, works: bool) -> Result<String, Error> {
    if works { Ok(name + "!") } else { Err(Error::Busy) }
}

#[test]
fn a_fallback_for_rejections_takes_the_arguments_and_needs_no_copies() {
    testing::isolated(|_| {
        let mut changed = Vec::new();
        assert_eq!(place(Order(1), &mut changed).unwrap(), 1);
        assert!(place(Order(9), &mut changed).is_err());
        assert!(place(Order(9), &mut changed).is_err());
        assert_eq!(changed, [1, 9, 9]);
        assert_eq!(place(Order(1), &mut changed).unwrap(), 1, "the last good answer");
        assert_eq!((place(Order(2), &mut changed).unwrap(), changed), (102, Vec::new()));

        assert_eq!(owned("a".to_owned(), true).unwrap(), "a!");
        owned_breaker().set_mode(Mode::ForcedOpen);
        assert_eq!(owned("b".to_owned(), true).unwrap(), "a!");
        assert_eq!(owned("bc".to_owned(), true).unwrap(), "bc");
    });
}

/// What waits for the store is the answer, and not what the error is made of.
#[tokio::test]
async fn an_answer_that_is_kept_can_be_sent_on_the_way() {
    struct Shop;
    impl Shop {
        #[circuit_breaker(last_good(key = sku, ttl = "1h"), retry, fallback = |_| Ok("nothing"), accessor = false)]
        async fn ask<T: Send + Sync + Clone>(&self, sku: &str, more: T) -> Result<&'static str, Error> {
            tokio::task::yield_now().await;
            drop((sku, more));
            Ok("an answer")
        }
    }
    #[circuit_breaker(last_good(key = name, ttl = "1h"), accessor = false)]
    async fn of_this_thread(name: &'static str) -> Result<&'static str, Box<dyn std::error::Error>> {
        tokio::task::yield_now().await;
        Ok(name)
    }
    #[circuit_breaker(last_good(key = name, ttl = "1h", store = MEMORY), accessor = false)]
    async fn elsewhere(name: String) -> Result<u32, Error> {
        tokio::task::yield_now().await;
        drop(name);
        Ok(1)
    }
    static MEMORY: Memory = Memory::new();
    fn sent<F: Future + Send>(future: F) -> F {
        future
    }
    assert_eq!(sent(Shop.ask("a", 'b')).await.unwrap(), "an answer");
    assert!(sent(async { of_this_thread("a").await.is_ok() }).await);
    assert_eq!(sent(elsewhere(String::new())).await.unwrap(), 1);
}

/// Has an answer that is as old as a minute.
struct Old;

impl Store<(), u32> for Old {
    fn get(&self, (): &(), _ttl: Duration) -> Option<Kept<u32>> {
        Some(Kept { answer: 1, age: 60 * SECOND })
    }

    fn put(&self, (): (), _answer: u32, _ttl: Duration) {}
}

#[circuit_breaker(last_good(ttl = "60s", store = Old), accessor = false)]
fn just_good_enough() -> Result<u32, Error> {
    Err(Error::Busy)
}

#[circuit_breaker(last_good(ttl = "59s", store = Old), accessor = false)]
fn too_old() -> Result<u32, Error> {
    Err(Error::Busy)
}

#[test]
fn a_store_of_ones_own_may_have_answers_that_are_too_old() {
    testing::isolated(|_| {
        assert_eq!(just_good_enough().unwrap(), 1);
        assert!(too_old().is_err());
    });
}
