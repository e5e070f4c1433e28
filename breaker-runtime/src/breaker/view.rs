//! What the state word and the timeline say together, for readers.

use super::CircuitBreaker;
use super::in_force::InForce;
use super::ramp::share_since;
use super::timeline::OpenPeriod;
use crate::clock::Time;
use crate::mode::Mode;
use crate::origin::Origin;
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
use crate::per_thread::Sharing;
use crate::policy::Settings;
use crate::state::State;
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
use crate::window::{Histogram, Latencies};
use crate::window::{Latency, WindowCounts};

/// The state at one moment.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) now: Time,
    /// What people see.
    pub(crate) state: State,
    pub(crate) mode: Mode,
    pub(crate) would_be: Option<State>,
    /// The number of its epoch.
    pub(crate) number: u64,
    pub(crate) settings: Settings,
    pub(crate) revision: u64,
    pub(crate) origin: Origin,
    pub(crate) streak: u32,
    pub(crate) probes_in_flight: u32,
    /// Failed attempts to close since it was closed.
    pub(crate) reopenings: u32,
    /// When an open breaker lets a probe through.
    pub(crate) due: Option<Time>,
    /// When a half-open one is overdue.
    pub(crate) overdue_at: Option<Time>,
    /// Of a ramp: the share of the calls that may pass, in thousandths.
    pub(crate) share: Option<u64>,
    pub(crate) window: Option<WindowCounts>,
    pub(crate) latency: Option<Latency>,
}

impl CircuitBreaker {
    /// Lets so much time pass by the breaker's clock, on this thread.
    #[cfg(feature = "retry")]
    pub(crate) fn wait(&self, time: std::time::Duration) {
        self.clock.wait(time);
    }

    /// Whether it was closed a short while ago, and lets only some calls pass.
    #[cfg(feature = "dashboard")]
    pub(crate) fn is_recovering(&self) -> bool {
        self.cell.load().is_ramping()
    }

    pub(crate) fn view(&self) -> View {
        self.in_force(|force| self.view_by(force))
    }

    /// How long all calls took, where that is kept.
    #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
    pub(crate) fn durations(&self) -> Option<Histogram> {
        self.in_force(|force| {
            let all = force.latencies_if_any().map(Latencies::histogram);
            all.or_else(|| force.settings.keeps_latency().then(|| Latencies::new(Sharing::OneForAll).histogram()))
        })
    }

    fn view_by(&self, force: InForce<'_>) -> View {
        loop {
            let word = self.cell.load();
            let now = self.clock.now();
            let view = View {
                now,
                state: word.shown(),
                mode: word.mode(),
                would_be: (word.mode() == Mode::MetricsOnly).then(|| word.state()),
                number: self.number(word.epoch()),
                settings: *force.settings,
                revision: force.revision(),
                origin: force.origin().cloned().unwrap_or(Origin::Made(self.location)),
                streak: word.streak(),
                probes_in_flight: word.probes_in_flight(),
                reopenings: match word.state() {
                    State::Closed => 0,
                    State::Open => word.reopenings(),
                    State::HalfOpen => {
                        self.timeline.open_period(word.identity().open_before()).map_or(0, |before| before.reopenings)
                    }
                },
                due: match (word.mode(), word.state()) {
                    // Not yet published: it has opened this very moment.
                    (Mode::Automatic | Mode::MetricsOnly, State::Open) => Some(
                        self.timeline
                            .open_period(word.identity())
                            .map_or_else(|| now.after(self.delay(force, word)), OpenPeriod::due),
                    ),
                    _ => None,
                },
                share: word
                    .is_ramping()
                    .then(|| {
                        share_since(
                            self.ramp_since(word.identity()),
                            now,
                            force.settings.ramp.get().unwrap_or_default(),
                        )
                    })
                    .flatten(),
                window: force.window_counts(word.identity(), now),
                latency: force.latencies_if_any().and_then(|latencies| latencies.recent(force.since_made(now))),
                overdue_at: self.half_open_period(word.identity()).map(|period| period.overdue_at),
            };
            // Another state since: the times may be that one's.
            if self.cell.load().identity() == word.identity() {
                return view;
            }
        }
    }
}
