//! The customers. They come when they come, however the shops do (an open loop): a slow shop gets
//! no mercy by being asked less, and a customer's wait begins when he comes, not when somebody has
//! time to send his request.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout_at};

use crate::clock::RunClock;
use crate::measure::{Log, Outcome, Page, Visit};
use crate::shop::{PRODUCTS, Quote};

/// How many customers a second come to each shop, half of them for a price.
pub(crate) const RATE: u32 = 300;
/// How long a customer waits for an answer before leaving.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How many customers a shop lets in at once: as many as it has places, and as many waiting. The
/// next ones are turned away at the door, as a load balancer does with its limit of connections.
/// With four sockets for each (two shops, two ends) this also bounds the sockets of the program.
pub(crate) const ROOM: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Customer {
    pub(crate) arrives: Duration,
    pub(crate) wants: Wish,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Catalog,
    PriceOf(&'static str),
}

impl Wish {
    fn page(self) -> Page {
        match self {
            Self::Catalog => Page::Catalog,
            Self::PriceOf(_) => Page::Price,
        }
    }
}

/// Who comes when: a customer in each 300th part of a second, at some moment of it, and of every two
/// customers one wants the catalog. The same seed makes the same crowd.
pub(crate) fn schedule(seed: u64, until: Duration) -> Vec<Customer> {
    let mut random = fastrand::Rng::with_seed(seed);
    let turn = Duration::from_secs(1) / RATE;
    let mut customers = Vec::new();
    let mut start = Duration::ZERO;
    while start + turn * 2 <= until {
        let sku = PRODUCTS[random.usize(..PRODUCTS.len())];
        let mut wishes = [Wish::Catalog, Wish::PriceOf(sku)];
        random.shuffle(&mut wishes);
        for wants in wishes {
            customers.push(Customer { arrives: start + turn.mul_f64(random.f64()), wants });
            start += turn;
        }
    }
    customers
}

/// The way into one shop.
#[derive(Debug)]
pub(crate) struct Door {
    url: String,
    http: reqwest::Client,
    room: Semaphore,
    clock: RunClock,
    log: Arc<Log>,
}

impl Door {
    pub(crate) fn new(url: String, clock: RunClock, log: Arc<Log>) -> reqwest::Result<Arc<Self>> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Arc::new(Self { url, http, room: Semaphore::new(ROOM), clock, log }))
    }

    pub(crate) async fn visit(&self, customer: Customer) {
        let leaves = self.clock.at(customer.arrives + PATIENCE);
        let outcome = match self.room.try_acquire() {
            Err(_full) => Outcome::TurnedAway,
            Ok(_inside) => match timeout_at(leaves, self.ask(customer.wants)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => Outcome::Failed,
                Err(_) => Outcome::GaveUp,
            },
        };
        let waited = self.clock.elapsed().saturating_sub(customer.arrives);
        self.log.push(Visit { arrived: customer.arrives, waited, page: customer.wants.page(), outcome });
    }

    async fn ask(&self, wish: Wish) -> reqwest::Result<Outcome> {
        let path = match wish {
            Wish::Catalog => "catalog".to_owned(),
            Wish::PriceOf(sku) => format!("price/{sku}"),
        };
        let response = self.http.get(format!("{}/{path}", self.url)).send().await?;
        if response.status() != StatusCode::OK {
            return Ok(Outcome::Failed);
        }
        Ok(match wish {
            Wish::Catalog => {
                response.bytes().await?;
                Outcome::Catalog
            }
            Wish::PriceOf(_) => {
                let Quote { price, source } = response.json().await?;
                Outcome::Price { source, version: price.version }
            }
        })
    }
}

/// Sends every customer to all the shops at the same moment, and comes back when all have left.
pub(crate) async fn send<Shop, Visit: Future<Output = ()> + Send + 'static>(
    customers: Vec<Customer>,
    shops: &[Arc<Shop>],
    clock: RunClock,
    visit: impl Fn(Arc<Shop>, Customer) -> Visit,
) {
    let mut visits = JoinSet::new();
    for customer in customers {
        sleep_until(clock.at(customer.arrives)).await;
        for shop in shops {
            visits.spawn(visit(Arc::clone(shop), customer));
        }
        while visits.try_join_next().is_some() {}
    }
    visits.join_all().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: Duration = Duration::from_secs(30);

    #[test]
    fn a_seed_makes_one_crowd() {
        assert_eq!(schedule(7, RUN), schedule(7, RUN));
        assert_ne!(schedule(7, RUN), schedule(8, RUN));
    }

    #[test]
    fn they_come_in_order_at_the_rate() {
        let customers = schedule(1, RUN);
        assert!(customers.is_sorted_by_key(|customer| customer.arrives));
        assert!(customers.iter().all(|customer| customer.arrives < RUN));
        let expected = 30 * usize::try_from(RATE).unwrap();
        assert!(customers.len().abs_diff(expected) < 10, "{}", customers.len());
    }

    #[test]
    fn half_of_them_want_the_catalog() {
        let customers = schedule(1, RUN);
        let catalog = customers.iter().filter(|customer| customer.wants == Wish::Catalog).count();
        assert_eq!(catalog * 2, customers.len());
    }
}
