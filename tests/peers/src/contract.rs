//! What a contender shows before it is measured: that it admits, opens at its threshold and not before, rejects while it is
//! open, and counts failures that are too few. Nobody wins by doing nothing.

use crate::contenders::{Contender, Purpose};
use crate::scenario::Task;
use crate::subject::{Answer, Rule, Subject};

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
            Rule::Rate(window) => self.opens_at_half_of(window)?,
            Rule::Slow => self.opens_on_slow_calls()?,
        }
        // No time passes from here on, or half-open would begin.
        if (0..100).any(|_| self.subject.single(0, false) == Answer::Admitted) {
            return Err("a call was admitted although it is open".into());
        }
        if matches!(task, Task::Keyed { .. }) && self.subject.single(1, false) == Answer::Rejected {
            return Err("a call was rejected although only another key is open".into());
        }
        Ok(())
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
            Answer::Admitted => Err(format!("does not open: {window} failures after {window} calls were admitted")),
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
            Answer::Admitted => Ok(()),
            Answer::Rejected => Err(format!("a call was rejected although {when}")),
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
        assert!(shown >= 40, "only {shown} contracts");
    }
}
