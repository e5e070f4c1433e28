//! What a storm amounts to at one shop.

use std::time::Duration;

use super::service::{OUTAGE, Traffic};
use crate::measure::{Page, Share, Visit, arrived_within, latencies};

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) answered: Share,
    pub(super) calls: usize,
    pub(super) customers_in_outage: usize,
    pub(super) calls_in_outage: usize,
    /// Calls within a second, at most.
    pub(super) peak: usize,
    pub(super) most_in_flight: usize,
    /// When customers got answers again, counted from the end of the outage.
    pub(super) back: Option<Duration>,
    /// The 99th percentile of their waits.
    pub(super) p99: Option<Duration>,
}

impl Figures {
    pub(super) fn of(visits: &[Visit], traffic: &Traffic) -> Self {
        Self {
            answered: Share::answered(visits, Page::Price),
            calls: traffic.calls.len(),
            customers_in_outage: arrived_within(visits, OUTAGE).count(),
            calls_in_outage: traffic.calls.iter().filter(|moment| OUTAGE.contains(moment)).count(),
            peak: peak(&traffic.calls),
            most_in_flight: traffic.most_in_flight,
            back: back(visits),
            p99: latencies(visits).percentile(99),
        }
    }

    /// How many calls a customer of the outage became.
    #[expect(clippy::cast_precision_loss, reason = "a run has some thousand calls")]
    pub(super) fn amplification(&self) -> f64 {
        self.calls_in_outage as f64 / self.customers_in_outage.max(1) as f64
    }
}

fn peak(calls: &[Duration]) -> usize {
    let within_a_second =
        |(at, &first): (usize, &Duration)| calls[at..].partition_point(|&call| call < first + Duration::from_secs(1));
    calls.iter().enumerate().map(within_a_second).max().unwrap_or(0)
}

/// The first answer after the outage from which on nine customers of ten, among the next 50, are answered.
fn back(visits: &[Visit]) -> Option<Duration> {
    let mut after: Vec<&Visit> = visits.iter().filter(|visit| visit.arrived >= OUTAGE.end).collect();
    after.sort_unstable_by_key(|visit| visit.arrived);
    let answered = |visit: &&Visit| visit.outcome.answered();
    let well = |next: &&[&Visit]| answered(&next[0]) && next.iter().copied().filter(answered).count() >= 45;
    after.windows(50).find(well).and_then(|next| next[0].ended().checked_sub(OUTAGE.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Outcome;
    use crate::measure::tests::visit;
    use crate::shop::Source;

    const ANSWER: Outcome = Outcome::Price { source: Source::Live, version: 0 };

    fn every_ten_millis(from: u64, until: u64, outcome: Outcome) -> Vec<Visit> {
        (from..until).step_by(10).map(|arrived| visit(arrived, 5, Page::Price, outcome)).collect()
    }

    #[test]
    fn the_peak_is_that_of_any_second() {
        let calls: Vec<Duration> = [0, 900, 1_200, 1_899, 1_900, 5_000].map(Duration::from_millis).into();
        assert_eq!(peak(&calls), 3);
        assert_eq!(peak(&[]), 0);
    }

    #[test]
    fn a_lone_answer_is_no_recovery() {
        let mut visits = every_ten_millis(5_000, 8_000, Outcome::Failed);
        visits[150].outcome = ANSWER;
        assert_eq!(back(&visits), None);
        visits.extend(every_ten_millis(8_000, 9_000, ANSWER));
        assert_eq!(back(&visits), Some(Duration::from_millis(2_005)));
    }

    #[test]
    fn a_customer_becomes_so_many_calls() {
        let visits = every_ten_millis(1_000, 8_000, ANSWER);
        let calls = (1_000..8_000).step_by(5).map(Duration::from_millis).collect();
        let figures = Figures::of(&visits, &Traffic { calls, ..Traffic::default() });
        assert_eq!((figures.calls, figures.customers_in_outage, figures.calls_in_outage), (1_400, 400, 800));
        assert!((figures.amplification() - 2.0).abs() < 1e-9);
        assert!(Figures::default().amplification().abs() < 1e-9);
    }
}
