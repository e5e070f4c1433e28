#![deny(warnings, rust_2018_idioms)]
#![forbid(unsafe_code)]

use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use renamed::{circuit_breaker, State};

const RESET: Duration = Duration::from_secs(60);

#[allow(deprecated)]
#[circuit_breaker(crate = ::renamed, threshold = 1, reset = RESET)]
fn plain(ok: bool) -> Result<u32> {
    if ok {
        Ok(1)
    } else {
        Err(ErrorKind::BrokenPipe.into())
    }
}

#[allow(deprecated)]
#[circuit_breaker(crate = ::renamed, threshold = 1, fallback = cached)]
fn patterns((a, mut b): (u32, u32), _: u32) -> Result<u32> {
    b += a;
    if b == 0 {
        Err(ErrorKind::BrokenPipe.into())
    } else {
        Ok(b)
    }
}

fn cached(pair: (u32, u32), more: u32) -> Result<u32> {
    Ok(100 + pair.0 + pair.1 + more)
}

struct Client {
    items: Vec<u32>,
}

impl Client {
    #[allow(deprecated)]
    #[circuit_breaker(crate = ::renamed, threshold = 1)]
    fn last(&mut self) -> Result<&mut u32> {
        self.items.last_mut().ok_or_else(|| ErrorKind::NotFound.into())
    }

    #[allow(deprecated)]
    #[circuit_breaker(crate = ::renamed, threshold = 1, ignore = error if error.kind() == ErrorKind::NotFound)]
    async fn get(&self, at: usize) -> Result<&u32> {
        ready().await;
        self.items.get(at).ok_or_else(|| ErrorKind::NotFound.into())
    }
}

#[circuit_breaker(crate = ::renamed, threshold = 2, fallback = after_failure, fallback_on = "failure", name = "kept")]
async fn kept(name: String) -> Result<String> {
    ready().await;
    Err(Error::new(ErrorKind::Other, name))
}

async fn after_failure(name: String) -> Result<String> {
    ready().await;
    Ok(name)
}

#[circuit_breaker(crate = ::renamed, timeout = "1s", fallback = |_| Ok(2))]
async fn limited() -> Result<u32> {
    ready().await;
    Ok(1)
}

/// The key makes something that is dropped before the fallback takes the argument.
#[allow(deprecated)]
#[circuit_breaker(crate = ::renamed, key = Lower(&host).0.to_lowercase(), threshold = 1, fallback = |_| Ok(host))]
async fn keyed(host: String) -> Result<String> {
    ready().await;
    if host.is_empty() {
        Ok(host)
    } else {
        Err(Error::new(ErrorKind::Other, host))
    }
}

struct Lower<'a>(&'a str);

impl Drop for Lower<'_> {
    fn drop(&mut self) {}
}

#[circuit_breaker(crate = ::renamed, key = &pair.0, class = |error| class(error), fallback = same, fallback_on = "failure")]
fn sorted(pair: (&str, u32)) -> Result<u32> {
    Err(Error::new(ErrorKind::Other, pair.0))
}

fn class(_: &Error) -> &'static str {
    "sorted"
}

fn same(pair: (&str, u32)) -> Result<u32> {
    Ok(pair.1)
}

async fn ready() {}

/// Runs a future that never waits.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    struct NoOp;
    impl std::task::Wake for NoOp {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    let waker = std::sync::Arc::new(NoOp).into();
    match Pin::as_mut(&mut future).poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("it never waits"),
    }
}

fn main() {
    assert!(plain(true).is_ok());
    assert_eq!(plain(false).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(plain_breaker().state(), State::Open);
    assert!(plain(true).is_err());

    assert!(patterns((0, 0), 1).is_err());
    assert_eq!(patterns((1, 2), 3).unwrap(), 106);

    let mut client = Client { items: vec![1] };
    *client.last().unwrap() += 1;
    assert_eq!(run(client.get(0)).unwrap(), &2);
    assert!(run(client.get(1)).is_err());
    assert!(run(client.get(0)).is_ok());

    assert_eq!(run(kept("x".to_owned())).unwrap(), "x");
    drop(limited());
    assert_eq!(kept_breaker().name(), "kept");
    assert!(run(keyed("A".to_owned())).is_err());
    assert_eq!(run(keyed("a".to_owned())).unwrap(), "a");
    assert_eq!(keyed_breakers().get("a").unwrap().state(), State::Open);
    assert_eq!(sorted(("a", 3)).unwrap(), 3);
    assert_eq!(sorted_breakers().get("a").unwrap().totals().failed, 1);
    println!("as promised");
}
