//! What happened to the customers, and what it amounts to.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::pricing::version_at;
use crate::shop::Source;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Catalog,
    Price,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The catalog.
    Catalog,
    /// A price.
    Price { source: Source, version: u64 },
    /// An error page, or no connection.
    Failed,
    /// Nothing within the customer's patience.
    GaveUp,
    /// The shop was full.
    TurnedAway,
}

impl Outcome {
    pub(crate) fn answered(self) -> bool {
        matches!(self, Self::Catalog | Self::Price { .. })
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) arrived: Duration,
    pub(crate) waited: Duration,
    pub(crate) page: Page,
    pub(crate) outcome: Outcome,
}

impl Visit {
    pub(crate) fn ended(&self) -> Duration {
        self.arrived + self.waited
    }

    /// Whether a price was old already when the customer came.
    pub(crate) fn stale(&self) -> bool {
        matches!(self.outcome, Outcome::Price { version, .. } if version < version_at(self.arrived))
    }
}

/// The visits that have ended.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Vec<Visit>>);

impl Log {
    pub(crate) fn push(&self, visit: Visit) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(visit);
    }

    pub(crate) fn all(&self) -> Vec<Visit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) part: u32,
    pub(crate) whole: u32,
}

impl Share {
    /// How many of the visits to a page were answered.
    pub(crate) fn answered<'a>(visits: impl IntoIterator<Item = &'a Visit>, page: Page) -> Self {
        let mut share = Self::default();
        for visit in visits.into_iter().filter(|visit| visit.page == page) {
            share.whole += 1;
            share.part += u32::from(visit.outcome.answered());
        }
        share
    }

    /// In percent; of nothing, nothing.
    pub(crate) fn percent(self) -> f64 {
        if self.whole == 0 { 0.0 } else { 100.0 * f64::from(self.part) / f64::from(self.whole) }
    }
}

/// The visits that began within a part of the run.
pub(crate) fn arrived_within(visits: &[Visit], when: Range<Duration>) -> impl Iterator<Item = &Visit> {
    visits.iter().filter(move |visit| when.contains(&visit.arrived))
}

/// The waits of all who got in; who gave up counts with the whole wait. Who was turned away did
/// not wait, and must not make the latency look good.
pub(crate) fn latencies<'a>(visits: impl IntoIterator<Item = &'a Visit>) -> Latencies {
    let inside = visits.into_iter().filter(|visit| visit.outcome != Outcome::TurnedAway);
    let mut waits: Vec<Duration> = inside.map(|visit| visit.waited).collect();
    waits.sort_unstable();
    Latencies(waits)
}

/// Waits, shortest first.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// The shortest wait that at least `percent` of all do not exceed; `None` of nothing.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.max(1) - 1).copied()
    }
}

/// What became of those who asked for a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prices {
    pub(crate) live: u32,
    pub(crate) cached: u32,
    pub(crate) failed: u32,
}

impl Prices {
    pub(crate) fn of(visits: &[Visit]) -> Self {
        let mut prices = Self::default();
        for visit in visits.iter().filter(|visit| visit.page == Page::Price) {
            match visit.outcome {
                Outcome::Price { source: Source::Live, .. } => prices.live += 1,
                Outcome::Price { source: Source::Cached, .. } => prices.cached += 1,
                _ => prices.failed += 1,
            }
        }
        prices
    }
}

/// Old prices that were told after a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StalePrices {
    pub(crate) count: u32,
    /// When the last one was told, counted from that moment.
    pub(crate) last: Option<Duration>,
}

impl StalePrices {
    pub(crate) fn served_after(visits: &[Visit], moment: Duration) -> Self {
        let mut stale = Self::default();
        for visit in visits.iter().filter(|visit| visit.stale()) {
            if let Some(later) = visit.ended().checked_sub(moment) {
                stale.count += 1;
                stale.last = stale.last.max(Some(later));
            }
        }
        stale
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn visit(arrived_ms: u64, waited_ms: u64, page: Page, outcome: Outcome) -> Visit {
        let [arrived, waited] = [arrived_ms, waited_ms].map(Duration::from_millis);
        Visit { arrived, waited, page, outcome }
    }

    fn catalog(waited_ms: u64) -> Visit {
        visit(0, waited_ms, Page::Catalog, Outcome::Catalog)
    }

    fn price(arrived_ms: u64, source: Source, version: u64) -> Visit {
        visit(arrived_ms, 100, Page::Price, Outcome::Price { source, version })
    }

    #[test]
    fn percentiles_are_waits_that_happened() {
        let hundred = latencies(&(1..=100).rev().map(catalog).collect::<Vec<_>>());
        assert_eq!(hundred.percentile(50), Some(Duration::from_millis(50)));
        assert_eq!(hundred.percentile(99), Some(Duration::from_millis(99)));
        assert_eq!(hundred.percentile(100), Some(Duration::from_millis(100)));
        assert_eq!(hundred.percentile(0), Some(Duration::from_millis(1)));
        assert_eq!(latencies(&[catalog(7)]).percentile(99), Some(Duration::from_millis(7)));
        assert_eq!(latencies(&[]).percentile(50), None);
    }

    #[test]
    fn whoever_was_turned_away_did_not_wait() {
        let visits = [catalog(30), visit(0, 0, Page::Catalog, Outcome::TurnedAway)];
        assert_eq!(latencies(&visits).percentile(1), Some(Duration::from_millis(30)));
    }

    #[test]
    fn a_share_counts_one_page_only() {
        let visits = [
            catalog(1),
            visit(0, 1, Page::Catalog, Outcome::GaveUp),
            visit(0, 1, Page::Catalog, Outcome::TurnedAway),
            visit(0, 1, Page::Catalog, Outcome::Failed),
            price(0, Source::Cached, 0),
        ];
        assert_eq!(Share::answered(&visits, Page::Catalog), Share { part: 1, whole: 4 });
        assert_eq!(Share::answered(&visits, Page::Price), Share { part: 1, whole: 1 });
        assert!((Share { part: 1, whole: 4 }.percent() - 25.0).abs() < 1e-9);
        assert!(Share::default().percent().abs() < 1e-9);
    }

    #[test]
    fn prices_are_told_apart_by_source() {
        let visits = [
            price(0, Source::Live, 0),
            price(0, Source::Live, 0),
            price(0, Source::Cached, 0),
            visit(0, 0, Page::Price, Outcome::GaveUp),
            catalog(0),
        ];
        assert_eq!(Prices::of(&visits), Prices { live: 2, cached: 1, failed: 1 });
    }

    #[test]
    fn a_price_is_stale_by_its_version_not_by_its_source() {
        assert!(!price(5_900, Source::Cached, 5).stale());
        assert!(price(6_000, Source::Cached, 5).stale());
        assert!(price(6_000, Source::Live, 5).stale());
        assert!(!catalog(0).stale());
    }

    #[test]
    fn stale_prices_count_from_the_healing_on() {
        let visits = [
            price(9_000, Source::Cached, 1),
            price(9_950, Source::Cached, 1),
            price(11_000, Source::Cached, 1),
            price(11_000, Source::Live, 11),
        ];
        let stale = StalePrices::served_after(&visits, Duration::from_secs(10));
        assert_eq!(stale, StalePrices { count: 2, last: Some(Duration::from_millis(1_100)) });
        assert_eq!(StalePrices::served_after(&visits, Duration::from_secs(20)).last, None);
    }

    #[test]
    fn a_part_of_the_run_is_half_open() {
        let visits = [price(1_000, Source::Live, 1), price(2_000, Source::Live, 2)];
        let part = arrived_within(&visits, Duration::from_secs(1)..Duration::from_secs(2));
        assert_eq!(part.count(), 1);
    }
}
