//! Letters to customers: a breaker that was made by hand, around a call that does not wait.

use breaker_runtime::{CircuitBreaker, Mode, Settings, registry};

use super::Missing;
use crate::weather::Weather;

static MAIL: CircuitBreaker = CircuitBreaker::new("mail", Settings::new().consecutive(20).latency(true))
    .dependency("mail_server")
    .note("on trial: rejects nothing yet; letters are written again at night");

/// Lists it, and lets it only watch, as one does with a breaker that is new.
pub(super) fn list() {
    registry::add(&MAIL);
    MAIL.set_mode_by(Mode::MetricsOnly, "the plan for new breakers");
}

pub(super) fn send(weather: Weather) -> Result<(), Missing> {
    MAIL.call(|| if weather == Weather::Healthy { Ok(()) } else { Err(Missing::Gone("the mail server")) })
}
