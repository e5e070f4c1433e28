//! Answers that are kept for bad times.

use std::time::Duration;

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
    #[circuit_breaker(threshold = 2, last_good(ttl = "1h"), fallback = |_| Ok("no news"))]
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
