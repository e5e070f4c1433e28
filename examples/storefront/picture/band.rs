//! The state of the breaker over time.

use breaker_runtime::State;

use super::paper::{FAINT, GRID, INK, LEFT, PAPER, TICK, font, legend_step, swatch, text_width, x_at};
use super::svg::{Anchor, Point, Rect, Svg};
use crate::life::Life;
use crate::weather::END;

/// A time in a state stays visible, however short it was.
const NARROWEST: f64 = 3.0;

fn state_color(state: State) -> &'static str {
    match state {
        State::Closed => "#2f9e5b",
        State::Open => "#c8323f",
        State::HalfOpen => "#f0b429",
    }
}

fn state_ink(state: State) -> &'static str {
    match state {
        State::Closed | State::Open => PAPER,
        State::HalfOpen => INK,
    }
}

/// Draws its part of the legend.
pub(super) fn legend(svg: &mut Svg, (mut x, y): Point) {
    for state in [State::Closed, State::Open, State::HalfOpen] {
        let name = format!("breaker {state}");
        swatch(svg, (x, y), state_color(state), &name);
        x += legend_step(&name);
    }
}

pub(super) fn draw(svg: &mut Svg, band: Rect, life: Option<&Life>) {
    svg.text((LEFT - 8.0, band.y + 16.0), TICK, "breaker");
    let Some(life) = life else {
        svg.rect(band, 0.0, GRID);
        svg.text((LEFT + 10.0, band.y + 16.0), font(12.5, FAINT, false, Anchor::Start), "none");
        return;
    };
    for stretch in life.stretches(END) {
        let (x, right) = (x_at(stretch.during.start), x_at(stretch.during.end.min(END)));
        let width = (right - x).max(NARROWEST);
        svg.rect(Rect { x, width, ..band }, 0.0, state_color(stretch.state));
        let healed = life.healing_to_closed().filter(|_| life.closed_at() == Some(stretch.during.start));
        let label = match healed {
            Some(later) => format!("closed {:.1} s after healing", later.as_secs_f64()),
            None => stretch.state.to_string(),
        };
        if text_width(&label) < width {
            let middle = (x + width / 2.0, band.y + 16.0);
            svg.text(middle, font(12.5, state_ink(stretch.state), true, Anchor::Middle), &label);
        }
    }
}
