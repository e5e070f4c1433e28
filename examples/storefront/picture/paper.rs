//! The sheet: its measures, colors and fonts, and the time axis that all charts share.

use std::ops::Range;
use std::time::Duration;

use super::svg::{Anchor, Font, Point, Rect, Stroke, Svg};
use crate::weather::END;

pub(super) const WIDTH: f64 = 1_280.0;
pub(super) const HEIGHT: f64 = 1_128.0;
pub(super) const LEFT: f64 = 100.0;
pub(super) const RIGHT: f64 = 1_244.0;
pub(super) const LEGEND_LEFT: f64 = 36.0;
pub(super) const PAPER: &str = "#ffffff";
pub(super) const INK: &str = "#1f2933";
pub(super) const FAINT: &str = "#616e7c";
pub(super) const GRID: &str = "#d5dbe1";

pub(super) const fn font(size: f64, color: &'static str, bold: bool, anchor: Anchor) -> Font {
    Font { size, color, bold, anchor }
}

pub(super) const LEGEND: Font = font(13.0, INK, false, Anchor::Start);
pub(super) const AXIS: Font = font(13.0, FAINT, false, Anchor::Middle);
pub(super) const TICK: Font = font(12.0, FAINT, false, Anchor::End);

/// Where a moment of the run is, in every chart.
pub(super) fn x_at(moment: Duration) -> f64 {
    LEFT + (RIGHT - LEFT) * moment.div_duration_f64(END)
}

/// The run, cut into pieces.
pub(super) fn pieces(step: Duration) -> impl Iterator<Item = Range<Duration>> {
    (0..).map(move |index| step * index).take_while(|from| *from < END).map(move |from| from..from + step)
}

pub(super) fn axis_title(svg: &mut Svg, area: Rect, title: &str) {
    svg.upward_text((36.0, area.y + area.height / 2.0), AXIS, title);
}

pub(super) fn time_axis(svg: &mut Svg, y: f64) {
    let middle = font(12.0, FAINT, false, Anchor::Middle);
    for second in (0..=END.as_secs()).step_by(5) {
        let x = x_at(Duration::from_secs(second));
        svg.line((x, y), (x, y + 5.0), Stroke::solid(FAINT, 1.0));
        svg.text((x, y + 19.0), middle, &format!("{second} s"));
    }
}

pub(super) fn swatch(svg: &mut Svg, (x, y): Point, color: &str, name: &str) {
    svg.rect(Rect { x, y: y - 11.0, width: 14.0, height: 14.0 }, 3.0, color);
    svg.text((x + 20.0, y), LEGEND, name);
}

/// About how wide a legend's text is; no two viewers have the same font.
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().map(|_| 7.4).sum()
}

/// How far it is to the next entry of a legend.
pub(super) fn legend_step(name: &str) -> f64 {
    42.0 + text_width(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_cover_the_run() {
        let pieces: Vec<_> = pieces(Duration::from_millis(200)).collect();
        assert_eq!(pieces[0].start, Duration::ZERO);
        assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!(pieces.last().map(|last| last.end), Some(END));
    }
}
