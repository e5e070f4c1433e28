//! Every metric: its name, its meaning, and what it reads from a breaker.
//!
//! Names and units follow Prometheus' conventions (<https://prometheus.io/docs/practices/naming/>): base units, `_total`
//! for counters, `_ratio` for shares from 0 to 1. OpenTelemetry's names are made of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ptr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::about::About;
use crate::breaker::{CircuitBreaker, Totals};
use crate::history::Tally;
use crate::keyed::Breakers;
use crate::mode::Mode;
use crate::registry;
use crate::state::State;
use crate::window::Histogram;

use super::snapshot::Snapshot;

/// Names and values of labels.
pub(super) type Labels = Vec<(&'static str, String)>;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Histogram,
}

/// One metric of all breakers.
#[derive(Debug)]
pub(super) struct Metric {
    /// Without the `_total` of a counter.
    pub(super) name: Cow<'static, str>,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    /// As OpenTelemetry writes it: `s` for seconds, `1` for a share, else what is counted, in braces.
    #[cfg_attr(not(feature = "opentelemetry"), expect(dead_code, reason = "Prometheus has units in names"))]
    pub(super) unit: &'static str,
    /// None where no breaker has any at present.
    pub(super) samples: Vec<(Labels, Value)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
    Histogram(Histogram),
}

/// What a metric reads of one subject: the labels beside those of the subject, and values.
type Read = fn(&Subject) -> Vec<(Labels, Value)>;

/// Names, kinds, units, and what people read of them.
const METRICS: [(&str, Kind, &str, &str, Read); 30] = [
    (
        "info",
        Kind::Gauge,
        "{breaker}",
        "Always 1: what people should know of the breaker, and where it was made.",
        |of| {
            of.one(|one| {
                let (note, at) = (one.now.breaker.note.unwrap_or_default(), one.now.breaker.at);
                vec![(vec![("note", note.to_owned()), ("at", at.to_string())], Value::Whole(1))]
            })
        },
    ),
    (
        "state",
        Kind::Gauge,
        "{breaker}",
        "Whether the breaker is in the state (1) or not (0); of the other keys, how many are.",
        |of| {
            let is_in = |state: State| match of {
                Subject { what: What::One(one), .. } => u64::from(one.now.state == state),
                Subject { what: What::Rest { states, .. }, .. } => {
                    states.iter().filter(|its| **its == state).count() as u64
                }
            };
            State::ALL.map(|state| (vec![("state", state.id().to_owned())], Value::Whole(is_in(state)))).into()
        },
    ),
    ("mode", Kind::Gauge, "{breaker}", "Whether the breaker is in the mode (1) or not (0).", |of| {
        of.one(|one| {
            let is_in = |mode| Value::Whole(u64::from(one.now.mode == mode));
            Mode::ALL.map(|mode| (vec![("mode", mode.id().to_owned())], is_in(mode))).into()
        })
    }),
    ("state_seconds", Kind::Gauge, "s", "How long the breaker has been in its state or mode.", |of| {
        of.one(|one| one.now.in_state_for.map(|time| plain(Value::Real(time.as_secs_f64()))).unwrap_or_default())
    }),
    ("last_transition_timestamp_seconds", Kind::Gauge, "s", "When the breaker last changed its state or mode.", |of| {
        of.one(|one| {
            let since = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            one.now.since.map(|at| plain(Value::Real(since(at)))).unwrap_or_default()
        })
    }),
    ("open_seconds", Kind::Counter, "s", "How long the breaker has been open altogether.", |of| {
        of.one(|one| plain(Value::Real(one.now.open_for.as_secs_f64())))
    }),
    ("next_probe_seconds", Kind::Gauge, "s", "In how many seconds an open breaker lets a probe through.", |of| {
        of.one(|one| {
            one.now
                .retry_after
                .filter(|_| one.now.state == State::Open)
                .map(|time| plain(Value::Real(time.as_secs_f64())))
                .unwrap_or_default()
        })
    }),
    ("trips", Kind::Counter, "{trip}", "How often a rule or a probe opened the breaker.", |of| {
        of.one(|one| plain(Value::Whole(one.now.trips)))
    }),
    ("reopenings", Kind::Gauge, "{reopening}", "How often in a row the breaker has failed to close.", |of| {
        of.one(|one| {
            let seen = if one.now.mode == Mode::MetricsOnly { 0 } else { one.now.reopenings };
            plain(Value::Whole(seen.into()))
        })
    }),
    ("transitions", Kind::Counter, "{transition}", "How often the breaker went from one state to another.", |of| {
        of.one(transitions)
    }),
    ("calls", Kind::Counter, "{call}", "Calls that were let through, by how they ended.", |of| {
        let Totals { succeeded, failed, ignored, cancelled, .. } = *of.totals();
        let all = [("succeeded", succeeded), ("failed", failed), ("ignored", ignored), ("cancelled", cancelled)];
        by("outcome", all)
    }),
    ("in_flight_calls", Kind::Gauge, "{call}", "Calls that were let through and have not ended.", |of| {
        plain(Value::Whole(of.totals().in_flight()))
    }),
    ("rejected_calls", Kind::Counter, "{call}", "Calls that were not let through, by why.", |of| {
        let totals = of.totals();
        let Totals {
            rejected_open,
            rejected_probing,
            rejected_recovering,
            rejected_forced_open,
            rejected_full,
            rejected_limited,
            ..
        } = *totals;
        let closed = [("open", rejected_open), ("probing", rejected_probing)];
        let other = [
            ("recovering", rejected_recovering),
            ("forced_open", rejected_forced_open),
            ("full", rejected_full),
            ("limited", rejected_limited),
        ];
        by("reason", closed.into_iter().chain(other))
    }),
    ("would_have_rejected_calls", Kind::Counter, "{call}", "Calls that were let through in metrics only.", |of| {
        plain(Value::Whole(of.totals().would_have_rejected))
    }),
    ("timed_out_calls", Kind::Counter, "{call}", "Failed calls that were stopped at their time limit.", |of| {
        plain(Value::Whole(of.totals().timed_out))
    }),
    (
        "slow_calls",
        Kind::Counter,
        "{call}",
        "Calls that took as long as the rule about slow calls says, or longer.",
        |of| plain(Value::Whole(of.totals().slow)),
    ),
    (
        "late_calls",
        Kind::Counter,
        "{call}",
        "Calls that ended when the state had changed, and decided nothing.",
        |of| plain(Value::Whole(of.totals().late)),
    ),
    (
        "fallbacks",
        Kind::Counter,
        "{fallback}",
        "Fallbacks that ended, by whether they gave an answer or failed themselves.",
        |of| {
            let Totals { fallbacks_answered, fallbacks_failed, .. } = *of.totals();
            by("result", [("answered", fallbacks_answered), ("failed", fallbacks_failed)])
        },
    ),
    (
        "total_timed_out_calls",
        Kind::Counter,
        "{call}",
        "Failed calls that were stopped because the time for all attempts was over.",
        |of| plain(Value::Whole(of.totals().total_timed_out)),
    ),
    ("retries", Kind::Counter, "{retry}", "Failed calls that were made again.", |of| {
        plain(Value::Whole(of.totals().retried))
    }),
    ("last_good_answers", Kind::Counter, "{answer}", "Earlier answers that were given in the place of one.", |of| {
        plain(Value::Whole(of.totals().last_good_served))
    }),
    ("last_good_age_seconds", Kind::Gauge, "s", "How old the last of these answers was.", |of| {
        of.one(|one| {
            let age = one.now.last_good_age.as_ref().map(Duration::as_secs_f64);
            age.map(|age| (Vec::new(), Value::Real(age))).into_iter().collect()
        })
    }),
    ("failures", Kind::Counter, "{call}", "Failed calls, by their class.", |of| {
        of.one(|one| {
            let mut classes = BTreeMap::new();
            for class in &one.now.failures_by_class {
                *classes.entry(class.class).or_default() += class.count;
            }
            by("class", classes)
        })
    }),
    ("consecutive_failures", Kind::Gauge, "{call}", "Failures in a row, where a rule counts them.", |of| {
        of.one(|one| plain(Value::Whole(one.now.consecutive_failures.into())))
    }),
    ("window_calls", Kind::Gauge, "{call}", "Calls in the window of the rules.", |of| {
        of.one(|one| one.now.window.map(|window| plain(Value::Whole(window.calls))).unwrap_or_default())
    }),
    ("failure_ratio", Kind::Gauge, "1", "The share of the calls in the window of the rules that failed.", |of| {
        of.one(|one| ratio(one.now.window.and_then(|window| window.failure_rate())))
    }),
    ("slow_ratio", Kind::Gauge, "1", "The share of the calls in the window of the rules that were slow.", |of| {
        of.one(|one| ratio(one.now.window.and_then(|window| window.slow_rate())))
    }),
    ("admitted_ratio", Kind::Gauge, "1", "The share of the calls that may pass, while a ramp lasts.", |of| {
        of.one(|one| ratio(one.now.share))
    }),
    (
        "settings_revision",
        Kind::Gauge,
        "{revision}",
        "The number of the settings in force; 1 is what the breaker was made with.",
        |of| of.one(|one| plain(Value::Whole(one.now.revision))),
    ),
    (
        "call_duration_seconds",
        Kind::Histogram,
        "s",
        "How long calls took that ended by themselves, where that is kept.",
        |of| of.one(|one| one.durations.clone().map(|all| plain(Value::Histogram(all))).unwrap_or_default()),
    ),
];

/// What the labels are of.
#[derive(Debug)]
struct Subject {
    labels: Labels,
    what: What,
}

#[derive(Debug)]
enum What {
    One(Box<One>),
    /// The keys of a family that are not shown one by one.
    Rest {
        states: Vec<State>,
        totals: Totals,
    },
}

#[derive(Debug)]
struct One {
    now: Snapshot,
    tally: Tally,
    durations: Option<Histogram>,
}

impl Subject {
    fn of(breaker: &CircuitBreaker, owner: &Owner) -> Self {
        let now = breaker.snapshot();
        let mut labels = owner.labels.clone();
        if let Some(key) = &now.breaker.key {
            labels.push(("key", shown_key(key)));
        }
        let one = One { now, tally: breaker.tally(), durations: breaker.durations() };
        Self { labels, what: What::One(Box::new(one)) }
    }

    fn rest_of(family: &Breakers, owner: &Owner) -> Option<Self> {
        let (states, totals) = family.rest()?;
        let mut labels = owner.labels.clone();
        labels.push(("key", OTHER.to_owned()));
        Some(Self { labels, what: What::Rest { states, totals } })
    }

    fn totals(&self) -> &Totals {
        match &self.what {
            What::One(one) => &one.now.totals,
            What::Rest { totals, .. } => totals,
        }
    }

    /// What only one breaker has.
    fn one(&self, read: impl FnOnce(&One) -> Vec<(Labels, Value)>) -> Vec<(Labels, Value)> {
        match &self.what {
            What::One(one) => read(one),
            What::Rest { .. } => Vec::new(),
        }
    }
}

/// Bounds, as the label `le` has them, and how many calls took no longer.
pub(super) fn buckets(all: &Histogram) -> impl Iterator<Item = (String, u64)> {
    let bounded = all.up_to.iter().map(|(bound, calls)| (bound.as_secs_f64().to_string(), *calls));
    bounded.chain([("+Inf".to_owned(), all.calls)])
}

/// The label of the keys that are not shown.
const OTHER: &str = "other";

/// A key that reads like [`OTHER`], or like no label at all, gets quotes, and so does one that has those already.
fn shown_key(key: &str) -> String {
    let bare = key.trim_matches('"');
    if bare == OTHER || bare.is_empty() { format!("\"{key}\"") } else { key.to_owned() }
}

fn plain(value: Value) -> Vec<(Labels, Value)> {
    vec![(Vec::new(), value)]
}

fn ratio(share: Option<f64>) -> Vec<(Labels, Value)> {
    share.map(|share| plain(Value::Real(share))).unwrap_or_default()
}

fn by<'a>(label: &'static str, all: impl IntoIterator<Item = (&'a str, u64)>) -> Vec<(Labels, Value)> {
    all.into_iter().map(|(value, count)| (vec![(label, value.to_owned())], Value::Whole(count))).collect()
}

/// Those that every breaker goes through from the beginning, others once they have happened.
fn transitions(one: &One) -> Vec<(Labels, Value)> {
    use State::{Closed, HalfOpen, Open};
    const USUAL: [(State, State); 5] =
        [(Closed, Open), (Open, HalfOpen), (HalfOpen, Closed), (HalfOpen, Open), (Open, Closed)];
    let pairs = State::ALL.into_iter().flat_map(|from| State::ALL.map(|to| (from, to)));
    let counted = pairs.map(|(from, to)| (from, to, one.tally.moves[from as usize][to as usize]));
    counted
        .filter(|(from, to, count)| *count > 0 || USUAL.contains(&(*from, *to)))
        .map(|(from, to, count)| {
            (vec![("from", from.id().to_owned()), ("to", to.id().to_owned())], Value::Whole(count))
        })
        .collect()
}

/// All metrics of all listed breakers, always the same ones in the same order.
pub(super) fn collect() -> Vec<Metric> {
    let (breakers, families) = (registry::all(), registry::families());
    let mut owners: Vec<Owner> = breakers.iter().map(|breaker| Owner::new(&breaker.about(), *breaker)).collect();
    owners.extend(families.iter().map(|family| Owner::new(&family.about(), *family)));
    tell_apart(&mut owners);
    let (of_breakers, of_families) = owners.split_at(breakers.len());
    let mut subjects: Vec<Subject> =
        breakers.iter().zip(of_breakers).map(|(breaker, owner)| Subject::of(breaker, owner)).collect();
    for (family, owner) in families.iter().zip(of_families) {
        subjects.extend(family.shown().map(|member| Subject::of(&member, owner)));
        subjects.extend(Subject::rest_of(family, owner));
    }
    // A key that got another place meanwhile is there twice, and so are two with one text: the first one counts.
    let mut seen = BTreeSet::new();
    subjects.retain(|subject| seen.insert(subject.labels.clone()));
    let metric = |(name, kind, unit, help, read): (&'static str, Kind, &'static str, &'static str, Read)| Metric {
        name: name.into(),
        help,
        kind,
        unit,
        samples: subjects
            .iter()
            .flat_map(|subject| {
                read(subject).into_iter().map(|(more, value)| {
                    let labels = subject.labels.iter().cloned().chain(more).collect();
                    (labels, value)
                })
            })
            .collect(),
    };
    let missed = Metric {
        name: "events_missed".into(),
        help: "Events that listeners have missed, being too far behind.",
        kind: Kind::Counter,
        unit: "{event}",
        samples: plain(Value::Whole(registry::lagged())),
    };
    let of_process = [
        missed,
        #[cfg(feature = "config")]
        Metric {
            name: "config_refused".into(),
            help: "1 where the last configuration that was tried was refused, else 0.",
            kind: Kind::Gauge,
            unit: "{configuration}",
            samples: plain(Value::Whole(crate::config::refused().is_some().into())),
        },
    ];
    METRICS.into_iter().map(metric).chain(of_process).collect()
}

/// A breaker or a family, whose labels its samples have.
struct Owner {
    labels: Labels,
    /// Where it is in memory, by which it is known again: what is listed stays there.
    address: usize,
}

impl Owner {
    fn new<T>(about: &About, owner: &'static T) -> Self {
        let dependency = about.dependency.unwrap_or_default().to_owned();
        let labels = vec![("name", about.name.to_owned()), ("dependency", dependency)];
        Self { labels, address: ptr::from_ref(owner).addr() }
    }
}

/// No two samples may have the same labels: those that share theirs get numbers, in the order in which that was first
/// seen, and keep them.
fn tell_apart(owners: &mut [Owner]) {
    static NUMBERS: Mutex<BTreeMap<Labels, Vec<usize>>> = Mutex::new(BTreeMap::new());
    let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut seen: BTreeMap<Labels, usize> = BTreeMap::new();
    for owner in &*owners {
        *seen.entry(owner.labels.clone()).or_default() += 1;
    }
    for owner in owners {
        if seen.get(&owner.labels).is_some_and(|count| *count > 1) || numbers.contains_key(&owner.labels) {
            let known = numbers.entry(owner.labels.clone()).or_default();
            let place = known.iter().position(|address| *address == owner.address).unwrap_or_else(|| {
                known.push(owner.address);
                known.len() - 1
            });
            owner.labels.push(("nth", (place + 1).to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_reads_like_the_rest() {
        for (key, shown) in [
            ("", "\"\""),
            ("\"\"", "\"\"\"\""),
            ("eu", "eu"),
            ("other", "\"other\""),
            ("\"other\"", "\"\"other\"\""),
            ("others", "others"),
        ] {
            assert_eq!(shown_key(key), shown);
        }
    }
}
