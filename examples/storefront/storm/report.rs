//! The storm in words, and whether all came out as it should.

use std::fmt::Write;
use std::time::Duration;

use super::Storm;
use super::figures::Figures;
use crate::verdict::{Check, millis, seconds};

fn line(out: &mut String, what: &str, cells: [String; 3]) {
    let _ = write!(out, "{what:<44}");
    for cell in cells {
        let _ = write!(out, " {cell:>16}");
    }
    out.push('\n');
}

pub(super) fn table(storm: &Storm) -> String {
    let mut out = String::new();
    line(&mut out, "", ["no retries", "retries alone", "breaker inside"].map(str::to_owned));
    let mut row = |what: &str, of: &dyn Fn(&Figures) -> String| {
        line(&mut out, what, [of(&storm.once), of(&storm.alone), of(&storm.inside)]);
    };
    row("customers' requests", &|one| one.answered.whole.to_string());
    row("answered", &|one| format!("{:.0} %", one.answered.percent()));
    row("calls that reached the service", &|one| one.calls.to_string());
    row("of these during the outage", &|one| one.calls_in_outage.to_string());
    row("for each customer's request then", &|one| format!("{:.2}", one.amplification()));
    row("most calls within a second", &|one| one.peak.to_string());
    row("most calls in flight", &|one| one.most_in_flight.to_string());
    row("from the outage's end to answers", &|one| back(one));
    row("latency p99", &|one| one.p99.map_or_else(|| "none".to_owned(), millis));
    out
}

fn back(one: &Figures) -> String {
    one.back.map_or_else(|| "not in this run".to_owned(), seconds)
}

pub(super) fn checks(storm: &Storm) -> Vec<Check> {
    let Storm { once, alone, inside } = storm;
    let within = |figures: &Figures, limit| figures.back.is_some_and(|back| back <= Duration::from_secs(limit));
    vec![
        Check {
            demand: "no retries: answers within 4 s of the outage's end",
            measured: back(once),
            holds: within(once, 4),
        },
        Check {
            demand: "retries alone: at least two calls for each request during the outage",
            measured: format!("{:.2}", alone.amplification()),
            holds: alone.amplification() >= 2.0,
        },
        Check {
            demand: "retries alone: no answers within 5 s of the outage's end",
            measured: back(alone),
            holds: alone.calls > 0 && !within(alone, 5),
        },
        Check {
            demand: "breaker inside: at most one call for two requests during the outage",
            measured: format!("{:.2}", inside.amplification()),
            holds: inside.customers_in_outage > 0 && inside.amplification() <= 0.5,
        },
        Check {
            demand: "breaker inside: answers within 4 s of the outage's end",
            measured: back(inside),
            holds: within(inside, 4),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Share;

    fn figures(calls_in_outage: usize, back: Option<u64>) -> Figures {
        Figures {
            answered: Share { part: 900, whole: 1_950 },
            calls: calls_in_outage + 300,
            customers_in_outage: 600,
            calls_in_outage,
            back: back.map(Duration::from_millis),
            p99: Some(Duration::from_millis(500)),
            ..Figures::default()
        }
    }

    fn storm() -> Storm {
        Storm { once: figures(600, Some(1_300)), alone: figures(1_620, None), inside: figures(90, Some(900)) }
    }

    fn failed(storm: &Storm) -> Vec<&'static str> {
        checks(storm).into_iter().filter(|check| !check.holds).map(|check| check.demand).collect()
    }

    #[test]
    fn the_table_has_a_column_for_each_shop() {
        let text = table(&storm());
        let row = |what: &str| {
            let line = text.lines().find(|line| line.starts_with(what)).unwrap();
            line[what.len()..].split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(row("for each customer's request then"), ["1.00", "2.70", "0.15"]);
        assert_eq!(row("from the outage's end to answers"), ["1.30 s", "not in this run", "0.90 s"]);
    }

    #[test]
    fn a_storm_that_the_breaker_kept_off_passes() {
        assert_eq!(failed(&storm()), [""; 0]);
    }

    #[test]
    fn an_empty_run_fails_everything() {
        assert_eq!(failed(&Storm::default()).len(), 5);
    }

    #[test]
    fn retries_that_do_no_harm_prove_nothing() {
        let storm = Storm { alone: storm().once, ..storm() };
        assert_eq!(failed(&storm).len(), 2);
    }

    #[test]
    fn a_breaker_that_lets_the_storm_through_is_noticed() {
        let storm = Storm { inside: storm().alone, ..storm() };
        assert_eq!(failed(&storm).len(), 2);
    }
}
