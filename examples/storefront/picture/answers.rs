//! What the customers got, second by second, as a stack.

use std::ops::Range;
use std::time::Duration;

use super::paper::{FAINT, LEFT, RIGHT, TICK, axis_title, legend_step, pieces, swatch, x_at};
use super::svg::{Point, Rect, Stroke, Svg};
use crate::measure::{Outcome, Visit, arrived_within};
use crate::shop::Source;

/// Short, to show when the answers change.
const STEP: Duration = Duration::from_millis(200);

/// What a customer got, from the bottom of the stack to its top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Catalog,
    Live,
    Cached,
    Failed,
    GaveUp,
    TurnedAway,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Catalog, Self::Live, Self::Cached, Self::Failed, Self::GaveUp, Self::TurnedAway];

    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Catalog => Self::Catalog,
            Outcome::Price { source: Source::Live, .. } => Self::Live,
            Outcome::Price { source: Source::Cached, .. } => Self::Cached,
            Outcome::Failed => Self::Failed,
            Outcome::GaveUp => Self::GaveUp,
            Outcome::TurnedAway => Self::TurnedAway,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Live => "live price",
            Self::Cached => "last known price",
            Self::Failed => "error",
            Self::GaveUp => "gave up waiting",
            Self::TurnedAway => "turned away at the door",
        }
    }

    /// Cool colors for what was answered, warm ones for what was lost.
    fn color(self) -> &'static str {
        match self {
            Self::Catalog => "#3d6fb4",
            Self::Live => "#3aa796",
            Self::Cached => "#9fd8c6",
            Self::Failed => "#f2b25c",
            Self::GaveUp => "#e2704a",
            Self::TurnedAway => "#a8323e",
        }
    }
}

/// Draws its part of the legend; returns where the next part begins.
pub(super) fn legend(svg: &mut Svg, (mut x, y): Point) -> f64 {
    for kind in Kind::ALL {
        swatch(svg, (x, y), kind.color(), kind.name());
        x += legend_step(kind.name());
    }
    x
}

/// The most customers that came in a second.
pub(super) fn highest(visits: &[Visit]) -> f64 {
    let total = |during| Kind::ALL.iter().map(|kind| rate(visits, &during, *kind)).sum();
    pieces(STEP).map(total).fold(0.0, f64::max)
}

pub(super) fn draw(svg: &mut Svg, area: Rect, visits: &[Visit], scale: f64) {
    let y_at = |value: f64| area.bottom() - area.height * value / scale;
    axis_title(svg, area, "customers per second");
    let mut below: Vec<f64> = pieces(STEP).map(|_| 0.0).collect();
    for kind in Kind::ALL {
        let rates = pieces(STEP).map(|during| rate(visits, &during, kind));
        let above: Vec<f64> = below.iter().zip(rates).map(|(base, rate)| base + rate).collect();
        let outline = stairs(&above).into_iter().chain(stairs(&below).into_iter().rev());
        svg.polygon(&outline.map(|(x, value)| (x, y_at(value))).collect::<Vec<_>>(), kind.color());
        below = above;
    }
    for value in (0_u32..).step_by(100).map(f64::from).take_while(|value| *value <= scale) {
        svg.line((LEFT, y_at(value)), (RIGHT, y_at(value)), Stroke::solid("#ffffff66", 1.0));
        svg.text((LEFT - 8.0, y_at(value) + 4.0), TICK, &format!("{value:.0}"));
    }
    svg.line((LEFT, area.bottom()), (RIGHT, area.bottom()), Stroke::solid(FAINT, 1.0));
}

/// A level line for each piece of the run.
fn stairs(values: &[f64]) -> Vec<Point> {
    let level = |(during, value): (Range<Duration>, &f64)| [(x_at(during.start), *value), (x_at(during.end), *value)];
    pieces(STEP).zip(values).flat_map(level).collect()
}

/// How many customers a second came and got this.
fn rate(visits: &[Visit], during: &Range<Duration>, kind: Kind) -> f64 {
    let count = arrived_within(visits, during.clone()).filter(|visit| Kind::of(visit.outcome) == kind).count();
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / during.end.saturating_sub(during.start).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::good_run;

    #[test]
    fn rates_are_per_second() {
        let run = good_run();
        let rate = rate(&run.plain.visits, &(Duration::ZERO..STEP), Kind::Live);
        assert!((rate - 10.0).abs() < 1e-9, "{rate}");
    }
}
