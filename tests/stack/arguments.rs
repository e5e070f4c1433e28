//! Which functions can be made again: all kinds of arguments.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use breaker_runtime::circuit_breaker;
use breaker_runtime::testing;

use super::support::Error;

struct Client {
    calls: AtomicU32,
    fails: u32,
}

impl Client {
    fn answer(&self) -> Result<u32, Error> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if call > self.fails { Ok(call) } else { Err(Error::Busy) }
    }

    #[circuit_breaker(retry(backoff = "1ms"))]
    fn get(&self, mut names: Vec<String>, (a, b): (u32, Box<u32>), _unused: String, _: &str) -> Result<String, Error> {
        names.push(format!("{a}{b}"));
        let attempts = self.answer()?;
        Ok(format!("{} after {attempts}", names.join(" ")))
    }

    #[circuit_breaker(retry(backoff = "1ms"))]
    fn counted(self: &Arc<Self>, name: &'static str) -> Result<(&'static str, u32), Error> {
        let n = self.answer()?;
        Ok((name, n))
    }

    #[circuit_breaker(retry(backoff = "1ms"), fallback = Self::other, fallback_on = "failure")]
    async fn get_async<T: Clone + Display + Send>(&self, name: T, mut n: u32) -> Result<String, Error> {
        n += self.answer()?;
        Ok(format!("{name} {n}"))
    }

    async fn other<T: Display + Send>(&self, name: T, n: u32) -> Result<String, Error> {
        Ok(format!("no {name} {n}"))
    }
}

fn client() -> Client {
    Client { calls: AtomicU32::new(0), fails: 1 }
}

struct Pair {
    left: String,
    right: Vec<u32>,
}

impl Clone for Pair {
    fn clone(&self) -> Self {
        Self { left: self.left.clone(), right: self.right.clone() }
    }
}

#[circuit_breaker(retry(backoff = "1ms"))]
fn taken_apart(
    client: &Client,
    ref mut text: String,
    Pair { left, mut right }: Pair,
    whole @ (n, _): (u32, u32),
) -> Result<String, Error> {
    text.push('x');
    right.push(n);
    let attempts = client.answer()?;
    Ok(format!("{text} {left} {right:?} {whole:?} {attempts}"))
}

#[circuit_breaker(retry(backoff = "1ms"), fallback = |_| { list.push(9); Ok(list) }, fallback_on = "failure")]
fn changed(client: &Client, mut list: Vec<u32>) -> Result<Vec<u32>, Error> {
    list.push(1);
    client.answer().map(|_| list)
}

#[test]
fn patterns_are_what_they_are_without_attempts() {
    testing::isolated(|_| {
        let pair = Pair { left: "l".into(), right: vec![1] };
        assert_eq!(taken_apart(&client(), "t".into(), pair, (7, 8)).unwrap(), "tx l [1, 7] (7, 8) 2");
        assert_eq!(changed(&client(), Vec::new()).unwrap(), [1]);
        assert_eq!(changed(&Client { fails: 9, ..client() }, Vec::new()).unwrap(), [9]);
    });
}

#[test]
fn every_attempt_has_its_own_copy() {
    testing::isolated(|_| {
        let names = vec!["x".to_owned()];
        assert_eq!(client().get(names, (1, Box::new(2)), String::new(), "").unwrap(), "x 12 after 2");
        assert_eq!(Arc::new(client()).counted("a").unwrap(), ("a", 2));
    });
}

#[tokio::test(start_paused = true)]
async fn generic_arguments_are_copied_too() {
    super::support::paused(async |_| {
        assert_eq!(client().get_async("a", 5).await.unwrap(), "a 7");
        let busy = Client { fails: 9, ..client() };
        assert_eq!(busy.get_async("a".to_owned(), 5).await.unwrap(), "no a 5");
    })
    .await;
}

#[async_trait::async_trait]
trait Prices {
    async fn price(&self, sku: String) -> Result<String, Error>;
}

#[async_trait::async_trait]
impl Prices for Client {
    #[circuit_breaker(accessor = false, retry(backoff = "1ms"))]
    async fn price(&self, sku: String) -> Result<String, Error> {
        Ok(format!("{sku} {}", self.answer()?))
    }
}

#[tokio::test(start_paused = true)]
async fn boxed_futures_are_made_again() {
    super::support::paused(async |_| assert_eq!(client().price("a".to_owned()).await.unwrap(), "a 2")).await;
}

/// A future that waits between attempts may go to other threads, whatever the error is made of.
#[tokio::test]
async fn what_waits_can_be_sent() {
    struct OfThisThread(#[expect(dead_code, reason = "it is only held")] *const u8);
    #[circuit_breaker(retry, fallback = |_| Ok(()))]
    async fn call(log: String) -> Result<(), OfThisThread> {
        tokio::task::yield_now().await;
        drop(log);
        Ok(())
    }
    fn sent<F: Future + Send>(future: F) -> F {
        future
    }
    assert!(sent(call(String::new())).await.is_ok());
}
