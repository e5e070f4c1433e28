//! The settings, as the reference needs them.

use std::time::Duration;

use breaker_runtime::{OnCancel, Settings, Window};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) consecutive: Option<u32>,
    pub(crate) failures: Option<u32>,
    pub(crate) failure_rate: Option<f64>,
    pub(crate) slow: Option<Slow>,
    /// Set only where a rule looks at it.
    pub(crate) window: Option<Window>,
    pub(crate) min_calls: Option<u32>,
    pub(crate) reset: Duration,
    pub(crate) backoff: u32,
    pub(crate) max_reset: Option<Duration>,
    pub(crate) probes: u32,
    /// Without meaning beside `probe_failure_rate`.
    pub(crate) successes: u32,
    pub(crate) probe_failure_rate: Option<f64>,
    pub(crate) probe_timeout: Option<Duration>,
    pub(crate) ramp: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_cancel: OnCancel,
    /// Decides nothing.
    pub(crate) latency: bool,
}

/// The rule of slow calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slow {
    pub(crate) rate: f64,
    pub(crate) call: Duration,
}

impl Rules {
    /// The defaults, but for what a call that is cancelled says.
    pub(crate) fn new() -> Self {
        Self {
            consecutive: None,
            failures: None,
            failure_rate: None,
            slow: None,
            window: None,
            min_calls: None,
            reset: Duration::from_secs(60),
            backoff: 1,
            max_reset: None,
            probes: 1,
            successes: 1,
            probe_failure_rate: None,
            probe_timeout: None,
            ramp: None,
            timeout: None,
            on_cancel: OnCancel::Unanswered,
            latency: false,
        }
    }

    pub(crate) fn has_rate(&self) -> bool {
        self.failure_rate.is_some() || self.slow.is_some()
    }

    pub(crate) fn streak_limit(&self) -> Option<u32> {
        let no_rule = self.consecutive.is_none() && self.failures.is_none() && !self.has_rate();
        if no_rule { Some(5) } else { self.consecutive }
    }

    pub(crate) fn unanswered_limit(&self) -> u32 {
        self.streak_limit().or(self.failures).unwrap_or(5)
    }

    pub(crate) fn window_or_default(&self) -> Window {
        self.window.unwrap_or(Window::Time(Duration::from_secs(60)))
    }

    /// How old a call can be that a rate counts; of a window of calls, nobody knows.
    pub(crate) fn looks_back(&self) -> Duration {
        match self.window_or_default() {
            Window::Time(window) => window,
            _ => self.slow.map_or(Duration::from_secs(1), |slow| slow.call),
        }
    }

    pub(crate) fn min_calls_needed(&self) -> u32 {
        match (self.min_calls, self.window) {
            (Some(calls), _) => calls,
            (None, Some(Window::Calls(calls))) => calls.min(20),
            (None, _) => 20,
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new()
            .reset(self.reset)
            .backoff(self.backoff.into())
            .probes(self.probes)
            .on_cancel(self.on_cancel)
            .latency(self.latency);
        if let Some(n) = self.consecutive {
            settings = settings.consecutive(n);
        }
        if let Some(n) = self.failures {
            settings = settings.failures(n);
        }
        if let Some(rate) = self.failure_rate {
            settings = settings.failure_rate(rate);
        }
        if let Some(slow) = self.slow {
            settings = settings.slow_rate(slow.rate).slow_call(slow.call);
        }
        settings = match self.window {
            Some(Window::Time(time)) => settings.window(time),
            Some(Window::Calls(calls)) => settings.window_calls(calls),
            _ => settings,
        };
        if let Some(calls) = self.min_calls {
            settings = settings.min_calls(calls);
        }
        if let Some(max_reset) = self.max_reset {
            settings = settings.max_reset(max_reset);
        }
        settings = match self.probe_failure_rate {
            Some(rate) => settings.probe_failure_rate(rate),
            None => settings.successes(self.successes),
        };
        if let Some(probe_timeout) = self.probe_timeout {
            settings = settings.probe_timeout(probe_timeout);
        }
        if let Some(ramp) = self.ramp {
            settings = settings.ramp(ramp);
        }
        if let Some(timeout) = self.timeout {
            settings = settings.timeout(timeout);
        }
        settings
    }
}
