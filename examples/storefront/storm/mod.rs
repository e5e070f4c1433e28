//! A storm of retries: the same crowd in three shops, through the same outage.
//!
//! Each shop has a pricing service of its own, which stands still for four seconds. The first shop asks once for each price;
//! the second one asks up to three times; the third one does so, too, with a breaker inside the retries. When the service
//! is well again, the first shop's line is soon worked off. The second shop asks three times as often as it has customers,
//! which is more than the service can do: it stays down, though nothing is wrong with it any more (a metastable failure).
//!
//! The services are [reckoned](service), not served over sockets, and nobody has a fallback: what is to be seen is what the
//! attempts do to the service.

mod figures;
mod report;
mod service;
mod shop;

use std::time::Duration;

use crate::clock::RunClock;
use crate::crowd::{self, Wish};
use crate::stage::SEED;
use figures::Figures;
use service::{OUTAGE, ROOM, WORK};
use shop::Shop;

const END: Duration = Duration::from_secs(13);

/// What was measured at the three shops.
#[derive(Clone, Debug, Default)]
struct Storm {
    /// No retries.
    once: Figures,
    /// Retries without a breaker.
    alone: Figures,
    /// Retries with the breaker inside.
    inside: Figures,
}

/// Plays the storm, and says whether all came out as it should.
pub(crate) async fn run() -> bool {
    println!(
        "{} customers a second ask each of three shops for a price, for {} s. The pricing services can give {:.0} prices a
second, have room for {ROOM} calls that wait, and stand still from {} s to {} s.
",
        crowd::RATE / 2,
        END.as_secs(),
        1.0 / WORK.as_secs_f64(),
        OUTAGE.start.as_secs(),
        OUTAGE.end.as_secs(),
    );
    let storm = play().await;
    let checks = report::checks(&storm);
    println!("{}\n{}", report::table(&storm), crate::report::verdict(&checks));
    checks.iter().all(|check| check.holds)
}

async fn play() -> Storm {
    let clock = RunClock::start();
    let shops = [Shop::without_retries(clock), Shop::with_retries_alone(clock), Shop::with_breaker_inside(clock)];
    let mut customers = crowd::schedule(SEED, END);
    customers.retain(|customer| matches!(customer.wants, Wish::PriceOf(_)));
    crowd::send(customers, &shops, clock, |shop, customer| async move { shop.serve(customer).await }).await;
    let [once, alone, inside] = shops.map(|shop| Figures::of(&shop.visits(), &shop.service.traffic()));
    Storm { once, alone, inside }
}
