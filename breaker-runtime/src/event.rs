//! What listeners hear: changes of state, mode and settings, and what led to them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::about::About;
use crate::clock::Time;
#[cfg(feature = "config")]
use crate::config::{Applied, ConfigError};
use crate::mode::Mode;
use crate::origin::Origin;
use crate::policy::Settings;
use crate::report::Report;
use crate::state::State;
use crate::text::{Counted, Plain};

/// What listeners hear. Prints as one line, without the texts of callers' errors.
///
/// ```
/// use breaker_runtime::Event;
///
/// fn on_event(event: &Event) {
///     match event {
///         Event::Changed(change) => println!("{}: {}", change.breaker, change.reason),
///         Event::Lagged { missed } => println!("{missed} events came too fast"),
///         _ => {}
///     }
/// }
/// # on_event(&Event::Lagged { missed: 2 });
/// # assert_eq!(Event::Lagged { missed: 2 }.to_string(), "2 events were missed");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A breaker has changed its state, mode or settings.
    Changed(Arc<Transition>),
    /// A configuration was taken. Those hear it who listen to [all breakers](crate::registry::listen).
    #[cfg(feature = "config")]
    Configured(Arc<Applied>),
    /// A configuration was refused, and nothing has changed. Those hear it who listen to
    /// [all breakers](crate::registry::listen).
    #[cfg(feature = "config")]
    ConfigRefused(Arc<ConfigError>),
    /// In the place of events that this listener will not hear: it was more than 1,024 behind, or a
    /// change came here more than 512 changes late.
    Lagged {
        /// So many.
        missed: u64,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(change) => write!(f, "{}: {change}", change.breaker),
            #[cfg(feature = "config")]
            Self::Configured(applied) => write!(f, "{applied}"),
            #[cfg(feature = "config")]
            Self::ConfigRefused(refused) => write!(f, "nothing was changed: {refused}"),
            Self::Lagged { missed: 1 } => f.write_str("1 event was missed"),
            Self::Lagged { missed } => write!(f, "{missed} events were missed"),
        }
    }
}

/// Why a breaker changed its state, mode or settings. Prints without the texts of callers' errors.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// A rule, or a probe, opened it.
    Tripped(Arc<Report>),
    /// The reset delay had passed, and a call arrived to be the first probe.
    #[non_exhaustive]
    ResetPassed {
        /// The delay.
        delay: Duration,
    },
    /// Enough probes succeeded.
    #[non_exhaustive]
    Recovered {
        /// So many.
        successes: u32,
    },
    /// Half-open had lasted too long without a decision, and enough probes had been answered.
    #[non_exhaustive]
    Overdue {
        /// So long.
        after: Duration,
    },
    /// Somebody closed it by [`CircuitBreaker::close`](crate::CircuitBreaker::close), or said so otherwise: who.
    ByHand(Origin),
    /// Somebody called [`CircuitBreaker::set_mode`](crate::CircuitBreaker::set_mode), or said so otherwise.
    ModeSet(Arc<ModeChange>),
    /// All places of a family are taken by keys in trouble; new ones run on one breaker.
    #[non_exhaustive]
    Overflowed {
        /// So many.
        max_keys: u32,
    },
    /// For long, every new key of a family has found a place.
    OverflowEnded,
    /// Other settings are in force.
    SettingsSet(Arc<SettingsChange>),
}

impl Reason {
    pub(crate) fn mode_set(from: Mode, to: Mode, origin: Origin) -> Self {
        Self::ModeSet(Arc::new(ModeChange { from, to, origin }))
    }

    /// The name for machines.
    #[cfg(any(feature = "serde", feature = "tracing"))]
    pub(crate) const fn id(&self) -> &'static str {
        match self {
            Self::Tripped(_) => "tripped",
            Self::ResetPassed { .. } => "reset_passed",
            Self::Recovered { .. } => "recovered",
            Self::Overdue { .. } => "overdue",
            Self::ByHand(_) => "by_hand",
            Self::ModeSet(_) => "mode_set",
            Self::Overflowed { .. } => "overflowed",
            Self::OverflowEnded => "overflow_ended",
            Self::SettingsSet(_) => "settings_set",
        }
    }
}

impl Reason {
    /// Who did it, where that is known.
    #[cfg(feature = "serde")]
    pub(crate) fn origin(&self) -> Option<&Origin> {
        match self {
            Self::ByHand(origin) => Some(origin),
            Self::ModeSet(change) => Some(&change.origin),
            Self::SettingsSet(change) => Some(&change.origin),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tripped(report) => write!(f, "{report}"),
            Self::ResetPassed { delay } => write!(f, "the reset delay of {} has passed", Plain(*delay)),
            Self::Recovered { successes } => write!(f, "{} succeeded", Counted((*successes).into(), "probe")),
            Self::Overdue { after } => {
                write!(f, "no decision within {}, but at least as many probes answered as did not", Plain(*after))
            }
            Self::ByHand(origin) => write!(f, "closed by hand by {origin}"),
            Self::ModeSet(change) => write!(f, "{change}"),
            Self::Overflowed { max_keys } => {
                let keys = Counted((*max_keys).into(), "key");
                write!(f, "all places are taken, by {keys} in trouble: new ones share a breaker")
            }
            Self::OverflowEnded => f.write_str("new keys find places again"),
            Self::SettingsSet(change) => write!(f, "{change}"),
        }
    }
}

/// A change of the mode. Prints as one line: who changed it, and how.
///
/// ```
/// use breaker_runtime::{CircuitBreaker, Mode};
///
/// let breaker = CircuitBreaker::builder("pricing").build()?;
/// breaker.set_mode_by(Mode::Disabled, "Ann");
/// let change = breaker.history().pop().expect("the last change");
/// assert_eq!(change.reason.to_string(), "mode set from automatic to disabled by Ann");
/// # Ok::<(), breaker_runtime::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModeChange {
    /// The mode before.
    pub from: Mode,
    /// The mode after.
    pub to: Mode,
    /// Who changed it.
    pub origin: Origin,
}

impl fmt::Display for ModeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mode set from {} to {} by {}", self.from, self.to, self.origin)
    }
}

/// A change of the settings. Prints as one line: who changed which values.
///
/// ```
/// use breaker_runtime::{CircuitBreaker, Origin};
///
/// let breaker = CircuitBreaker::builder("pricing").build()?;
/// breaker.set_settings_by(breaker.settings().consecutive(10).jitter(0.2), "breakers.toml")?;
/// let change = breaker.history().pop().expect("the last change");
/// assert_eq!(
///     change.to_string(),
///     "settings revision 2 by breakers.toml: consecutive (5) → 10, jitter (0) → 0.2"
/// );
/// # Ok::<(), breaker_runtime::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SettingsChange {
    /// The number of the new settings; those that a breaker was made with have 1.
    pub revision: u64,
    /// Who changed them.
    pub origin: Origin,
    /// The settings until then.
    pub before: Settings,
    /// The settings from then on.
    pub after: Settings,
}

impl fmt::Display for SettingsChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings revision {} by {}: {}", self.revision, self.origin, self.before.changes_to(&self.after))
    }
}

/// One change of state, mode or settings. Prints as one sentence, without the texts of callers' errors.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Transition {
    /// Which breaker.
    pub breaker: About,
    /// The number of the change: the first one of a breaker is 1, the next one is 2. Changes of state,
    /// of mode and of settings are counted together.
    pub number: u64,
    /// The number of the epoch: changes of state and mode up to and including this one.
    pub epoch: u64,
    /// When, by the wall clock.
    pub at: SystemTime,
    /// The state before. Under [`Mode::MetricsOnly`], what it would have been.
    pub from: State,
    /// The state after. Under [`Mode::MetricsOnly`], what it would be.
    pub to: State,
    /// The mode under which it happened; of a change of mode, the new one.
    pub mode: Mode,
    /// What led to it.
    pub reason: Reason,
    /// When, by the breaker's clock.
    pub(crate) time: Time,
    /// When it could be seen: later than `time`, where that had passed before a call noticed.
    pub(crate) seen: Time,
}

impl Transition {
    /// Whether this is a change of state or mode.
    pub(crate) fn begins_epoch(&self) -> bool {
        !matches!(self.reason, Reason::SettingsSet(_))
    }

    /// Whether it is a change of state or mode that those see who call.
    pub(crate) fn is_visible(&self) -> bool {
        let of_mode = matches!(self.reason, Reason::ModeSet(_) | Reason::Overflowed { .. } | Reason::OverflowEnded);
        self.begins_epoch() && (self.mode != Mode::MetricsOnly || of_mode)
    }

    /// The report, where the breaker opened.
    #[must_use]
    pub fn report(&self) -> Option<&Arc<Report>> {
        match &self.reason {
            Reason::Tripped(report) => Some(report),
            _ => None,
        }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Reason::SettingsSet(_) | Reason::Overflowed { .. } | Reason::OverflowEnded = self.reason {
            return write!(f, "{}", self.reason);
        }
        let beside = self.mode == Mode::MetricsOnly && !matches!(self.reason, Reason::ModeSet(_));
        let would_be = if beside { "would be " } else { "" };
        write!(f, "{would_be}{} → {}: {}", self.from, self.to, self.reason)
    }
}

/// A change for tests of other modules.
#[cfg(test)]
pub(crate) fn sample(number: u64) -> Arc<Transition> {
    use std::panic::Location;

    Arc::new(Transition {
        breaker: About { name: "sample", key: None, at: Location::caller(), dependency: None, note: None },
        number,
        epoch: number,
        at: SystemTime::UNIX_EPOCH,
        from: State::Open,
        to: State::Closed,
        mode: Mode::Automatic,
        reason: Reason::ByHand(Origin::here()),
        time: Time::from_nanos(0),
        seen: Time::from_nanos(0),
    })
}
