//! What answers in the place of a call.

use std::sync::Arc;

use breaker_runtime::{Cause, State, circuit_breaker};
use tokio::task::yield_now;

use crate::Error;

/// Neither `Clone` nor `Copy`: it can only be passed on.
#[derive(Debug, PartialEq)]
struct Order(u32);

#[circuit_breaker(threshold = 1, fallback = passed_on)]
fn by_move(order: Order, log: &mut Vec<u32>) -> Result<Order, Error> {
    log.push(order.0);
    if order.0 == 0 { Err(Error::Failed) } else { Ok(order) }
}

fn passed_on(order: Order, log: &mut Vec<u32>) -> Result<Order, Error> {
    log.push(100 + order.0);
    Ok(order)
}

#[test]
fn arguments_are_moved_to_the_fallback() {
    let mut log = Vec::new();
    assert_eq!(by_move(Order(1), &mut log), Ok(Order(1)));
    assert_eq!(by_move(Order(0), &mut log), Err(Error::Failed));
    assert_eq!(by_move(Order(2), &mut log), Ok(Order(2)));
    assert_eq!(log, [1, 0, 102]);
}

#[circuit_breaker(threshold = 1, fallback = passed_on_async)]
async fn by_move_async(order: Order, log: &mut Vec<u32>) -> Result<Order, Error> {
    yield_now().await;
    log.push(order.0);
    if order.0 == 0 { Err(Error::Failed) } else { Ok(order) }
}

async fn passed_on_async(order: Order, log: &mut Vec<u32>) -> Result<Order, Error> {
    yield_now().await;
    log.push(100 + order.0);
    Ok(order)
}

#[tokio::test]
async fn arguments_are_moved_to_an_async_fallback() {
    let mut log = Vec::new();
    assert_eq!(by_move_async(Order(0), &mut log).await, Err(Error::Failed));
    assert_eq!(by_move_async(Order(2), &mut log).await, Ok(Order(2)));
    assert_eq!(log, [0, 102]);
}

#[circuit_breaker(threshold = 1, fallback = whole)]
fn patterns((a, mut b): (u32, u32), [c, ..]: [u32; 2], _: u32, ref d: u32, e @ _: u32) -> Result<u32, Error> {
    b += a + c + d + e;
    if b == 0 { Err(Error::Failed) } else { Ok(b) }
}

fn whole(pair: (u32, u32), list: [u32; 2], unnamed: u32, d: u32, e: u32) -> Result<u32, Error> {
    Ok(100 + pair.0 + pair.1 + list[0] + list[1] + unnamed + d + e)
}

#[test]
fn patterns_are_passed_on_whole() {
    assert_eq!(patterns((1, 2), [3, 4], 5, 6, 7), Ok(19));
    assert_eq!(patterns((0, 0), [0, 4], 5, 0, 0), Err(Error::Failed));
    assert_eq!(patterns((1, 2), [3, 4], 5, 6, 7), Ok(128));
}

#[circuit_breaker(threshold = 1, fallback = generic_fallback::<_, N>)]
fn generic<'a, T: Clone, const N: usize>(items: &'a [T; N], more: impl Into<u32>) -> Result<Vec<T>, Error> {
    if more.into() == 0 { Err(Error::Failed) } else { Ok(items.to_vec()) }
}

fn generic_fallback<T: Clone, const N: usize>(items: &[T; N], _: impl Into<u32>) -> Result<Vec<T>, Error> {
    Ok([&items[..], &items[..]].concat())
}

#[test]
fn a_generic_fallback() {
    assert_eq!(generic(&[1], 0_u8), Err(Error::Failed));
    assert_eq!(generic(&[1], 1_u8), Ok(vec![1, 1]));
}

#[circuit_breaker(threshold = 1, fallback = |cause| match cause {
    Cause::Rejected(error) => Ok(format!("{name} {}", error.breaker().ends_with("::closure"))),
    Cause::TimedOut(_) | Cause::Failed(_) => Err(Error::NotFound),
})]
fn closure(name: String) -> Result<String, Error> {
    if name.is_empty() { Err(Error::Failed) } else { Ok(name) }
}

#[test]
fn a_closure_has_the_arguments_and_the_cause() {
    assert_eq!(closure(String::new()), Err(Error::Failed));
    assert_eq!(closure("x".to_owned()), Ok("x true".to_owned()));
}

#[circuit_breaker(threshold = 1, fallback = async |_| passed_on_async(order, log).await)]
async fn async_closure(order: Order, log: &mut Vec<u32>) -> Result<Order, Error> {
    yield_now().await;
    log.push(order.0);
    Err(Error::Failed)
}

#[circuit_breaker(threshold = 1, fallback = |_| async move { yield_now().await; Ok(order) })]
async fn async_block(order: Order) -> Result<Order, Error> {
    yield_now().await;
    if order.0 == 0 { Err(Error::Failed) } else { Ok(order) }
}

#[tokio::test]
async fn closures_that_wait() {
    let mut log = Vec::new();
    assert_eq!(async_closure(Order(1), &mut log).await, Err(Error::Failed));
    assert_eq!(async_closure(Order(2), &mut log).await, Ok(Order(2)));
    assert_eq!(log, [1, 102]);
    assert_eq!(async_block(Order(0)).await, Err(Error::Failed));
    assert_eq!(async_block(Order(2)).await, Ok(Order(2)));
}

#[circuit_breaker(threshold = 2, fallback = kept, fallback_on = "failure", ignore = Error::NotFound)]
fn after_failures(name: String, (a, b): (&str, u32)) -> Result<String, Error> {
    match b {
        0 => Err(Error::Failed),
        1 => Err(Error::NotFound),
        _ => Ok(name + a),
    }
}

fn kept(name: String, (a, b): (&str, u32)) -> Result<String, Error> {
    Ok(format!("kept {name}{a}{b}"))
}

#[test]
fn failures_are_answered_but_ignored_errors_are_not() {
    let call = |b| after_failures("x".to_owned(), ("y", b));
    assert_eq!(call(2), Ok("xy".to_owned()));
    assert_eq!(call(1), Err(Error::NotFound));
    assert_eq!(call(0), Ok("kept xy0".to_owned()));
    assert_eq!(call(0), Ok("kept xy0".to_owned()));
    assert_eq!(after_failures_breaker().state(), State::Open);
    assert_eq!(call(2), Ok("kept xy2".to_owned()));
}

#[circuit_breaker(threshold = 2, timeout = "1s", fallback = kept_async, fallback_on = "failure")]
async fn after_time_outs(name: String, ok: Option<bool>) -> Result<String, Error> {
    match ok {
        None => std::future::pending().await,
        Some(true) => Ok(name),
        Some(false) => Err(Error::Failed),
    }
}

async fn kept_async(name: String, ok: Option<bool>) -> Result<String, Error> {
    yield_now().await;
    Ok(format!("kept {name} {ok:?}"))
}

#[tokio::test(start_paused = true)]
async fn failures_and_time_outs_are_answered() {
    let call = async |ok| after_time_outs("x".to_owned(), ok).await;
    assert_eq!(call(Some(true)).await, Ok("x".to_owned()));
    assert_eq!(call(Some(false)).await, Ok("kept x Some(false)".to_owned()));
    assert_eq!(call(None).await, Ok("kept x None".to_owned()));
    assert_eq!(after_time_outs_breaker().state(), State::Open);
    assert_eq!(call(Some(true)).await, Ok("kept x Some(true)".to_owned()));
}

#[circuit_breaker(threshold = 2, timeout = "1s", fallback = { let name = name.clone(); |cause| match cause {
    Cause::Rejected(_) => Ok(name + " rejected"),
    Cause::TimedOut(error) => Ok(format!("{name} {:?}", error.kind())),
    Cause::Failed(output) => Ok(format!("{name} {output:?}")),
} }, fallback_on = "failure")]
async fn all_causes(name: String, ok: Option<bool>) -> Result<String, Error> {
    match ok {
        None => std::future::pending().await,
        Some(true) => Ok(name),
        Some(false) => Err(Error::Failed),
    }
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_told_every_cause() {
    let call = async |ok| all_causes("x".to_owned(), ok).await;
    assert_eq!(call(Some(true)).await, Ok("x".to_owned()));
    assert_eq!(call(Some(false)).await, Ok("x Err(Failed)".to_owned()));
    assert_eq!(call(None).await, Ok("x TimedOut".to_owned()));
    assert_eq!(call(Some(true)).await, Ok("x rejected".to_owned()));
}

#[circuit_breaker(threshold = 1, timeout = "1s", fallback = kept_async)]
async fn time_outs_without_a_fallback(name: String, ok: Option<bool>) -> Result<String, Error> {
    match ok {
        None => std::future::pending().await,
        _ => Ok(name),
    }
}

#[tokio::test(start_paused = true)]
async fn by_default_time_outs_reach_the_caller() {
    let call = async |ok| time_outs_without_a_fallback("x".to_owned(), ok).await;
    assert_eq!(call(Some(true)).await, Ok("x".to_owned()));
    assert_eq!(call(None).await, Err(Error::TimedOut));
    assert_eq!(call(None).await, Ok("kept x None".to_owned()));
}

struct Client(u32);

impl Client {
    #[circuit_breaker(threshold = 1, fallback = Self::cached)]
    fn by_mut(&mut self, ok: bool) -> Result<&mut u32, Error> {
        if ok { Ok(&mut self.0) } else { Err(Error::Failed) }
    }

    fn cached(&mut self, _: bool) -> Result<&mut u32, Error> {
        self.0 += 100;
        Ok(&mut self.0)
    }

    #[circuit_breaker(threshold = 2, fallback = from_outside, fallback_on = "failure")]
    async fn by_arc(self: Arc<Self>, ok: bool) -> Result<u32, Error> {
        yield_now().await;
        if ok { Ok(self.0) } else { Err(Error::Failed) }
    }

    #[circuit_breaker(threshold = 2, fallback = Self::cached_ref, fallback_on = "failure")]
    fn by_ref(&self, ok: bool) -> Result<&u32, Error> {
        if ok { Ok(&self.0) } else { Err(Error::Failed) }
    }

    fn cached_ref(&self, _: bool) -> Result<&u32, Error> {
        Ok(&7)
    }
}

async fn from_outside(client: Arc<Client>, _: bool) -> Result<u32, Error> {
    yield_now().await;
    Ok(100 + client.0)
}

#[tokio::test]
async fn methods_pass_themselves_on() {
    let mut client = Client(1);
    assert_eq!(client.by_mut(false), Err(Error::Failed));
    *client.by_mut(true).unwrap() += 1;
    assert_eq!(client.0, 102);
    assert_eq!((client.by_ref(true), client.by_ref(false)), (Ok(&102), Ok(&7)));
    let client = Arc::new(client);
    assert_eq!(client.clone().by_arc(true).await, Ok(102));
    assert_eq!(client.clone().by_arc(false).await, Ok(202));
}

#[circuit_breaker(threshold = 1, fallback = |_| Ok(2))]
fn conditional(#[cfg(test)] ok: bool, #[cfg(not(test))] more: NoSuchType) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[test]
fn conditional_parameters_beside_a_closure() {
    assert_eq!(conditional(false), Err(Error::Failed));
    assert_eq!(conditional(true), Ok(2));
}
