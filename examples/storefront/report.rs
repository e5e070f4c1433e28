//! The run in words: the table, the breaker's life, the verdict.

use std::fmt::Write;
use std::time::Duration;

use crate::crowd::{PATIENCE, ROOM};
use crate::life::Life;
use crate::measure::{Page, Prices, Share, StalePrices, latencies};
use crate::verdict::{Check, Run, Side, millis, seconds};
use crate::weather::HEALED;

/// The columns: what, plain, protected.
fn line(out: &mut String, what: &str, plain: &str, protected: &str) {
    let _ = writeln!(out, "{what:<44} {plain:>22} {protected:>22}");
}

pub(crate) fn table(run: &Run) -> String {
    let mut out = String::new();
    let mut row = |what: &str, of: &dyn Fn(&Side) -> String| line(&mut out, what, &of(&run.plain), &of(&run.protected));
    row("/catalog answered", &|side| percent(Share::answered(&side.visits, Page::Catalog)));
    row("/catalog answered during the hang", &|side| percent(side.catalog_during_the_hang()));
    row("prices answered", &|side| percent(Share::answered(&side.visits, Page::Price)));
    row("prices live / cached / failed", &|side| {
        let Prices { live, cached, failed } = Prices::of(&side.visits);
        format!("{live} / {cached} / {failed}")
    });
    row("latency p50", &|side| percentile(side, 50));
    row("latency p99", &|side| percentile(side, 99));
    row("longest wait", &|side| percentile(side, 100));
    row("calls that reached the sick service", &|side| side.calls_while_sick.to_string());
    row("most requests waiting at once", &|side| side.most_waiting.to_string());
    row("stale prices served after healing", &|side| {
        let stale = StalePrices::served_after(&side.visits, HEALED);
        let last = stale.last.map(|last| format!(", for {}", seconds(last))).unwrap_or_default();
        format!("{}{last}", stale.count)
    });
    let closed = run.life.healing_to_closed().map_or_else(|| "not closed".to_owned(), seconds);
    line(&mut out, "from healing to closed", "no breaker", &closed);

    let mut titled = String::new();
    line(&mut titled, "", "plain", "protected");
    let _ = write!(
        titled,
        "{out}
Latency counts from the moment a customer comes. Who gives up counts with the {} s of waiting; who is
turned away at the door, because {ROOM} customers are inside already, is no part of it.
A price is stale if it was old already when the customer came. The longest wait in the protected shop is
the one for a probe that hung: one customer pays for it each time, with the time limit.
",
        PATIENCE.as_secs()
    );
    titled
}

fn percent(share: Share) -> String {
    format!("{:.1} % of {}", share.percent(), share.whole)
}

fn percentile(side: &Side, percent: usize) -> String {
    latencies(&side.visits).percentile(percent).map_or_else(|| "none".to_owned(), millis)
}

pub(crate) fn life(life: &Life) -> String {
    let mut out = String::from("The life of the breaker\n");
    for change in &life.changes {
        let _ = writeln!(out, "{:>9}  {}", moment(change.at), change.sentence);
    }
    if life.changes.is_empty() {
        out.push_str("           it stayed closed\n");
    }
    if !life.failures.is_empty() {
        let _ = writeln!(out, "  failures by class: {}", life.failures.join(", "));
    }
    out
}

pub(crate) fn moment(at: Duration) -> String {
    format!("{:.2} s", at.as_secs_f64())
}

pub(crate) fn verdict(checks: &[Check]) -> String {
    let mut out = String::new();
    for Check { demand, measured, holds } in checks {
        let mark = if *holds { "ok    " } else { "FAILED" };
        let _ = writeln!(out, "{mark}  {demand}: {measured}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::checks;
    use crate::verdict::tests::good_run;

    #[test]
    fn the_table_has_a_row_for_each_figure() {
        let text = table(&good_run());
        let row = |what: &str| {
            let line = text.lines().find(|line| line.starts_with(what)).unwrap();
            line[what.len()..].split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(row("/catalog answered during the hang"), ["0.0 % of 80", "100.0 % of 80"]);
        assert_eq!(row("prices live / cached / failed"), ["120 / 100 / 80", "120 / 180 / 0"]);
        assert_eq!(row("latency p50"), ["6.0 ms", "2.0 ms"]);
        assert_eq!(row("stale prices served after healing"), ["10, for 0.91 s", "10, for 0.91 s"]);
        assert_eq!(row("from healing to closed"), ["no breaker", "1.00 s"]);
    }

    #[test]
    fn the_life_is_a_line_for_each_change_and_one_for_all_failures() {
        let text = life(&good_run().life);
        assert!(text.contains("\n   6.00 s  to open"), "{text}");
        assert!(text.ends_with("\n  failures by class: 2 timeout, 1 other\n"), "{text}");
        assert_eq!(text.lines().count(), 4);
        assert!(life(&Life::default()).contains("it stayed closed"));
    }

    #[test]
    fn the_verdict_says_which_failed() {
        let text = verdict(&checks(&Run::default()));
        assert_eq!(text.matches("FAILED").count(), 5);
        assert_eq!(verdict(&checks(&good_run())).matches("ok").count(), 5);
    }
}
