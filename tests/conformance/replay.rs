//! One scenario, event by event.

use std::time::Duration;

use breaker_runtime::State;
use serde_json::Value;

use crate::reference::Outcome;
use crate::subject::Subject;

/// How many events agreed, or the first one that does not, and what was said in its place.
pub(crate) fn replay(scenario: &Value, subject: &mut impl Subject) -> Result<usize, String> {
    let lazy = scenario["policy"]["lazy_half_open"].as_bool().unwrap_or(true);
    let events = scenario["events"].as_array().ok_or("it has no events")?;
    let mut now = 0;
    for event in events {
        let at = event["t_ms"].as_u64().ok_or_else(|| format!("no time in {event}"))?;
        subject.advance(Duration::from_millis(at - now));
        now = at;
        agree(event, lazy, subject)?;
    }
    Ok(events.len())
}

fn agree(event: &Value, lazy: bool, subject: &mut impl Subject) -> Result<(), String> {
    let expected = &event["expect"];
    match (event["op"].as_str(), event["call"].as_u64()) {
        (Some("start"), Some(call)) => {
            let admitted = subject.start(call);
            if expected["admitted"] != Value::Bool(admitted) {
                return Err(format!("{event}, but admitted: {admitted}"));
            }
        }
        (Some("finish"), Some(call)) => subject.finish(call, outcome(event)?),
        (Some("state"), _) => {
            let said = word(subject.state(), lazy);
            if *expected != said {
                return Err(format!("{event}, but {said}"));
            }
        }
        _ => return Err(format!("what is {event}?")),
    }
    Ok(())
}

fn outcome(event: &Value) -> Result<Outcome, String> {
    match event["outcome"].as_str() {
        Some("success") => Ok(Outcome::Success),
        Some("failure") => Ok(Outcome::Failure),
        Some("ignored") => Ok(Outcome::Ignored),
        _ => Err(format!("what outcome is {event}?")),
    }
}

/// A state in the words of the recordings. Breakers that are not lazy become half-open by themselves
/// when the open period has passed, where ours says that a probe is due.
pub(crate) fn word((state, probe_due): (State, bool), lazy: bool) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open if probe_due && !lazy => "half_open",
        State::Open => "open",
        State::HalfOpen => "half_open",
    }
}
