//! What is allowed, and seldom meant.

use std::fmt;
use std::time::Duration;

use super::Config;
use super::traffic::Traffic;
use super::wish::{Of, wish};
use crate::policy::{OnCancel, Settings, Window};
use crate::text::{Counted, Plain};

/// Settings that are allowed, and seldom meant. Prints as one line, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the breaker, or the pattern of several, where a configuration was looked at.
    pub breaker: Option<String>,
    /// The key that it is about.
    pub key: &'static str,
    /// What is odd about it, and what to write instead.
    pub text: String,
    /// Whether it only tells what follows from the settings.
    pub is_note: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(breaker) = &self.breaker {
            write!(f, "`{}`: ", breaker.escape_debug())?;
        }
        f.write_str(&self.text)
    }
}

/// A true trip should not need longer than this: by then, callers have gone elsewhere.
const LATE: Duration = Duration::from_secs(300);
/// A false trip more often than this teaches people to look away.
const OFTEN: Duration = Duration::from_secs(86_400);

/// Looks for settings that are allowed, and seldom meant: one failure that opens, a reset shorter than a call may take,
/// rules that no call can ever meet, cancelled calls that nobody counts. With the usual traffic it tells, too, which
/// rules can never trip at so many calls, how long it takes until an outage is noticed, and how often the breaker opens
/// though nothing is wrong.
///
/// ```
/// use std::time::Duration;
/// use breaker_runtime::Settings;
/// use breaker_runtime::config::{Traffic, lint};
///
/// let settings = Settings::new().failure_rate(0.5).window(Duration::from_secs(10)).min_calls(100);
/// let traffic = Traffic::new(2.0, 0.01).expect("a rate and a share");
/// let found = lint(&settings, Some(&traffic));
/// assert_eq!(
///     found[0].to_string(),
///     "`min_calls` is never reached: the window of 10 s holds about 20 calls at 2 calls a second, and 100 are needed: \
///      write `min_calls = 20` or less, or a longer `window`"
/// );
/// ```
#[must_use]
pub fn lint(settings: &Settings, traffic: Option<&Traffic>) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    one_failure(settings, &mut found);
    short_reset(settings, &mut found);
    nobody_counts(settings, &mut found);
    if let Some(traffic) = traffic {
        never_reached(settings, traffic, &mut found);
        times(settings, traffic, &mut found);
    }
    found.0
}

struct Found(Vec<Finding>);

impl Found {
    fn warn(&mut self, key: &'static str, text: String) {
        self.0.push(Finding { breaker: None, key, text, is_note: false });
    }

    fn note(&mut self, key: &'static str, text: String) {
        self.0.push(Finding { breaker: None, key, text, is_note: true });
    }
}

fn one_failure(settings: &Settings, found: &mut Found) {
    for (key, value) in [("consecutive", settings.consecutive.get()), ("failures", settings.failures.get())] {
        if value == Some(1) {
            let text = format!(
                "one failure alone opens this breaker, so a single bad answer turns every caller away until `reset` is over: \
                 write `{key} = 2` or more"
            );
            found.warn(key, text);
        }
    }
}

fn short_reset(settings: &Settings, found: &mut Found) {
    let reset = settings.reset_delay();
    if let Some(limit) = settings.timeout.get().filter(|limit| reset < *limit) {
        let (reset, limit) = (humantime::format_duration(reset), humantime::format_duration(limit));
        let text = format!(
            "`reset` is {reset}, and a call may take {limit}: when the first probe goes out, calls from before the breaker \
             opened may still be under way, so the dependency has had no rest: write `reset = \"{limit}\"` or more"
        );
        found.warn("reset", text);
    }
}

fn nobody_counts(settings: &Settings, found: &mut Found) {
    if settings.on_cancel == OnCancel::Ignore && !settings.timeout.is_some() && !settings.slow_call.is_some() {
        let text = "`on_cancel = \"ignore\"` with neither `timeout` nor `slow_call`: where callers alone hold the clock, a \
                    dependency that hangs is never noticed: add `timeout = \"2s\"` or the like, or leave `on_cancel` out";
        found.warn("on_cancel", text.to_owned());
    }
}

fn never_reached(settings: &Settings, traffic: &Traffic, found: &mut Found) {
    let Window::Time(window) = settings.window_or_default() else { return };
    let rps = traffic.requests_per_second();
    let held = rps * window.as_secs_f64();
    let holds = |held: f64| {
        format!(
            "the window of {} holds about {} at {} a second",
            Plain(window),
            Counted(whole(held), "call"),
            if (rps - 1.0).abs() < f64::EPSILON { "1 call".to_owned() } else { format!("{rps} calls") }
        )
    };
    let needed = settings.min_calls_needed();
    if settings.has_rate() && f64::from(needed) > held {
        let key = "min_calls";
        let instead = match whole(held) {
            0 => "write a longer `window`".to_owned(),
            most => format!("write `min_calls = {most}` or less, or a longer `window`"),
        };
        found.warn(key, format!("`{key}` is never reached: {}, and {needed} are needed: {instead}", holds(held)));
    }
    if let Some(n) = settings.failures.get().filter(|n| f64::from(*n) > held) {
        let instead = match whole(held) {
            0 | 1 => "write a longer `window`, or `consecutive`".to_owned(),
            most => format!("write `failures = {most}` or less, or a longer `window`"),
        };
        let text = format!("`failures` is never reached: {}, and {n} must fail: {instead}", holds(held));
        found.warn("failures", text);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn whole(number: f64) -> u64 {
    number as u64
}

fn times(settings: &Settings, traffic: &Traffic, found: &mut Found) {
    let key = [
        ("failure_rate", settings.failure_rate.is_some()),
        ("slow_rate", settings.slow_rate.is_some()),
        ("failures", settings.failures.is_some()),
    ];
    let key = key.into_iter().find(|(_, is_set)| *is_set).map_or("consecutive", |(key, _)| key);
    let usual = format!(
        "at {} calls a second, of which {} fail usually",
        traffic.requests_per_second(),
        crate::text::Percent(traffic.error_rate())
    );
    match traffic.time_to_true_trip(settings) {
        None => found.warn(key, format!("an outage never opens this breaker {usual}")),
        Some(time) if time > LATE => {
            found.warn(key, format!("an outage opens this breaker only after {} {usual}", long(time)));
        }
        Some(time) => found.note(key, format!("an outage opens this breaker after {} {usual}", long(time))),
    }
    match traffic.time_to_false_trip(settings) {
        Some(time) if time < OFTEN => {
            let window = match settings.window_or_default() {
                Window::Time(window) if settings.failures.is_some() => {
                    format!(": `failures` must be {} or more", traffic.least_failures(window))
                }
                _ => String::new(),
            };
            let text = format!("it opens once in {} though nothing is wrong {usual}{window}", long(time));
            found.warn(key, text);
        }
        Some(time) => found.note(key, format!("it opens once in {} though nothing is wrong {usual}", long(time))),
        None => found.note(key, format!("it never opens though nothing is wrong {usual}")),
    }
}

/// A time of which only the size matters.
fn long(time: Duration) -> String {
    const DAY: u64 = 86_400;
    match time.as_secs() {
        seconds if seconds < 7_200 => Plain(time).to_string(),
        seconds if seconds < 2 * DAY => format!("{} h", seconds / 3_600),
        seconds if seconds < 730 * DAY => format!("{} days", seconds / DAY),
        seconds => format!("{} years", seconds / (365 * DAY)),
    }
}

impl Config {
    /// The same for everything that a configuration says, over the defaults of [`Settings`]: without any breaker, so it
    /// can be asked where the service does not run. What only fits beside what the code says is left out. `traffic` is that of breakers without `expected_rps`.
    ///
    /// ```
    /// use breaker_runtime::config::Config;
    ///
    /// let config = Config::parse("breakers.toml", "[breaker.pricing]\nconsecutive = 1\n")?;
    /// let found = config.lint(None)?;
    /// assert!(found[0].to_string().starts_with("`pricing`: one failure alone opens this breaker"));
    /// # Ok::<(), breaker_runtime::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Settings that no breaker can be made of.
    pub fn lint(&self, traffic: Option<&Traffic>) -> Result<Vec<Finding>, super::ConfigError> {
        let mut names: Vec<&str> = self.named().map(|named| named.name).collect();
        // What the defaults say by themselves.
        names.insert(0, "");
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for name in names {
            match wish(&self.tables, Of { name, made_with: None, has: "" }) {
                Ok(wish) => {
                    let traffic = wish.traffic.as_ref().or(traffic);
                    let breaker = (!name.is_empty()).then(|| name.to_owned());
                    found.extend(
                        lint(&wish.settings, traffic)
                            .into_iter()
                            .map(|one| Finding { breaker: breaker.clone(), ..one }),
                    );
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(found) } else { Err(super::ConfigError::new(&self.origin, problems)) }
    }
}
