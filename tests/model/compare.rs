//! A life, lived by the breaker and by the reference at once, and what must be equal after each step.

use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, ClassCount, ErrorKind, Mode, Permit, Reason, Rule, Transition, WindowCounts};
use proptest::prelude::*;

use crate::generate::Step;
use crate::reference::{CLASSES, Call, Cause, Counts, Outcome, Reference, Rejection, Why};
use crate::rules::Rules;

type UnderWay<'a> = Vec<(Permit<&'a CircuitBreaker>, Call)>;

/// Lives through the steps. Returns what the reference has seen.
pub(crate) fn live(rules: Rules, made: Duration, steps: &[Step]) -> Result<Reference, TestCaseError> {
    let clock = ManualClock::new();
    clock.advance(made);
    let breaker =
        CircuitBreaker::builder("model").settings(rules.settings()).clock(&clock).build().expect("valid settings");
    let mut model = Reference::new(rules, made);
    let mut under_way = Vec::new();
    for step in steps {
        match *step {
            Step::Start => start(&breaker, &mut model, &mut under_way)?,
            Step::End(index, outcome) if !under_way.is_empty() => {
                let index = index % under_way.len();
                end(under_way.remove(index), outcome, &mut model);
            }
            Step::End(..) => {}
            Step::Call(outcome) => call(outcome, &breaker, &mut model, &mut under_way)?,
            Step::Calls(outcome, many) => {
                for _ in 0..many {
                    call(outcome, &breaker, &mut model, &mut under_way)?;
                    agree(&breaker, &model)?;
                }
            }
            Step::Advance(by) => advance(by, &clock, &mut model),
            Step::Tenths(tenths) => advance(tenths * (rules.looks_back() / 10), &clock, &mut model),
            Step::Wait => advance(model.left_of_the_delay().unwrap_or_default(), &clock, &mut model),
            Step::Close => {
                breaker.close();
                model.close();
            }
            Step::SetMode(to) => {
                breaker.set_mode(to);
                model.set_mode(to);
            }
        }
        agree(&breaker, &model)?;
    }
    Ok(model)
}

fn advance(by: Duration, clock: &ManualClock, model: &mut Reference) {
    clock.advance(by);
    model.now += by;
}

fn call<'a>(
    outcome: Outcome,
    breaker: &'a CircuitBreaker,
    model: &mut Reference,
    under_way: &mut UnderWay<'a>,
) -> Result<(), TestCaseError> {
    let before = under_way.len();
    start(breaker, model, under_way)?;
    agree(breaker, model)?;
    if under_way.len() > before {
        end(under_way.remove(before), outcome, model);
    }
    Ok(())
}

fn start<'a>(
    breaker: &'a CircuitBreaker,
    model: &mut Reference,
    under_way: &mut UnderWay<'a>,
) -> Result<(), TestCaseError> {
    let answer = breaker.try_acquire();
    let changed = breaker.snapshot().epoch != model.epoch();
    match (answer, model.start(changed)) {
        (Ok(permit), Ok(call)) => under_way.push((permit, call)),
        (Err(error), Err(rejection)) => {
            let given = Rejection { kind: error.kind(), retry_after: error.retry_after() };
            prop_assert_eq!(given, rejection);
        }
        (given, expected) => prop_assert!(false, "{given:?} instead of {expected:?}"),
    }
    Ok(())
}

fn end((permit, call): (Permit<&CircuitBreaker>, Call), outcome: Outcome, model: &mut Reference) {
    match outcome {
        Outcome::Success => permit.success(),
        Outcome::Failure => match call.class() {
            Some(class) => permit.failure_as(class, &"failure"),
            None => permit.failure(),
        },
        Outcome::Ignored => permit.ignore(),
        Outcome::Cancelled => drop(permit),
    }
    model.end(call, outcome);
}

fn agree(breaker: &CircuitBreaker, model: &Reference) -> Result<(), TestCaseError> {
    prop_assert_eq!(breaker.state(), model.state());
    prop_assert_eq!(breaker.mode(), model.mode);
    prop_assert_eq!(breaker.would_be(), model.would_be());

    let snapshot = breaker.snapshot();
    prop_assert_eq!(snapshot.state, model.state());
    prop_assert_eq!(snapshot.mode, model.mode);
    prop_assert_eq!(snapshot.would_be, model.would_be());
    prop_assert_eq!(snapshot.epoch, model.epoch());
    let thousandths = snapshot.share.map(|share| format!("{share:.3}"));
    prop_assert_eq!(thousandths, model.share().map(|share| format!("0.{share:03}")));

    prop_assert_eq!(snapshot.window.map(counts), model.window_counts());
    if model.mode == Mode::Automatic {
        prop_assert_eq!(snapshot.consecutive_failures, model.streak());
        prop_assert_eq!(snapshot.probes_in_flight as usize, model.probes_in_flight());
        prop_assert_eq!(snapshot.retry_after, model.left_of_the_delay());
        prop_assert_eq!(snapshot.probe_due, model.left_of_the_delay() == Some(Duration::ZERO));
        prop_assert_eq!(snapshot.probe_overdue, model.overdue());
    }

    let totals = snapshot.totals;
    prop_assert_eq!(totals.admitted, model.admitted);
    prop_assert_eq!(totals.succeeded, model.ended(Outcome::Success));
    prop_assert_eq!(totals.failed, model.ended(Outcome::Failure));
    prop_assert_eq!(by_class(&snapshot.failures_by_class), model.failures_by_class());
    prop_assert_eq!(totals.ignored, model.ended(Outcome::Ignored));
    prop_assert_eq!(totals.cancelled, model.ended(Outcome::Cancelled));
    prop_assert_eq!(totals.slow, model.slow());
    prop_assert_eq!(totals.late, model.late());
    prop_assert_eq!(totals.rejected_open, model.rejected(ErrorKind::Open));
    prop_assert_eq!(totals.rejected_probing, model.rejected(ErrorKind::Probing));
    prop_assert_eq!(totals.rejected_recovering, model.rejected(ErrorKind::Recovering));
    prop_assert_eq!(totals.rejected_forced_open, model.rejected(ErrorKind::ForcedOpen));
    prop_assert_eq!(totals.rejected(), model.rejections.len() as u64);
    prop_assert_eq!(totals.would_have_rejected, model.would_be_rejections.len() as u64);

    let last = breaker.history().pop();
    prop_assert_eq!(last.as_ref().map_or(0, |change| change.number), model.epoch());
    prop_assert_eq!(last.as_ref().map(|change| change.mode), model.changes.last().map(|_| model.mode));
    prop_assert_eq!(last.map(|change| cause(&change)), model.changes.last().copied());
    Ok(())
}

/// What the breaker says of a change, in the words of the reference.
fn cause(change: &Transition) -> Cause {
    match &change.reason {
        Reason::Tripped(report) => Cause::Tripped {
            why: why(&report.rule),
            classes: by_class(&report.classes),
            delay: report.delay,
            in_flight: report.in_flight,
            window: report.window.map(counts),
        },
        Reason::ResetPassed { delay, .. } => Cause::ResetPassed { delay: *delay },
        Reason::Recovered { successes, .. } => Cause::Recovered { successes: *successes },
        Reason::Overdue { after, .. } => Cause::Overdue { after: *after },
        Reason::ByHand(_) => Cause::ByHand,
        Reason::ModeSet(change) => Cause::ModeSet { from: change.from, to: change.to },
        other => panic!("what is {other:?}?"),
    }
}

fn by_class(counts: &[ClassCount]) -> [u64; CLASSES.len()] {
    assert!(counts.iter().all(|one| CLASSES.contains(&one.class) && one.count > 0), "{counts:?}");
    CLASSES.map(|class| counts.iter().filter(|one| one.class == class).map(|one| one.count).sum())
}

fn counts(window: WindowCounts) -> Counts {
    Counts { calls: window.calls, failed: window.failed, slow: window.slow }
}

fn why(rule: &Rule) -> Why {
    match *rule {
        Rule::Consecutive { limit, measured, .. } => Why::Consecutive { limit, measured },
        Rule::Failures { limit, measured, window, .. } => Why::Failures { limit, measured, window },
        Rule::FailureRate { limit, failed, calls, window, .. } => Why::FailureRate { limit, failed, calls, window },
        Rule::SlowRate { limit, slow, calls, window, slow_call, .. } => {
            Why::SlowRate { limit, slow, calls, window, slow_call }
        }
        Rule::NoAnswer { limit, measured, over, .. } => Why::NoAnswer { limit, measured, over },
        Rule::ProbeFailed => Why::ProbeFailed,
        Rule::ProbeSlow { slow_call, .. } => Why::ProbeSlow { slow_call },
        Rule::ProbeFailureRate { limit, failed, probes, .. } => Why::ProbeFailureRate { limit, failed, probes },
        Rule::ProbeSlowRate { limit, slow, probes, .. } => Why::ProbeSlowRate { limit, slow, probes },
        Rule::ProbesOverdue { after, .. } => Why::ProbesOverdue { after },
        ref other => panic!("what is {other:?}?"),
    }
}
