//! A recorded policy as our settings.
//!
//! | recorded | ours |
//! | --- | --- |
//! | `trip.kind` `consecutive` | `consecutive` |
//! | `count_window`, `time_window`, with `failures` | `failures`, and the window |
//! | the same with `failure_rate`, `slow_rate` | the rates, the window, `min_calls` |
//! | `slow_ms`: slower than that | `slow_call`, a millisecond more, since times are whole milliseconds and ours are slow when they reach it |
//! | `slow_ms` 60000: their word for never | left out |
//! | `open` | `reset`, `backoff`, `max_reset` (where they have none, a very long one) |
//! | `half_open.max_calls`; null, which is as many as you like | `probes`; as many as there can be |
//! | `half_open.mode` `consecutive_successes`, `m_of_n` with m = n | `successes` |
//! | `half_open.mode` `rate` | `probe_failure_rate` |
//! | nothing like it | `probe_timeout` very long, `on_cancel` ignore |

use std::time::Duration;

use breaker_runtime::{OnCancel, Window};
use serde_json::Value;

use crate::rules::{Rules, Slow};

/// Longer than every scenario.
const NEVER: Duration = Duration::from_secs(1 << 30);
/// A time that resilience4j uses for "no call is slow".
const NOTHING_IS_SLOW: u64 = 60_000;

/// The settings, or what of the policy we have no word for.
pub(crate) fn rules(policy: &Value) -> Result<Rules, String> {
    let mut rules = Rules { probe_timeout: Some(NEVER), on_cancel: OnCancel::Ignore, ..Rules::new() };
    trip(&policy["trip"], &mut rules)?;
    open(&policy["open"], &mut rules)?;
    half_open(&policy["half_open"], &mut rules)?;
    Ok(rules)
}

fn trip(trip: &Value, rules: &mut Rules) -> Result<(), String> {
    let window = match trip["kind"].as_str() {
        Some("consecutive") => {
            rules.consecutive = Some(count(&trip["failures"])?);
            return Ok(());
        }
        Some("count_window") => Window::Calls(count(&trip["size"])?),
        Some("time_window") => Window::Time(time(&trip["window_ms"])?),
        _ => return Err(format!("the rule {trip}")),
    };
    rules.window = Some(window);
    rules.failure_rate = trip["failure_rate"].as_f64();
    rules.slow = slow(trip)?;
    if rules.failure_rate.is_some() || rules.slow.is_some() {
        let most = if let Window::Calls(calls) = window { calls } else { u32::MAX };
        rules.min_calls = Some(count(&trip["min_calls"])?.clamp(1, most));
    }
    if !trip["failures"].is_null() {
        rules.failures = Some(count(&trip["failures"])?);
    }
    Ok(())
}

fn slow(trip: &Value) -> Result<Option<Slow>, String> {
    match (trip["slow_rate"].as_f64(), trip["slow_ms"].as_u64()) {
        (None, None) | (_, Some(NOTHING_IS_SLOW)) => Ok(None),
        (Some(rate), Some(ms)) => Ok(Some(Slow { rate, call: Duration::from_millis(ms + 1) })),
        _ => Err(format!("half of a rule of slow calls, {trip}")),
    }
}

fn open(open: &Value, rules: &mut Rules) -> Result<(), String> {
    match open["kind"].as_str() {
        Some("fixed") => rules.reset = time(&open["ms"])?,
        Some("exponential") => {
            rules.reset = time(&open["initial_ms"])?;
            rules.backoff = count(&open["multiplier"])?;
            rules.max_reset = Some(if open["max_ms"].is_null() { NEVER } else { time(&open["max_ms"])? });
        }
        _ => return Err(format!("the open period {open}")),
    }
    Ok(())
}

fn half_open(half_open: &Value, rules: &mut Rules) -> Result<(), String> {
    rules.probes = if half_open["max_calls"].is_null() { 255 } else { count(&half_open["max_calls"])? };
    match half_open["mode"].as_str() {
        Some("consecutive_successes") => rules.successes = count(&half_open["success_threshold"])?,
        Some("m_of_n") if half_open["successes"] == half_open["of"] => {
            rules.successes = count(&half_open["successes"])?;
        }
        Some("rate") if [&half_open["size"], &half_open["min_calls"]] == [&half_open["max_calls"]; 2] => {
            rules.probe_failure_rate = half_open["failure_rate"].as_f64();
        }
        _ => return Err(format!("half-open as {half_open}")),
    }
    let slow = slow(half_open)?.map(|slow| (slow.rate.to_bits(), slow.call));
    if slow.is_some() && slow != rules.slow.map(|slow| (slow.rate.to_bits(), slow.call)) {
        return Err(format!("slow probes by a rule of their own, {half_open}"));
    }
    Ok(())
}

fn count(value: &Value) -> Result<u32, String> {
    value.as_u64().and_then(|count| u32::try_from(count).ok()).ok_or_else(|| format!("{value} as a count"))
}

fn time(value: &Value) -> Result<Duration, String> {
    value.as_u64().map(Duration::from_millis).ok_or_else(|| format!("{value} as a time"))
}
