//! `key = …`: a breaker for each value.

use std::borrow::Cow;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaker_runtime::{Breakers, State, circuit_breaker, testing};
use tokio::task::yield_now;

use crate::Error;

/// Asserts that one failure for `$bad` closes the function to `$bad` alone.
macro_rules! assert_apart {
    ($call:expr, $bad:expr, $good:expr) => {
        let call = $call;
        assert_eq!(call($bad, false), Err(Error::Failed));
        assert_eq!(call($bad, true), Err(Error::Rejected));
        assert_eq!(call($good, true), Ok(1));
    };
}

fn answer(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker(key = host, threshold = 1)]
fn by_text(host: &str, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[test]
fn a_borrowed_text() {
    assert!(by_text_breakers().get("down").is_none());
    assert_apart!(by_text, "down", "up");
    let state = |host: &str| by_text_breakers().get(host).map(|breaker| breaker.state());
    assert_eq!([state("down"), state("up"), state("other")], [Some(State::Open), Some(State::Closed), None]);
    assert!(by_text_breakers().name().ends_with("::families::by_text"));
}

#[circuit_breaker(key = host, threshold = 1)]
fn by_string(host: String, ok: bool) -> Result<u32, Error> {
    drop(host);
    answer(ok)
}

#[circuit_breaker(key = &host, threshold = 1)]
fn by_reference_to_string(host: &String, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[circuit_breaker(key = host, threshold = 1)]
fn by_shared_text(host: Arc<str>, ok: bool) -> Result<u32, Error> {
    drop(host);
    answer(ok)
}

#[circuit_breaker(key = host, threshold = 1)]
fn by_cow(host: Cow<'_, str>, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[circuit_breaker(key = &&&&host, threshold = 1)]
fn by_many_references(host: &mut &&Box<str>, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[circuit_breaker(key = format!("{host}:{port}"), threshold = 1)]
fn by_made_text(host: &str, port: u16, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[circuit_breaker(key = &host[..2], threshold = 1)]
fn by_part(host: &str, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[test]
fn each_isolation_has_a_family_of_its_own() {
    let outside = by_text_breakers();
    testing::isolated(|test| {
        assert_eq!(by_text("isolated", false), Err(Error::Failed));
        assert_eq!(by_text("isolated", true), Err(Error::Rejected));
        assert!(!std::ptr::eq(by_text_breakers(), outside));
        assert_eq!(by_text_breakers().len(), 1);
        test.advance(Duration::from_secs(60));
        assert_eq!(by_text("isolated", true), Ok(1));
        test.advance(Duration::from_secs(600));
        assert!(by_text_breakers().is_empty(), "it was not called for ten minutes");
    });
    assert!(outside.get("isolated").is_none());
}

#[test]
fn every_kind_of_text_is_one_kind_of_key() {
    assert_apart!(|host: &str, ok| by_string(host.to_owned(), ok), "down", "up");
    assert_apart!(|host: &str, ok| by_reference_to_string(&host.to_owned(), ok), "down", "up");
    assert_apart!(|host: &str, ok| by_shared_text(host.into(), ok), "down", "up");
    assert_apart!(|host: &str, ok| by_cow(host.into(), ok), "down", "up");
    assert_apart!(|host: &str, ok| by_many_references(&mut &&host.into(), ok), "down", "up");
    assert_apart!(|host: &str, ok| by_made_text(host, 80, ok), "down", "up");
    assert_apart!(by_part, "down", "up");
    let all = [
        by_string_breakers(),
        by_reference_to_string_breakers(),
        by_shared_text_breakers(),
        by_cow_breakers(),
        by_many_references_breakers(),
    ];
    for family in all {
        assert_eq!(family.get("down").unwrap().state(), State::Open, "{family:?}");
        assert!(family.get(&"down".to_owned()).is_some());
    }
    assert!(by_made_text_breakers().get("down:80").is_some());
    assert!(by_part_breakers().get("do").is_some());
}

#[circuit_breaker(key = shard, threshold = 1)]
fn by_number(shard: u32, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[circuit_breaker(key = shard, threshold = 1)]
fn by_reference_to_number(shard: &&mut u64, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[circuit_breaker(key = shard % 2, threshold = 1)]
fn by_calculation(shard: u32, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Region {
    Eu,
    Us,
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[circuit_breaker(key = region, threshold = 1)]
fn by_variant(region: Region, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[circuit_breaker(key = region, threshold = 1)]
fn by_any<K>(region: &K, ok: bool) -> Result<u32, Error>
where
    K: Clone + Hash + Eq + fmt::Display + Send + Sync + 'static,
{
    answer(ok)
}

#[circuit_breaker(key = region, threshold = 1)]
fn by_opaque(region: impl Clone + Hash + Eq + fmt::Display + Send + Sync + 'static, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[test]
fn numbers_and_other_types() {
    assert_apart!(by_number, 3, 4);
    assert!(by_number_breakers().get(&3_u32).is_some());
    assert_apart!(|mut shard: u64, ok| by_reference_to_number(&&mut shard, ok), 3, 4);
    assert!(by_reference_to_number_breakers().get(&3_u64).is_some());
    assert_apart!(by_calculation, 3, 4);
    assert_eq!(by_calculation(5, true), Err(Error::Rejected));
    assert_apart!(by_variant, Region::Eu, Region::Us);
    assert!(by_variant_breakers().get(&Region::Eu).is_some());
    assert_apart!(by_any::<Region>, &Region::Eu, &Region::Us);
    assert_eq!(by_any(&"text".to_owned(), true), Ok(1));
    assert!(by_any_breakers().get("text").is_some());
    assert_apart!(by_opaque, Region::Eu, Region::Us);
}

#[derive(Clone)]
struct Order {
    tenant: String,
    items: Vec<u32>,
}

fn order(tenant: &str) -> Order {
    Order { tenant: tenant.to_owned(), items: vec![1] }
}

/// The key borrows from what the body takes.
#[circuit_breaker(key = &order.tenant, threshold = 1)]
async fn place(order: Order, ok: bool) -> Result<Vec<u32>, Error> {
    yield_now().await;
    if ok { Ok(order.items) } else { Err(Error::Failed) }
}

/// The fallback takes it as well.
#[circuit_breaker(key = order.tenant.as_str(), threshold = 1, fallback = kept)]
async fn place_or_keep(order: Order, ok: bool) -> Result<Vec<u32>, Error> {
    place(order, ok).await
}

async fn kept(order: Order, _: bool) -> Result<Vec<u32>, Error> {
    yield_now().await;
    Ok([order.items, vec![0]].concat())
}

#[circuit_breaker(key = order.tenant, threshold = 1, fallback = kept, fallback_on = "failure")]
async fn place_or_keep_always(order: Order, ok: bool) -> Result<Vec<u32>, Error> {
    yield_now().await;
    if ok { Ok(order.items) } else { Err(Error::Failed) }
}

#[circuit_breaker(key = order.tenant, threshold = 1, fallback_on = "failure", fallback = {
    let order = order.clone();
    move |_| Ok(order.items.repeat(2))
})]
fn place_or_double(order: Order, ok: bool) -> Result<Vec<u32>, Error> {
    drop(order.tenant);
    if ok { Ok(order.items) } else { Err(Error::Failed) }
}

#[circuit_breaker(key = order.tenant, threshold = 1, fallback = |_| Ok(order.items))]
fn place_or_pretend(order: Order, ok: bool) -> Result<Vec<u32>, Error> {
    if ok { Ok(order.items) } else { Err(Error::Failed) }
}

#[circuit_breaker(key = order.tenant, threshold = 1, timeout = "1s")]
async fn place_in_time(order: Order, ok: bool) -> Result<Vec<u32>, Error> {
    if !ok {
        std::future::pending::<()>().await;
    }
    Ok(order.items)
}

#[circuit_breaker(key = order.tenant, threshold = 1, timeout = "1s", fallback = kept, fallback_on = "failure")]
async fn place_in_time_or_keep(order: Order, ok: bool) -> Result<Vec<u32>, Error> {
    place_in_time(order, ok).await
}

#[tokio::test(start_paused = true)]
async fn a_key_that_borrows_from_what_is_moved() {
    assert_eq!(place(order("a"), false).await, Err(Error::Failed));
    assert_eq!(place(order("a"), true).await, Err(Error::Rejected));
    assert_eq!(place(order("b"), true).await, Ok(vec![1]));

    assert_eq!(place_or_keep(order("c"), false).await, Err(Error::Failed));
    assert_eq!(place_or_keep(order("c"), true).await, Ok(vec![1, 0]));
    assert_eq!(place_or_keep(order("d"), true).await, Ok(vec![1]));
    let totals = |key| place_or_keep_breakers().get(key).unwrap().totals();
    assert_eq!((totals("c").fallbacks_run, totals("d").fallbacks_run), (1, 0));

    assert_eq!(place_or_keep_always(order("a"), false).await, Ok(vec![1, 0]));
    assert_eq!(place_or_keep_always(order("a"), true).await, Ok(vec![1, 0]));
    assert_eq!(place_or_keep_always(order("b"), true).await, Ok(vec![1]));

    assert_eq!(place_or_double(order("a"), false), Ok(vec![1, 1]));
    assert_eq!(place_or_double(order("a"), true), Ok(vec![1, 1]));
    assert_eq!(place_or_double(order("b"), true), Ok(vec![1]));

    assert_eq!(place_or_pretend(order("a"), false), Err(Error::Failed));
    assert_eq!(place_or_pretend(order("a"), true), Ok(vec![1]));

    assert_eq!(place_in_time(order("a"), false).await, Err(Error::TimedOut));
    assert_eq!(place_in_time(order("a"), true).await, Err(Error::Rejected));
    assert_eq!(place_in_time(order("b"), true).await, Ok(vec![1]));

    assert_eq!(place_in_time_or_keep(order("c"), false).await, Ok(vec![1, 0]));
    assert_eq!(place_in_time_or_keep(order("d"), true).await, Ok(vec![1]));
}

/// The key is asked once, and before anything is moved.
#[circuit_breaker(key = { asked.push('k'); host.len() }, threshold = 1)]
fn counting(asked: &mut String, host: String) -> Result<usize, Error> {
    asked.push('b');
    Ok(host.len())
}

#[test]
fn the_key_is_asked_once() {
    let mut asked = String::new();
    assert_eq!(counting(&mut asked, "host".to_owned()), Ok(4));
    assert_eq!(asked, "kb");
    assert!(counting_breakers().get(&4_usize).is_some());
}

/// A key that is not there ends the call before it is counted.
#[circuit_breaker(key = host.ok_or(Error::NotFound)?, threshold = 1)]
fn perhaps(host: Option<&str>) -> Result<&str, Error> {
    host.ok_or(Error::Failed)
}

/// The key may be waited for, and the future can still be sent.
#[circuit_breaker(key = resolve(host).await, threshold = 1)]
async fn resolved(host: &str, ok: bool) -> Result<u32, Error> {
    answer(ok)
}

async fn resolve(host: &str) -> String {
    yield_now().await;
    host.to_uppercase()
}

/// What the key locks is free again when the body runs.
#[circuit_breaker(key = order.lock().unwrap().tenant, threshold = 1)]
async fn locked(order: &Mutex<Order>, ok: bool) -> Result<usize, Error> {
    yield_now().await;
    let items = order.try_lock().unwrap().items.len();
    if ok { Ok(items) } else { Err(Error::Failed) }
}

/// Nor does the fallback find it locked.
#[circuit_breaker(key = order.lock().unwrap().tenant, threshold = 1, fallback = count)]
fn locked_or_counted(order: &Mutex<Order>, ok: bool) -> Result<usize, Error> {
    if ok { Ok(3) } else { Err(Error::Failed) }
}

fn count(order: &Mutex<Order>, _: bool) -> Result<usize, Error> {
    Ok(order.try_lock().unwrap().items.len())
}

#[tokio::test]
async fn keys_that_wait_or_lock() {
    assert_eq!(tokio::spawn(resolved("a", false)).await.unwrap(), Err(Error::Failed));
    assert_eq!(resolved("A", true).await, Err(Error::Rejected));
    assert!(resolved_breakers().get("A").is_some() && resolved_breakers().get("a").is_none());
    let order = &*Box::leak(Box::new(Mutex::new(order("a"))));
    assert_eq!(tokio::spawn(locked(order, false)).await.unwrap(), Err(Error::Failed));
    assert_eq!(locked(order, true).await, Err(Error::Rejected));
    assert_eq!(locked_or_counted(order, false), Err(Error::Failed));
    assert_eq!(locked_or_counted(order, true), Ok(1));
}

/// Patterns are at hand where the fallback does not need the whole argument.
#[circuit_breaker(key = host, threshold = 1, fallback = |_| Ok(port))]
fn at((host, port): (&str, u32), ok: bool) -> Result<u32, Error> {
    answer(ok)
}

#[test]
fn keys_of_all_sorts() {
    assert_eq!(perhaps(None), Err(Error::NotFound));
    assert_eq!(perhaps(Some("a")), Ok("a"));
    assert_eq!(perhaps_breakers().get("a").unwrap().totals().admitted, 1);
    assert_eq!(at(("a", 80), false), Err(Error::Failed));
    assert_eq!(at(("a", 80), true), Ok(80));
    assert_eq!(at(("b", 80), true), Ok(1));
}

mod clients {
    use super::*;

    pub(super) struct Client {
        pub(super) host: String,
        pub(super) calls: u32,
    }

    impl Client {
        #[circuit_breaker(key = self.host, threshold = 1)]
        pub(super) fn get(&self, ok: bool) -> Result<u32, Error> {
            answer(ok)
        }

        #[circuit_breaker(key = self.host, threshold = 1, accessor = families)]
        pub(super) fn count(&mut self, ok: bool) -> Result<&mut u32, Error> {
            self.calls += 1;
            if ok { Ok(&mut self.calls) } else { Err(Error::Failed) }
        }

        #[circuit_breaker(key = self.host(), threshold = 1, accessor = false)]
        pub(super) async fn end(self, ok: bool) -> Result<String, Error> {
            yield_now().await;
            if ok { Ok(self.host) } else { Err(Error::Failed) }
        }

        #[circuit_breaker(key = self.host, threshold = 1, name = "clients", max_keys = 3, idle = "5m")]
        pub(super) async fn shared(self: Arc<Self>, ok: bool) -> Result<u32, Error> {
            yield_now().await;
            answer(ok)
        }

        #[circuit_breaker(key = host, threshold = 1)]
        pub(super) fn made(host: &str) -> Result<Self, Error> {
            Ok(Self { host: host.to_owned(), calls: 0 })
        }

        fn host(&self) -> &str {
            &self.host
        }

        /// Where the accessor is dropped, its name is free.
        pub(super) fn end_breakers() -> u32 {
            3
        }
    }
}

use clients::Client;

#[tokio::test]
async fn methods() {
    let client = |host: &str| Client { host: host.to_owned(), calls: 0 };
    assert_apart!(|host, ok| client(host).get(ok), "a", "b");
    assert!(Client::get_breakers().get("a").is_some());
    assert_apart!(|host, ok| client(host).count(ok).copied(), "a", "b");
    assert_eq!(Client::families().get("a").unwrap().state(), State::Open);
    assert_eq!(client("a").end(false).await, Err(Error::Failed));
    assert_eq!(client("a").end(true).await, Err(Error::Rejected));
    assert_eq!(client("b").end(true).await.as_deref(), Ok("b"));
    assert_eq!(Client::end_breakers(), 3);
    assert_eq!(Arc::new(client("a")).shared(false).await, Err(Error::Failed));
    assert_eq!(Arc::new(client("a")).shared(true).await, Err(Error::Rejected));
    assert_eq!(Client::shared_breakers().name(), "clients");
    assert!(Client::made("a").is_ok() && Client::made_breakers().get("a").is_some());
}

struct Pool<T> {
    host: T,
}

impl<T: AsRef<str>> Pool<T> {
    #[circuit_breaker(key = self.host.as_ref(), threshold = 1)]
    fn get(&self, ok: bool) -> Result<u32, Error> {
        answer(ok)
    }
}

trait Api {
    fn host(&self) -> String;

    /// A temporary is a key, too; and the accessor does not hinder `dyn`.
    #[circuit_breaker(key = self.host(), threshold = 1)]
    fn provided(&self, ok: bool) -> Result<u32, Error> {
        answer(ok)
    }

    fn required(&self, ok: bool) -> Result<u32, Error>;
}

impl Api for Region {
    fn host(&self) -> String {
        self.to_string()
    }

    #[circuit_breaker(key = self, threshold = 1, accessor = false)]
    fn required(&self, ok: bool) -> Result<u32, Error> {
        answer(ok)
    }
}

#[async_trait::async_trait]
trait Remote {
    async fn ask(&mut self, ok: bool) -> Result<u32, Error>;
}

#[async_trait::async_trait]
impl Remote for Order {
    #[circuit_breaker(key = self.tenant, threshold = 1, accessor = false)]
    async fn ask(&mut self, ok: bool) -> Result<u32, Error> {
        yield_now().await;
        self.items.clear();
        answer(ok)
    }
}

#[tokio::test]
async fn generic_impls_and_traits() {
    assert_apart!(|host, ok| Pool { host }.get(ok), "a", "b");
    assert_eq!(Pool { host: "a".to_owned() }.get(true), Err(Error::Rejected));
    assert!(Pool::<&str>::get_breakers().get("a").is_some());
    assert_apart!(|api: &dyn Api, ok| api.provided(ok), &Region::Eu, &Region::Us);
    assert!(Region::provided_breakers().get("Eu").is_some());
    assert_apart!(|api: &dyn Api, ok| api.required(ok), &Region::Eu, &Region::Us);
    assert_eq!(order("a").ask(false).await, Err(Error::Failed));
    assert_eq!(order("a").ask(true).await, Err(Error::Rejected));
    assert_eq!(order("b").ask(true).await, Ok(1));
}

const MOST: u32 = 200;
const IDLE: Duration = Duration::from_secs(300);

#[circuit_breaker(key = host, max_keys = MOST, idle = IDLE, overflow = "shared", threshold = 1)]
fn with_constants(host: &str) -> Result<u32, Error> {
    answer(host == "up")
}

#[circuit_breaker(key = host, max_keys = 1_000_000, idle = "1h", overflow = "metrics_only", threshold = 1)]
pub(crate) fn with_literals(host: &str) -> Result<u32, Error> {
    answer(host == "up")
}

/// Keys that come out of a macro, and names that the expansion might have used.
macro_rules! keyed {
    ($name:ident, $one:ident, $other:ident, $key:expr) => {
        #[circuit_breaker(key = $key, threshold = 1)]
        fn $name($one: &str, $other: u32, admitted: bool) -> Result<u32, Error> {
            assert_ne!($one.len(), $other as usize);
            answer(admitted)
        }
    };
}
keyed!(by_macro, breaker, family, breaker);
keyed!(by_macro_with_more, output, key, &(output, key).1);

#[test]
fn values_and_names() {
    let families: [&'static Breakers; 2] = [with_constants_breakers(), with_literals_breakers()];
    assert_apart!(|host, _| with_constants(host), "down", "up");
    assert_apart!(|host, _| with_literals(host), "down", "up");
    assert!(families.iter().all(|family| family.get("down").is_some()));
    assert_apart!(|host, ok| by_macro(host, 3, ok), "a", "b");
    assert_apart!(|key, ok| by_macro_with_more("a", key, ok), 2, 3);
    assert!(by_macro_breakers().get("a").is_some() && by_macro_with_more_breakers().get(&2_u32).is_some());
}
