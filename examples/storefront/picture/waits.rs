//! How long the customers waited.

use std::ops::Range;
use std::time::Duration;

use super::paper::{FAINT, GRID, LEFT, LEGEND, RIGHT, TICK, axis_title, font, legend_step, pieces, x_at};
use super::svg::{Anchor, Point, Rect, Stroke, Svg};
use crate::crowd::PATIENCE;
use crate::measure::{Page, Visit, arrived_within, latencies};

/// Long enough for a percentile of enough waits.
const STEP: Duration = Duration::from_millis(500);

/// The curves of the chart: name, color, percentile, and of which page, if not of both.
const CURVES: [(&str, &str, usize, Option<Page>); 3] = [
    ("p99 wait", "#d1495b", 99, None),
    ("median wait, price", "#1f7a6d", 50, Some(Page::Price)),
    ("median wait, catalog", "#2a4f86", 50, Some(Page::Catalog)),
];
const LONGEST: &str = "#7d1f2a";

/// Draws its part of the legend; returns where the next part begins.
pub(super) fn legend(svg: &mut Svg, (mut x, y): Point) -> f64 {
    for (name, color, ..) in CURVES {
        svg.line((x, y - 4.0), (x + 22.0, y - 4.0), Stroke::solid(color, 2.5));
        svg.text((x + 28.0, y), LEGEND, name);
        x += legend_step(name) + 8.0;
    }
    dot(svg, (x + 7.0, y - 4.0));
    svg.text((x + 20.0, y), LEGEND, "longest wait");
    x + legend_step("longest wait")
}

/// The axis is logarithmic: the two shops are a thousand times apart.
pub(super) fn draw(svg: &mut Svg, area: Rect, visits: &[Visit]) {
    const FASTEST: Duration = Duration::from_millis(1);
    let decades = |wait: Duration| wait.max(FASTEST).div_duration_f64(FASTEST).log10();
    let top = decades(PATIENCE * 2);
    let y_at = |wait: Duration| area.bottom() - area.height * decades(wait) / top;
    axis_title(svg, area, "wait (log)");
    for (wait, label) in [(1, "1 ms"), (10, "10 ms"), (100, "100 ms"), (1_000, "1 s")] {
        let y = y_at(Duration::from_millis(wait));
        svg.line((LEFT, y), (RIGHT, y), Stroke::solid(GRID, 1.0));
        svg.text((LEFT - 8.0, y + 4.0), TICK, label);
    }
    let patience = y_at(PATIENCE);
    svg.line((LEFT, patience), (RIGHT, patience), Stroke { color: FAINT, width: 1.0, dashed: true });
    let label = format!("customers leave after {} s", PATIENCE.as_secs());
    svg.text((LEFT + 6.0, patience - 5.0), font(12.0, FAINT, false, Anchor::Start), &label);

    for (_, color, percent, page) in CURVES {
        for curve in curves(visits, percent, page) {
            let levels = curve.iter().flat_map(|(during, wait)| [(during.start, *wait), (during.end, *wait)]);
            let points: Vec<Point> = levels.map(|(moment, wait)| (x_at(moment), y_at(wait))).collect();
            svg.polyline(&points, Stroke::solid(color, 2.2));
        }
    }
    for (during, wait) in curves(visits, 100, None).into_iter().flatten() {
        dot(svg, (x_at((during.start + during.end) / 2), y_at(wait)));
    }
}

/// A percentile over time; it is interrupted where nobody got in.
fn curves(visits: &[Visit], percent: usize, page: Option<Page>) -> Vec<Vec<(Range<Duration>, Duration)>> {
    let asked = |visit: &&Visit| page.is_none_or(|page| page == visit.page);
    let mut curves = vec![Vec::new()];
    for during in pieces(STEP) {
        match (latencies(arrived_within(visits, during.clone()).filter(asked)).percentile(percent), curves.last_mut()) {
            (Some(wait), Some(curve)) => curve.push((during, wait)),
            _ => curves.push(Vec::new()),
        }
    }
    curves.retain(|curve| !curve.is_empty());
    curves
}

/// Marks the longest of the waits in a piece of the run.
fn dot(svg: &mut Svg, (x, y): Point) {
    svg.rect(Rect { x: x - 2.5, y: y - 2.5, width: 5.0, height: 5.0 }, 2.5, LONGEST);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::good_run;

    #[test]
    fn a_curve_is_interrupted_where_nobody_got_in() {
        let run = good_run();
        let during = |page| curves(&run.plain.visits, 50, Some(page));
        assert_eq!(during(Page::Price).len(), 1);
        let catalog: Vec<_> = during(Page::Catalog).iter().map(Vec::len).collect();
        assert_eq!(catalog, [22, 22]);
    }
}
