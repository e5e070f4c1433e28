//! The keys of the attribute: the one list that the parser, its messages and the reference share.

use std::fmt::Write;

/// Which argument a key sets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Id {
    Name,
    Accessor,
    Crate,
    Breaker,
    Dependency,
    Note,
    Key,
    MaxKeys,
    Idle,
    Overflow,
    Threshold,
    Consecutive,
    Failures,
    FailureRate,
    SlowRate,
    SlowCall,
    Window,
    MinCalls,
    OnCancel,
    Reset,
    Backoff,
    MaxReset,
    Jitter,
    Probes,
    Successes,
    ProbeFailureRate,
    ProbeTimeout,
    Ramp,
    Timeout,
    MaxConcurrent,
    RateLimit,
    Burst,
    Ignore,
    FailureIf,
    Class,
    Fallback,
    FallbackOn,
    Latency,
    Span,
    TotalTimeout,
    Retry,
    LastGood,
    // Within `retry(…)`.
    RetryAttempts,
    RetryBackoff,
    RetryFactor,
    RetryMax,
    RetryJitter,
    RetryWhen,
    // Within `last_good(…)`.
    GoodKey,
    GoodTtl,
    GoodMax,
    GoodStore,
}

/// What a key is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Group {
    Identity,
    Family,
    Trip,
    Recovery,
    Outcome,
    Fallback,
    Time,
    Limit,
    Stack,
    Seeing,
}

/// What stands behind a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    Value,
    Pattern,
    PatternOrClosure,
    /// `key`, which is `key = true`, or a value.
    Flag,
    /// `key`, or `key(…)` with keys of its own.
    List,
}

/// One key, as people read about it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: Id,
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    /// Completes the sentence "`key` accepts …".
    pub(crate) accepts: &'static str,
    /// One line for the reference.
    #[cfg_attr(not(test), expect(dead_code, reason = "the reference is checked against it"))]
    pub(crate) meaning: &'static str,
}

const COUNT: &str = "a whole number from 1 to 65535, or a `u32` constant";
const KEYS_OF_A_FAMILY: &str = "a whole number from 1 to 1000000, or a `u32` constant";
const PROBES: &str = "a whole number from 1 to 255, or a `u32` constant";
const TIME: &str = "a time as text, such as `\"250ms\"`, `\"60s\"` or `\"5m\"`, or a `Duration` constant";
const RATE: &str = "a share above 0 and up to 1, such as `0.5` or `\"50%\"`, or an `f64` constant";
const WINDOW: &str =
    "a time as text, such as `\"30s\"`, a number of calls from 1 to 65535, or a `Duration` or `u32` constant";

pub(crate) static KEYS: [Key; 42] = [
    Key {
        id: Id::Threshold,
        name: "threshold",
        group: Group::Trip,
        accepts: COUNT,
        meaning: "failures until the breaker opens: in a row, or within `window` where that is set",
    },
    Key {
        id: Id::Reset,
        name: "reset",
        group: Group::Recovery,
        accepts: TIME,
        meaning: "how long the breaker stays open before it lets a probe through (60 s)",
    },
    Key {
        id: Id::Timeout,
        name: "timeout",
        group: Group::Time,
        accepts: TIME,
        meaning: "a call that takes longer is dropped and counts as a failure (no limit)",
    },
    Key {
        id: Id::Ignore,
        name: "ignore",
        group: Group::Outcome,
        accepts: "a pattern of the error, such as `Error::NotFound(_)`, with an optional `if` guard",
        meaning: "errors that say nothing about the dependency's health: not counted (none)",
    },
    Key {
        id: Id::FailureIf,
        name: "failure_if",
        group: Group::Outcome,
        accepts: "a closure such as `|output| output.is_err()`, or the path of a function",
        meaning: "decides from `&output` whether a call failed (every `Err` is a failure)",
    },
    Key {
        id: Id::Fallback,
        name: "fallback",
        group: Group::Fallback,
        accepts: "the path of a function with the same signature, or a closure such as `|cause| …`",
        meaning: "answers calls that the breaker rejects (they get the error)",
    },
    Key {
        id: Id::Breaker,
        name: "breaker",
        group: Group::Identity,
        accepts: "an expression such as `PRICING` or `self.breaker`",
        meaning: "a breaker held elsewhere: a static `CircuitBreaker`, or an `Arc<CircuitBreaker>`",
    },
    Key {
        id: Id::Name,
        name: "name",
        group: Group::Identity,
        accepts: "a text such as `\"pricing\"`, or a `&'static str` constant",
        meaning: "what events, errors and the registry call the breaker (the function's path)",
    },
    Key {
        id: Id::Accessor,
        name: "accessor",
        group: Group::Identity,
        accepts: "a name such as `price_breaker`, or `false`",
        meaning: "the generated function that returns the breaker (`<function>_breaker`)",
    },
    Key {
        id: Id::Crate,
        name: "crate",
        group: Group::Identity,
        accepts: "an absolute path such as `::renamed` or `crate::facade::breaker`",
        meaning: "where the crate `breaker_runtime` is found (`::breaker_runtime`)",
    },
    Key {
        id: Id::Dependency,
        name: "dependency",
        group: Group::Identity,
        accepts: "a text such as `\"payment service\"`, or a `&'static str` constant",
        meaning: "what the function depends on, for people and metrics (none)",
    },
    Key {
        id: Id::Note,
        name: "note",
        group: Group::Identity,
        accepts: "a text such as `\"orders wait meanwhile\"`, or a `&'static str` constant",
        meaning: "what the person on call should know (none)",
    },
    Key {
        id: Id::Key,
        name: "key",
        group: Group::Family,
        accepts: "an expression over the arguments, such as `host` or `&order.tenant`",
        meaning: "one breaker for each value of it (one for the function)",
    },
    Key {
        id: Id::MaxKeys,
        name: "max_keys",
        group: Group::Family,
        accepts: KEYS_OF_A_FAMILY,
        meaning: "how many keys have breakers at one time (1000)",
    },
    Key {
        id: Id::Idle,
        name: "idle",
        group: Group::Family,
        accepts: TIME,
        meaning: "a key that was not called for so long is forgotten (10 minutes)",
    },
    Key {
        id: Id::Overflow,
        name: "overflow",
        group: Group::Family,
        accepts: "`\"metrics_only\"` or `\"shared\"`",
        meaning: "what protects keys beyond `max_keys`: a breaker that rejects nothing, or one that they share (`\"metrics_only\"`)",
    },
    Key {
        id: Id::Consecutive,
        name: "consecutive",
        group: Group::Trip,
        accepts: COUNT,
        meaning: "opens after so many failures in a row (5, where no rule is given)",
    },
    Key {
        id: Id::Failures,
        name: "failures",
        group: Group::Trip,
        accepts: COUNT,
        meaning: "opens after so many failures within `window`, whatever succeeds between them",
    },
    Key {
        id: Id::FailureRate,
        name: "failure_rate",
        group: Group::Trip,
        accepts: RATE,
        meaning: "opens when this share of the calls in `window` failed",
    },
    Key {
        id: Id::SlowRate,
        name: "slow_rate",
        group: Group::Trip,
        accepts: RATE,
        meaning: "opens when this share of the calls in `window` took `slow_call` or longer",
    },
    Key {
        id: Id::SlowCall,
        name: "slow_call",
        group: Group::Trip,
        accepts: TIME,
        meaning: "from which time on a call is slow, for `slow_rate` (none)",
    },
    Key {
        id: Id::Window,
        name: "window",
        group: Group::Trip,
        accepts: WINDOW,
        meaning: "what `failures` (or `threshold`) and the rates look back on (60 s for the rates)",
    },
    Key {
        id: Id::MinCalls,
        name: "min_calls",
        group: Group::Trip,
        accepts: COUNT,
        meaning: "calls that `window` must hold before a rate is read (20, or a smaller `window` of calls)",
    },
    Key {
        id: Id::OnCancel,
        name: "on_cancel",
        group: Group::Trip,
        accepts: "`\"unanswered\"`, `\"failure\"` or `\"ignore\"`",
        meaning: "what a call is that was dropped before it ended (`\"unanswered\"`)",
    },
    Key {
        id: Id::Backoff,
        name: "backoff",
        group: Group::Recovery,
        accepts: "a number of at least 1, such as `2.0`, or an `f64` constant",
        meaning: "each further opening waits so many times longer (1)",
    },
    Key {
        id: Id::MaxReset,
        name: "max_reset",
        group: Group::Recovery,
        accepts: TIME,
        meaning: "the longest wait that `backoff` and `jitter` lead to (10 times `reset` with a `backoff`)",
    },
    Key {
        id: Id::Jitter,
        name: "jitter",
        group: Group::Recovery,
        accepts: "a fraction from 0 to 1, such as `0.2` or `\"20%\"`, or an `f64` constant",
        meaning: "spreads each wait by up to this share, up and down (0)",
    },
    Key {
        id: Id::Probes,
        name: "probes",
        group: Group::Recovery,
        accepts: PROBES,
        meaning: "calls let through at a time to try the dependency again (1)",
    },
    Key {
        id: Id::Successes,
        name: "successes",
        group: Group::Recovery,
        accepts: PROBES,
        meaning: "probes that must succeed before the breaker closes (as many as `probes`)",
    },
    Key {
        id: Id::ProbeFailureRate,
        name: "probe_failure_rate",
        group: Group::Recovery,
        accepts: RATE,
        meaning: "all `probes` decide together: this share of failed ones opens the breaker again (the first failed probe does)",
    },
    Key {
        id: Id::ProbeTimeout,
        name: "probe_timeout",
        group: Group::Recovery,
        accepts: TIME,
        meaning: "when to decide although probes have not answered (the longest of 60 s, the wait before and `timeout`)",
    },
    Key {
        id: Id::Ramp,
        name: "ramp",
        group: Group::Recovery,
        accepts: TIME,
        meaning: "lets a growing share of calls through, for so long after probes closed the breaker (all at once)",
    },
    Key {
        id: Id::Class,
        name: "class",
        group: Group::Outcome,
        accepts: "a closure such as `|error| …`, or the path of a function, from `&E` to `&'static str`",
        meaning: "a word for each failure, by which totals and reports sort them (none)",
    },
    Key {
        id: Id::FallbackOn,
        name: "fallback_on",
        group: Group::Fallback,
        accepts: "`\"rejection\"` or `\"failure\"`",
        meaning: "whether failed and timed-out calls get the fallback too (`\"rejection\"`)",
    },
    Key {
        id: Id::LastGood,
        name: "last_good",
        group: Group::Stack,
        accepts: "`last_good(key = …, ttl = \"1h\")`, with `max` and `store` if need be",
        meaning: "keeps good answers, and gives the last one where the call is rejected or fails (none are kept)",
    },
    Key {
        id: Id::TotalTimeout,
        name: "total_timeout",
        group: Group::Stack,
        accepts: TIME,
        meaning: "how long the caller waits at most, for all attempts and the waits between them (no limit)",
    },
    Key {
        id: Id::Retry,
        name: "retry",
        group: Group::Stack,
        accepts: "`retry`, or `retry(attempts = 3, backoff = \"100ms\")` with `factor`, `max`, `jitter` and `when` if need be",
        meaning: "makes a failed call again, each time through the breaker: for idempotent functions only (calls are made once)",
    },
    Key {
        id: Id::MaxConcurrent,
        name: "max_concurrent",
        group: Group::Limit,
        accepts: COUNT,
        meaning: "calls that may run at once; more of them are rejected, and say nothing about the dependency (no limit)",
    },
    Key {
        id: Id::RateLimit,
        name: "rate_limit",
        group: Group::Limit,
        accepts: "calls in a time as text, such as `\"100/s\"`, `\"30/m\"` or `\"10/250ms\"`",
        meaning: "calls that may be made within a time; more of them are rejected, and say nothing about the dependency (no limit)",
    },
    Key {
        id: Id::Burst,
        name: "burst",
        group: Group::Limit,
        accepts: "a whole number from 1 to 1000000000, or a `u32` constant",
        meaning: "calls that may come at once under `rate_limit` (as many as it allows within its time)",
    },
    Key {
        id: Id::Latency,
        name: "latency",
        group: Group::Seeing,
        accepts: "`true` or `false`, or a `bool` constant",
        meaning: "keeps how long calls take, for snapshots and metrics (only with `slow_rate`)",
    },
    Key {
        id: Id::Span,
        name: "span",
        group: Group::Seeing,
        accepts: "`true` or `false`, or a `bool` constant",
        meaning: "tells the caller's span how each admitted call ended (`false`; feature `tracing`)",
    },
];

/// The keys within `retry(…)`.
pub(crate) static RETRY: [Key; 6] = [
    Key {
        id: Id::RetryAttempts,
        name: "attempts",
        group: Group::Stack,
        accepts: "a whole number from 1 to 100, or a `u32` constant",
        meaning: "how often a call is made at most, the first time included (3)",
    },
    Key {
        id: Id::RetryBackoff,
        name: "backoff",
        group: Group::Stack,
        accepts: TIME,
        meaning: "the wait before the second attempt (100 ms)",
    },
    Key {
        id: Id::RetryFactor,
        name: "factor",
        group: Group::Stack,
        accepts: "a number from 1 to 655, such as `2.0`, or an `f64` constant",
        meaning: "each further wait is so many times longer (2)",
    },
    Key {
        id: Id::RetryMax,
        name: "max",
        group: Group::Stack,
        accepts: TIME,
        meaning: "the longest wait, before `jitter` (2 s, or `backoff` where that is longer)",
    },
    Key {
        id: Id::RetryJitter,
        name: "jitter",
        group: Group::Stack,
        accepts: "nothing, `true` or `false`, or a `bool` constant",
        meaning: "makes each wait longer by a random part, up to twice as long (`false`)",
    },
    Key {
        id: Id::RetryWhen,
        name: "when",
        group: Group::Stack,
        accepts: "a pattern of the error, such as `Error::Busy(_)`, with an optional `if` guard, or a closure such as `|error| …`",
        meaning: "the failures after which the call is made again (all)",
    },
];

/// The keys within `last_good(…)`.
pub(crate) static LAST_GOOD: [Key; 4] = [
    Key {
        id: Id::GoodKey,
        name: "key",
        group: Group::Stack,
        accepts: "an expression over the arguments, such as `sku` or `(tenant, sku.to_owned())`",
        meaning: "what the answer depends on (may be left out where there are no arguments)",
    },
    Key {
        id: Id::GoodTtl,
        name: "ttl",
        group: Group::Stack,
        accepts: TIME,
        meaning: "how old an answer may be that is given",
    },
    Key {
        id: Id::GoodMax,
        name: "max",
        group: Group::Stack,
        accepts: "a whole number from 1 to 1000000000, or a `u32` constant",
        meaning: "how many answers are kept in memory (10000)",
    },
    Key {
        id: Id::GoodStore,
        name: "store",
        group: Group::Stack,
        accepts: "the path of a static store, such as `ANSWERS`, or another expression of one",
        meaning: "where answers are kept (in the memory of this process)",
    },
];

impl Id {
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Ignore => Form::Pattern,
            Self::RetryWhen => Form::PatternOrClosure,
            Self::RetryJitter => Form::Flag,
            Self::Retry | Self::LastGood => Form::List,
            _ => Form::Value,
        }
    }
}

/// The key called `name` among `keys`.
pub(crate) fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}

/// The key called `id`; the lists hold every one.
#[cfg(test)]
pub(crate) fn get(id: Id) -> &'static Key {
    KEYS.iter().chain(&RETRY).chain(&LAST_GOOD).find(|key| key.id == id).unwrap_or(&KEYS[0])
}

/// What to say about a key that does not exist.
pub(crate) fn unknown(keys: &'static [Key], name: &str) -> String {
    let mut text = format!("there is no key `{name}`");
    if let Some(meant) = meant_by(keys, name) {
        let _ = write!(text, ", did you mean `{meant}`?");
    }
    text.push_str(" (the keys are ");
    for (position, key) in keys.iter().enumerate() {
        let before = match position {
            0 => "",
            _ if position + 1 == keys.len() => " and ",
            _ => ", ",
        };
        let _ = write!(text, "{before}{}", key.name);
    }
    text.push(')');
    text
}

/// The key that was probably meant: the nearest one, or the one whose beginning was typed.
fn meant_by(keys: &'static [Key], name: &str) -> Option<&'static str> {
    let nearest = keys.iter().map(|key| (distance(name, key.name), key.name)).min()?;
    let tolerated = (name.chars().count() / 3).clamp(1, 3);
    if nearest.0 <= tolerated {
        return Some(nearest.1);
    }
    let begun = |key: &&Key| name.len() >= 3 && key.name.starts_with(name);
    keys.iter().find(begun).map(|key| key.name)
}

/// How many letters to insert, delete, replace or swap with their neighbour to get from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let same = usize::from(one[i - 1] != other[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_listed_once() {
        let lists: [&'static [Key]; 3] = [&KEYS, &RETRY, &LAST_GOOD];
        for keys in lists {
            for key in keys {
                assert_eq!(lists.concat().iter().filter(|other| other.id == key.id).count(), 1, "{}", key.name);
                assert_eq!(keys.iter().filter(|other| other.name == key.name).count(), 1, "{}", key.name);
                assert_eq!(get(key.id).name, key.name);
                assert_eq!(find(keys, key.name).map(|found| found.id), Some(key.id));
            }
        }
        // The last one declared: as many ids as keys, so none is missing.
        assert_eq!(Id::GoodStore as usize + 1, lists.concat().len());
    }

    #[test]
    fn misspelt_keys_are_recognised() {
        for (typed, meant) in [
            ("treshold", "threshold"),
            ("thresh", "threshold"),
            ("rest", "reset"),
            ("timout", "timeout"),
            ("time_out", "timeout"),
            ("fallbak", "fallback"),
            ("fallback_one", "fallback_on"),
            ("failureif", "failure_if"),
            ("probe", "probes"),
            ("sucesses", "successes"),
            ("ignroe", "ignore"),
            ("failurerate", "failure_rate"),
            ("slow_calls", "slow_call"),
            ("min_call", "min_calls"),
            ("rampup", "ramp"),
            ("keys", "key"),
            ("max_key", "max_keys"),
            ("dependancy", "dependency"),
            ("notes", "note"),
            ("klass", "class"),
            ("overflows", "overflow"),
            ("max_concurent", "max_concurrent"),
            ("rate_limits", "rate_limit"),
            ("bursts", "burst"),
            ("total_time", "total_timeout"),
            ("retri", "retry"),
            ("lastgood", "last_good"),
        ] {
            assert_eq!(meant_by(&KEYS, typed), Some(meant), "{typed}");
        }
        for typed in ["", "x", "colour", "hedge", "ab", "ünïcödé"] {
            assert_eq!(meant_by(&KEYS, typed), None, "{typed}");
        }
        assert_eq!(meant_by(&RETRY, "atempts"), Some("attempts"));
        assert_eq!(meant_by(&RETRY, "probes"), None);
    }

    #[test]
    fn an_unknown_key_is_told_all_keys() {
        let text = unknown(&KEYS, "treshold");
        assert!(text.starts_with("there is no key `treshold`, did you mean `threshold`?"), "{text}");
        for key in &KEYS {
            assert!(text.contains(key.name), "{text}");
        }
    }

    /// The table of the reference is this list.
    #[test]
    fn the_reference_has_every_key() {
        let reference = include_str!("../lib.rs");
        for key in KEYS.iter().chain(&RETRY).chain(&LAST_GOOD) {
            let cell = |text: &str| text.replace('|', "\\|");
            let row = format!("/// | `{}` | {} | {} |", key.name, cell(key.accepts), cell(key.meaning));
            assert!(reference.contains(&row), "missing in the reference of lib.rs:\n{row}");
        }
    }
}
