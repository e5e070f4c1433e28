//! Whether the breaker did what it promises, and whether the plain shop suffered.

use std::time::Duration;

use breaker_runtime::State;

use crate::life::Life;
use crate::measure::{Page, Share, Visit, arrived_within, latencies};
use crate::weather::{END, HANG};

/// What was measured at one shop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    pub(crate) visits: Vec<Visit>,
    pub(crate) calls_while_sick: u32,
    pub(crate) most_waiting: usize,
}

/// What was measured in one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) plain: Side,
    pub(crate) protected: Side,
    pub(crate) life: Life,
}

impl Side {
    pub(crate) fn catalog_during_the_hang(&self) -> Share {
        Share::answered(arrived_within(&self.visits, HANG.from..HANG.until), Page::Catalog)
    }
}

impl Run {
    /// The 99th percentile of the waits for a price of those who came while the breaker was open.
    pub(crate) fn p99_while_open(&self) -> Option<Duration> {
        let stretches = self.life.stretches(END);
        let open = stretches.iter().filter(|stretch| stretch.state == State::Open);
        let visits = open.flat_map(|stretch| arrived_within(&self.protected.visits, stretch.during.clone()));
        latencies(visits.filter(|visit| visit.page == Page::Price)).percentile(99)
    }
}

/// One demand, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) demand: &'static str,
    pub(crate) measured: String,
    pub(crate) holds: bool,
}

pub(crate) fn checks(run: &Run) -> Vec<Check> {
    let catalog = Share::answered(&run.protected.visits, Page::Catalog).percent();
    let prices = Share::answered(&run.protected.visits, Page::Price).percent();
    let p99 = run.p99_while_open();
    let closed = run.life.healing_to_closed();
    let hang = run.plain.catalog_during_the_hang();
    vec![
        Check {
            demand: "protected shop: at least 99.9 % of /catalog answered",
            measured: format!("{catalog:.2} %"),
            holds: catalog >= 99.9,
        },
        Check {
            demand: "protected shop: at least 99 % of prices answered",
            measured: format!("{prices:.2} %"),
            holds: prices >= 99.0,
        },
        Check {
            demand: "protected shop: p99 of prices below 50 ms while the breaker is open",
            measured: p99.map_or_else(|| "it was never open".to_owned(), millis),
            holds: p99.is_some_and(|p99| p99 < Duration::from_millis(50)),
        },
        Check {
            demand: "protected shop: breaker closed within 3 s of healing",
            measured: closed.map_or_else(|| "it was not".to_owned(), seconds),
            holds: closed.is_some_and(|closed| closed <= Duration::from_secs(3)),
        },
        Check {
            demand: "plain shop: less than 50 % of /catalog answered during the hang",
            measured: format!("{:.1} %", hang.percent()),
            holds: hang.whole > 0 && hang.percent() < 50.0,
        },
    ]
}

pub(crate) fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::life::tests::life;
    use crate::measure::Outcome;
    use crate::measure::tests::visit;
    use crate::shop::Source;

    /// A run in which all went as it should: a visit to each page of each shop every 100 ms.
    pub(crate) fn good_run() -> Run {
        let mut run = Run { life: life(&[(6_000, State::Open), (24_000, State::Closed)]), ..Run::default() };
        for arrived in (0..30_000).step_by(100) {
            let catalog = visit(arrived, 2, Page::Catalog, Outcome::Catalog);
            let second = arrived / 1_000;
            let sick = (6_000..24_000).contains(&arrived);
            let (source, version) = if sick { (Source::Cached, 5) } else { (Source::Live, second) };
            let price = visit(arrived, 6, Page::Price, Outcome::Price { source, version });
            run.protected.visits.extend([catalog, price]);
            let hang = (11_000..19_000).contains(&arrived);
            run.plain.visits.extend(if hang {
                [
                    visit(arrived, 0, Page::Catalog, Outcome::TurnedAway),
                    visit(arrived, 2_000, Page::Price, Outcome::GaveUp),
                ]
            } else {
                [catalog, price]
            });
        }
        run
    }

    fn failed(run: &Run) -> Vec<&'static str> {
        checks(run).into_iter().filter(|check| !check.holds).map(|check| check.demand).collect()
    }

    #[test]
    fn a_good_run_passes() {
        assert_eq!(failed(&good_run()), [""; 0]);
    }

    #[test]
    fn an_empty_run_fails_everything() {
        assert_eq!(failed(&Run::default()).len(), 5);
    }

    #[test]
    fn one_lost_catalog_in_a_hundred_is_too_much() {
        let mut run = good_run();
        for visit in run.protected.visits.iter_mut().filter(|visit| visit.page == Page::Catalog).take(3) {
            visit.outcome = Outcome::GaveUp;
        }
        assert_eq!(failed(&run), ["protected shop: at least 99.9 % of /catalog answered"]);
    }

    #[test]
    fn lost_prices_are_noticed() {
        let mut run = good_run();
        for visit in run.protected.visits.iter_mut().filter(|visit| visit.page == Page::Price).take(4) {
            visit.outcome = Outcome::Failed;
        }
        assert_eq!(failed(&run), ["protected shop: at least 99 % of prices answered"]);
    }

    #[test]
    fn slow_prices_count_only_while_open() {
        let mut run = good_run();
        for visit in run.protected.visits.iter_mut().filter(|visit| visit.arrived < Duration::from_secs(6)) {
            visit.waited = Duration::from_secs(1);
        }
        assert_eq!(failed(&run), [""; 0]);
        for visit in run.protected.visits.iter_mut().filter(|visit| visit.arrived < Duration::from_secs(7)) {
            visit.waited = Duration::from_millis(50);
        }
        assert_eq!(failed(&run), ["protected shop: p99 of prices below 50 ms while the breaker is open"]);
    }

    #[test]
    fn closing_has_three_seconds() {
        let mut run = good_run();
        run.life = life(&[(6_000, State::Open), (26_000, State::Closed)]);
        assert_eq!(failed(&run), [""; 0]);
        run.life = life(&[(6_000, State::Open), (26_001, State::Closed)]);
        assert_eq!(failed(&run), ["protected shop: breaker closed within 3 s of healing"]);
        run.life = life(&[(6_000, State::Open)]);
        assert_eq!(failed(&run), ["protected shop: breaker closed within 3 s of healing"]);
    }

    #[test]
    fn a_plain_shop_in_good_health_proves_nothing() {
        let mut run = good_run();
        run.plain = run.protected.clone();
        assert_eq!(failed(&run), ["plain shop: less than 50 % of /catalog answered during the hang"]);
    }
}
