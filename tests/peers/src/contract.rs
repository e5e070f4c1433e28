//! What a contender shows before it is measured: that it admits, opens at its threshold and not before, rejects while it is
//! open, and counts failures that are too few; and that a part beside the breaker does what it is for. Nobody wins by doing
//! nothing.

use std::sync::atomic::Ordering;
use std::thread::{self, ScopedJoinHandle};

use crate::contenders::{Contender, Purpose};
use crate::scenario::{ATTEMPTS, PLACES, Part, SCANT_RATE, Task};
use crate::subject::{Answer, Rule, Subject};
use crate::work::{ATTEMPT, DOOR, HANGS, INSIDE, NEEDS_RETRIES, STAYS};

/// The contracts that were asked for. Each is shown once: rows can have one in common.
#[derive(Default)]
pub(crate) struct Contracts(Vec<(&'static str, Task, Contract)>);

/// What a contender showed, or where it failed; `None` where it has nothing of the kind.
type Contract = Option<Result<(), String>>;

impl Contracts {
    pub(crate) fn of(&mut self, contender: &Contender, task: Task) -> Contract {
        let task = task.to_prove();
        if let Some((.., known)) = self.0.iter().find(|(name, of, _)| (*name, *of) == (contender.name, task)) {
            return known.clone();
        }
        let mut shown = None;
        (contender.in_time)(task, &mut |pass| {
            shown = (contender.subject)(task, Purpose::Contract).map(|subject| Trial { subject, pass }.run(task));
        });
        self.0.push((contender.name, task, shown.clone()));
        shown
    }
}

struct Trial<'a> {
    subject: Subject,
    /// Lets time pass, where a rule needs it.
    pass: &'a mut dyn FnMut(),
}

impl Trial<'_> {
    fn run(&mut self, task: Task) -> Result<(), String> {
        match self.subject.rule {
            Rule::Streak(streak) => self.opens_after(streak)?,
            Rule::Within(calls) => self.opens_within(calls)?,
            Rule::Rate(window) => self.opens_at_half_of(window)?,
            Rule::Slow => self.opens_on_slow_calls()?,
        }
        // No time passes from here on, or half-open would begin.
        if let Task::With(part @ Part::LastGood, _) = task {
            return self.has(part);
        }
        if (0..100).any(|_| self.subject.single(0, false) != Answer::Rejected) {
            return Err("a call was admitted although it is open".into());
        }
        if matches!(task, Task::Keyed { .. }) && self.subject.single(1, false) == Answer::Rejected {
            return Err("a call was rejected although only another key is open".into());
        }
        match task {
            Task::With(part, _) => self.has(part),
            _ => Ok(()),
        }
    }

    fn has(&self, part: Part) -> Result<(), String> {
        // A last good answer is wanted of an open breaker, and all else of a closed one.
        if part != Part::LastGood {
            self.subject.begin_anew();
        }
        match part {
            Part::MaxConcurrent => self.has_as_many_places_as_it_says(),
            Part::RateLimit => self.rejects_beyond_its_rate(),
            Part::Timeout | Part::TotalTimeout => self.ends_a_call_that_hangs(),
            Part::Retry => self.calls_again(),
            Part::LastGood => self.answers_for_a_key_that_it_knows(),
            // The rate is used up last.
            Part::All => [Part::MaxConcurrent, Part::Timeout, Part::Retry, Part::RateLimit]
                .iter()
                .try_for_each(|one| self.has(*one)),
        }
    }

    fn has_as_many_places_as_it_says(&self) -> Result<(), String> {
        let call = self.subject.shared_single();
        thread::scope(|scope| {
            let shut = DOOR.write();
            let calls: Vec<_> = (0..PLACES).map(|_| scope.spawn(move || call(STAYS))).collect();
            while INSIDE.load(Ordering::Relaxed) < PLACES {
                if calls.iter().any(ScopedJoinHandle::is_finished) {
                    return Err("a call was rejected although there was a place".to_owned());
                }
                thread::yield_now();
            }
            let answer = call(0);
            drop(shut);
            if answer == Answer::Rejected { Ok(()) } else { Err("a call was admitted without a place".to_owned()) }
        })
    }

    fn rejects_beyond_its_rate(&self) -> Result<(), String> {
        let call = self.subject.shared_single();
        match (0..=SCANT_RATE).take_while(|_| call(0) != Answer::Rejected).count() {
            0 => Err("no call was admitted by the rate".into()),
            admitted if admitted > SCANT_RATE as usize => Err("calls were admitted beyond the rate".into()),
            _ => Ok(()),
        }
    }

    fn ends_a_call_that_hangs(&self) -> Result<(), String> {
        match self.subject.shared_single()(HANGS) {
            Answer::Succeeded => Err("a call that hung was not ended".into()),
            Answer::Failed | Answer::Rejected => Ok(()),
        }
    }

    fn calls_again(&self) -> Result<(), String> {
        ATTEMPT.set(0);
        match self.subject.shared_single()(NEEDS_RETRIES) {
            Answer::Succeeded => Ok(()),
            Answer::Failed | Answer::Rejected => Err(format!("a call was not made {ATTEMPTS} times")),
        }
    }

    /// The orders 0 and 1 have other keys, and only the first was ever made.
    fn answers_for_a_key_that_it_knows(&self) -> Result<(), String> {
        let call = self.subject.shared_single();
        match (call(0), call(1)) {
            (Answer::Succeeded, Answer::Rejected) => Ok(()),
            answers => Err(format!("a call with a last good answer and one without: {answers:?}")),
        }
    }

    fn opens_after(&mut self, streak: u32) -> Result<(), String> {
        for _ in 0..100 {
            self.admits(false, "all calls succeed")?;
        }
        for _ in 0..streak {
            self.admits(true, "the streak is too short")?;
        }
        Ok(())
    }

    fn opens_within(&mut self, calls: u32) -> Result<(), String> {
        for _ in 0..100 {
            self.admits(false, "all calls succeed")?;
        }
        self.admits(true, "none has failed")?;
        let opens = (1..=calls).any(|_| self.call(true) == Answer::Rejected);
        opens.then_some(()).ok_or_else(|| format!("{calls} failed calls do not open it"))
    }

    fn opens_at_half_of(&mut self, window: u32) -> Result<(), String> {
        for i in 0..window {
            self.admits(i % 10 == 9, "one of ten calls fails")?;
        }
        // A sliding window opens within half a window more, one that keeps the successes within a whole.
        for failures in 0..window {
            if self.call(true) == Answer::Rejected {
                return if failures < window / 3 {
                    Err(format!("opened {failures} failures after {window} calls, long before they were half"))
                } else {
                    Ok(())
                };
            }
        }
        match self.call(true) {
            Answer::Rejected => Ok(()),
            _ => Err(format!("does not open: {window} failures after {window} calls were admitted")),
        }
    }

    fn opens_on_slow_calls(&mut self) -> Result<(), String> {
        self.admits(false, "there are too few calls")?;
        (0..200)
            .any(|_| self.call(false) == Answer::Rejected)
            .then_some(())
            .ok_or("200 slow calls do not open it".into())
    }

    fn admits(&mut self, fails: bool, when: &str) -> Result<(), String> {
        match self.call(fails) {
            Answer::Rejected => Err(format!("a call was rejected although {when}")),
            _ => Ok(()),
        }
    }

    fn call(&mut self, fails: bool) -> Answer {
        let answer = self.subject.single(0, fails);
        (self.pass)();
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Room;
    use crate::{contenders, scenario};

    /// Its time window is filled by methods that nobody can call once a breaker owns it, so that it stays empty.
    fn is_known_to_fail(name: &str, task: Task) -> bool {
        name == "circuitbreaker-rs" && matches!(task, Task::Timed { .. })
    }

    #[test]
    fn every_contender_does_what_it_is_measured_by() {
        let mut contracts = Contracts::default();
        for contender in contenders::ALL {
            for scenario in scenario::ALL {
                let Some(contract) = contracts.of(contender, scenario.task) else { continue };
                let fails = is_known_to_fail(contender.name, scenario.task);
                assert_eq!(contract.is_err(), fails, "{}, {}: {contract:?}", contender.name, scenario.title);
            }
        }
        let shown = contracts.0.iter().filter(|(.., contract)| contract.is_some()).count();
        assert!(shown >= 81, "only {shown} contracts");

        // The bare call is found out; only that it hangs would have to be waited for.
        for part in [Part::MaxConcurrent, Part::RateLimit, Part::Retry, Part::LastGood] {
            let task = Task::With(part, Room::Scant);
            let trial = Trial { subject: contenders::bare(task), pass: &mut || () };
            assert!(trial.has(part).is_err(), "{part:?}");
        }
    }
}
