//! What functions borrow, and what they return of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use breaker_runtime::circuit_breaker;
use tokio::task::yield_now;

use crate::{Error, assert_opens};

#[circuit_breaker(threshold = 1, fallback = |_| Ok(Cow::Borrowed("fallback")), fallback_on = "failure")]
async fn elided(text: &str) -> Result<Cow<'_, str>, Error> {
    yield_now().await;
    if text.is_empty() { Err(Error::Failed) } else { Ok(Cow::Borrowed(text)) }
}

#[circuit_breaker(threshold = 1, fallback = first, fallback_on = "failure", timeout = "1s")]
async fn named<'a, 'b: 'a>(_one: &'a str, other: &'b str) -> Result<Cow<'a, str>, Error> {
    yield_now().await;
    if other.is_empty() { Err(Error::Failed) } else { Ok(Cow::Borrowed(other)) }
}

async fn first<'a>(one: &'a str, _: &str) -> Result<Cow<'a, str>, Error> {
    Ok(Cow::Borrowed(one))
}

#[tokio::test]
async fn borrowed_results_of_async_functions() {
    assert_eq!(elided("x").await.unwrap(), "x");
    assert_eq!(elided("").await.unwrap(), "fallback");
    assert_eq!(named("x", "y").await.unwrap(), "y");
    assert_eq!(named("x", "").await.unwrap(), "x");
}

struct Store(Vec<u8>);

impl Store {
    #[circuit_breaker(threshold = 1)]
    fn boxed(&self) -> Result<Box<dyn Iterator<Item = &u8> + '_>, Error> {
        if self.0.is_empty() { Err(Error::Failed) } else { Ok(Box::new(self.0.iter())) }
    }

    #[circuit_breaker(threshold = 1)]
    async fn boxed_async(&self) -> Result<Box<dyn Iterator<Item = &u8> + Send + '_>, Error> {
        yield_now().await;
        if self.0.is_empty() { Err(Error::Failed) } else { Ok(Box::new(self.0.iter())) }
    }

    #[circuit_breaker(threshold = 1)]
    fn opaque(&self) -> Result<impl Iterator<Item = &u8> + '_, Error> {
        if self.0.is_empty() { Err(Error::Failed) } else { Ok(self.0.iter()) }
    }

    #[circuit_breaker(threshold = 1, fallback = Self::itself, fallback_on = "failure")]
    fn behind_two(self: &Arc<Self>, ok: bool) -> Result<&Self, Error> {
        if ok { Ok(self) } else { Err(Error::Failed) }
    }

    fn itself(self: &Arc<Self>, _: bool) -> Result<&Self, Error> {
        Ok(self)
    }
}

#[tokio::test]
async fn iterators_that_borrow() {
    let (empty, full) = (Arc::new(Store(vec![])), Arc::new(Store(vec![1, 2])));
    assert_eq!(full.boxed().unwrap().count(), 2);
    assert_eq!(full.boxed_async().await.unwrap().count(), 2);
    assert_eq!(full.opaque().unwrap().count(), 2);
    assert_opens!(empty.boxed(), full.boxed(), Store::boxed_breaker());
    assert_opens!(empty.boxed_async().await, full.boxed_async().await, Store::boxed_async_breaker());
    assert_opens!(empty.opaque(), full.opaque(), Store::opaque_breaker());
    assert_eq!((full.behind_two(true).unwrap().0.len(), full.behind_two(false).unwrap().0.len()), (2, 2));
}

#[circuit_breaker(threshold = 1, failure_if = |output| { asked.fetch_add(1, Ordering::Relaxed); output.is_err() })]
async fn judged_by_an_argument(asked: &AtomicU32) -> Result<u32, Error> {
    yield_now().await;
    Ok(asked.load(Ordering::Relaxed))
}

#[circuit_breaker(threshold = 1, ignore = Error::NotFound if ignored, fallback = |_| { answer(); Ok(2) })]
fn guarded(ignored: bool, answer: impl FnOnce()) -> Result<u32, Error> {
    answer();
    Err(Error::NotFound)
}

#[tokio::test]
async fn judges_and_fallbacks_see_the_arguments() {
    let asked = AtomicU32::new(1);
    assert_eq!(judged_by_an_argument(&asked).await, Ok(1));
    assert_eq!(asked.into_inner(), 2);
    assert_eq!(guarded(true, || ()), Err(Error::NotFound));
    assert_eq!(guarded(false, || ()), Err(Error::NotFound));
    assert_eq!(guarded(false, || ()), Ok(2));
}

trait Api {
    fn get(&self) -> Result<u32, Error>;
}

impl dyn Api + '_ {
    #[circuit_breaker(threshold = 1, accessor = false)]
    fn twice(&self) -> Result<u32, Error> {
        Ok(self.get()? + self.get()?)
    }
}

impl Api for u32 {
    fn get(&self) -> Result<u32, Error> {
        if *self == 0 { Err(Error::Failed) } else { Ok(*self) }
    }
}

#[test]
fn methods_of_a_trait_object() {
    assert_eq!(<dyn Api>::twice(&1), Ok(2));
    assert_eq!(<dyn Api>::twice(&0), Err(Error::Failed));
    assert_eq!(<dyn Api>::twice(&1), Err(Error::Rejected));
}

#[circuit_breaker(threshold = 1, fallback = |_| 0, failure_if = |output| *output == 1)]
extern "C" fn foreign(number: u32) -> u32 {
    'found: {
        if number == 1 {
            break 'found;
        }
    }
    number
}

#[circuit_breaker(threshold = 1, fallback = raw_fallback)]
fn raw_names(r#type: u32, r#fn: u32) -> Result<u32, Error> {
    if r#type == 0 { Err(Error::Failed) } else { Ok(r#fn) }
}

fn raw_fallback(r#type: u32, r#fn: u32) -> Result<u32, Error> {
    Ok(r#type + r#fn)
}

#[test]
fn foreign_functions_and_raw_names() {
    assert_eq!((foreign(2), foreign(1), foreign(2)), (2, 1, 0));
    assert_eq!((raw_names(1, 2), raw_names(0, 2), raw_names(1, 2)), (Ok(2), Err(Error::Failed), Ok(3)));
}
