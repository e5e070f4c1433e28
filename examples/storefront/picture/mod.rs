//! The picture of a run: the plain shop above the protected one, on the same scales.

mod answers;
mod band;
mod panel;
mod paper;
mod svg;
mod waits;

use std::time::Duration;

use crate::crowd::RATE;
use crate::shop::desk::PLACES;
use crate::verdict::Run;
use panel::Panel;
use paper::{FAINT, HEIGHT, INK, LEGEND_LEFT, PAPER, WIDTH, font};
use svg::{Anchor, Rect, Svg};

/// How much higher than the highest stack its axis is.
const HEADROOM: f64 = 1.1;

const ATTRIBUTE: &str =
    "#[circuit_breaker(threshold = 3, reset = \"2s\", timeout = \"1s\", fallback = cached_price, …)]";

pub(crate) fn draw(run: &Run, plain_timeout: Duration) -> String {
    let title = "The same outage, without and with a circuit breaker";
    let description = "Two shops in front of the same failing pricing service: what their customers got, how long \
                       they waited, and the state of the protected shop's breaker.";
    let mut svg = Svg::new(WIDTH, HEIGHT, title, description);
    svg.rect(Rect { x: 0.0, y: 0.0, width: WIDTH, height: HEIGHT }, 0.0, PAPER);
    svg.text((LEGEND_LEFT, 48.0), font(27.0, INK, true, Anchor::Start), title);
    let subtitle = format!(
        "{RATE} customers a second come to each shop, half of them for a price. Each shop works at {PLACES} requests \
         at a time, and its pricing service falls ill."
    );
    svg.text((LEGEND_LEFT, 76.0), font(15.0, FAINT, false, Anchor::Start), &subtitle);
    legend(&mut svg, 108.0);

    let most = [&run.plain, &run.protected].map(|side| answers::highest(&side.visits));
    let scale = most[0].max(most[1]).max(1.0) * HEADROOM;
    let plain = format!("no breaker, time limit {} s for calls to the pricing service", plain_timeout.as_secs_f64());
    let plain = Panel { name: "Plain shop", about: &plain, side: &run.plain, life: None };
    let protected = Panel { name: "Protected shop", about: ATTRIBUTE, side: &run.protected, life: Some(&run.life) };
    plain.draw(&mut svg, 152.0, scale);
    protected.draw(&mut svg, 636.0, scale);
    svg.finish()
}

fn legend(svg: &mut Svg, y: f64) {
    let x = answers::legend(svg, (LEGEND_LEFT, y));
    panel::legend(svg, (x, y));
    let y = y + 24.0;
    let x = waits::legend(svg, (LEGEND_LEFT, y));
    band::legend(svg, (x, y));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::good_run;
    use svg::tests::assert_well_formed;

    const LIMIT: Duration = Duration::from_secs(30);

    #[test]
    fn the_picture_is_well_formed() {
        let picture = draw(&good_run(), LIMIT);
        assert_well_formed(&picture);
        for text in ["Plain shop", "the hang: 0 %", "the hang: 100 %", "1.0 s after healing"] {
            assert!(picture.contains(text), "no {text:?}");
        }
    }

    #[test]
    fn a_run_without_customers_has_a_picture_too() {
        assert_well_formed(&draw(&Run::default(), LIMIT));
    }
}
