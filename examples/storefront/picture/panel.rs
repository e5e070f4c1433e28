//! All that is drawn of one shop.

use super::paper::{FAINT, INK, LEFT, LEGEND, RIGHT, font, time_axis, x_at};
use super::svg::{Anchor, Point, Rect, Stroke, Svg};
use super::{answers, band, waits};
use crate::life::Life;
use crate::verdict::Side;
use crate::weather::{HEALED, SCRIPT, Weather};

const HEALING: Stroke = Stroke { color: INK, width: 1.4, dashed: true };

pub(super) struct Panel<'a> {
    pub(super) name: &'a str,
    pub(super) about: &'a str,
    pub(super) side: &'a Side,
    pub(super) life: Option<&'a Life>,
}

impl Panel<'_> {
    pub(super) fn draw(&self, svg: &mut Svg, top: f64, scale: f64) {
        let Self { name, about, side, life } = *self;
        svg.text((LEFT, top + 22.0), font(19.0, INK, true, Anchor::Start), name);
        svg.text((LEFT + 172.0, top + 22.0), font(13.5, FAINT, false, Anchor::Start), about);
        let catalog = side.catalog_during_the_hang().percent();
        let key_figure = format!("catalog during the hang: {catalog:.0} %");
        svg.text((RIGHT, top + 22.0), font(15.0, INK, true, Anchor::End), &key_figure);

        let charts = Rect { x: LEFT, y: top + 36.0, width: RIGHT - LEFT, height: 402.0 };
        let states = Rect { y: charts.bottom() - 24.0, height: 24.0, ..charts };
        let stack = Rect { y: charts.y + 24.0, height: 218.0, ..charts };
        let curves = Rect { y: stack.bottom() + 14.0, height: states.y - stack.bottom() - 14.0, ..charts };
        weather(svg, charts);
        answers::draw(svg, stack, &side.visits, scale);
        waits::draw(svg, curves, &side.visits);
        band::draw(svg, states, life);
        healing(svg, Rect { height: charts.height - states.height, ..charts });
        time_axis(svg, charts.bottom());
    }
}

fn weather_colors(weather: Weather) -> (&'static str, &'static str) {
    match weather {
        Weather::Healthy => ("#eef4ee", "#dcebdc"),
        Weather::Failing => ("#fdf1df", "#fae0b8"),
        Weather::Hanging => ("#fbe5e5", "#f5c6c6"),
        Weather::Slow => ("#efe9f7", "#dccff0"),
    }
}

fn weather(svg: &mut Svg, area: Rect) {
    for spell in SCRIPT {
        let (tint, head) = weather_colors(spell.weather);
        let (x, width) = (x_at(spell.from), x_at(spell.until) - x_at(spell.from));
        svg.rect(Rect { x, width, ..area }, 0.0, tint);
        svg.rect(Rect { x, width, y: area.y, height: 24.0 }, 0.0, head);
        let label = (x + width / 2.0, area.y + 16.5);
        svg.text(label, font(13.0, INK, false, Anchor::Middle), &spell.weather.to_string());
    }
}

fn healing(svg: &mut Svg, area: Rect) {
    let x = x_at(HEALED);
    svg.line((x, area.y), (x, area.bottom()), HEALING);
}

/// Draws its part of the legend.
pub(super) fn legend(svg: &mut Svg, (x, y): Point) {
    svg.line((x + 7.0, y - 13.0), (x + 7.0, y + 5.0), HEALING);
    svg.text((x + 20.0, y), LEGEND, "pricing service well again");
}
