//! A line a second about what goes on.

use std::sync::Arc;
use std::time::Duration;

use breaker_runtime::CircuitBreaker;
use tokio::time::sleep_until;

use crate::clock::RunClock;
use crate::measure::{Log, Page};
use crate::shop::desk::Desk;
use crate::weather::{END, scripted};

const SECOND: Duration = Duration::from_secs(1);

/// What can be watched of a shop while it is open.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) log: Arc<Log>,
    pub(crate) desk: Arc<Desk>,
}

impl View {
    fn describe(&self, now: Duration) -> String {
        let (mut catalog, mut prices) = (0, 0);
        let last_second = now.saturating_sub(SECOND)..now;
        for visit in self.log.all() {
            if visit.outcome.answered() && last_second.contains(&visit.ended()) {
                match visit.page {
                    Page::Catalog => catalog += 1,
                    Page::Price => prices += 1,
                }
            }
        }
        format!("{catalog:>8} {prices:>7} {:>8} {:>8}", self.desk.at_work(), self.desk.waiting())
    }
}

/// Prints until the script ends.
pub(crate) async fn show(plain: View, protected: View, breaker: &'static CircuitBreaker, clock: RunClock) {
    let columns = format!("{:>8} {:>7} {:>8} {:>8}", "catalog", "prices", "at work", "waiting");
    println!("{:<25} {:<34} protected shop", "", "plain shop");
    println!("{:>4}  {:<20}{columns}  {columns}  breaker", "time", "pricing service");
    let mut now = SECOND;
    while now <= END {
        sleep_until(clock.at(now)).await;
        println!(
            "{:>3} s  {:<20}{}  {}  {}",
            now.as_secs(),
            scripted(now.saturating_sub(SECOND)).to_string(),
            plain.describe(now),
            protected.describe(now),
            breaker.state(),
        );
        now += SECOND;
    }
}
