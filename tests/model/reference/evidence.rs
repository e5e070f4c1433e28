//! What happened: calls under way and calls that ended, and which of them a rule looks at.

use std::time::Duration;

use breaker_runtime::OnCancel;

use super::Reference;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure,
    Ignored,
    Cancelled,
}

/// The classes of failures here, in the order in which they are counted.
pub(crate) const CLASSES: [&str; 4] = ["timeout", "cancelled", "third", "other"];

/// An admitted call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(super) number: u64,
    /// In which it was admitted; `None` where it counts in the totals alone.
    pub(super) epoch: Option<u64>,
    pub(super) began: Duration,
}

impl Call {
    /// How a failure of this call is sorted: every third one by hand.
    pub(crate) fn class(&self) -> Option<&'static str> {
        (self.number % 3 == 0).then_some("third")
    }
}

/// The end of a call, as it is recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) epoch: Option<u64>,
    pub(super) at: Duration,
    pub(super) outcome: Outcome,
    /// Of a failure.
    pub(super) class: &'static str,
    pub(super) slow: bool,
    /// One of a row of unanswered calls.
    pub(super) unanswered: bool,
    pub(super) late: bool,
}

impl End {
    /// Whether it is one of the recorded calls, which the rules count.
    pub(super) fn counts(&self) -> bool {
        matches!(self.outcome, Outcome::Success | Outcome::Failure)
    }

    pub(super) fn failed(&self) -> bool {
        self.outcome == Outcome::Failure
    }
}

impl Reference {
    /// What is recorded of a call that ends so now.
    pub(super) fn recorded(&self, call: Call, outcome: Outcome, late: bool) -> End {
        let ran_for = self.now - call.began;
        let was_slow = self.rules.slow.is_some_and(|slow| ran_for >= slow.call);
        let ran_out = self.rules.timeout.is_some_and(|limit| ran_for >= limit);
        let class = match outcome {
            Outcome::Cancelled if ran_out => "timeout",
            Outcome::Cancelled => "cancelled",
            _ => call.class().unwrap_or("other"),
        };
        let (outcome, unanswered) = match (outcome, self.rules.on_cancel) {
            (Outcome::Cancelled, OnCancel::Failure) => (Outcome::Failure, false),
            (Outcome::Cancelled, OnCancel::Unanswered) if ran_out => (Outcome::Failure, false),
            (Outcome::Cancelled, OnCancel::Unanswered) if was_slow => (Outcome::Success, true),
            (Outcome::Cancelled, OnCancel::Unanswered) => (Outcome::Cancelled, true),
            (outcome, _) => (outcome, false),
        };
        let mut end = End { epoch: call.epoch, at: self.now, outcome, class, slow: false, unanswered, late };
        end.slow = was_slow && end.counts();
        end
    }

    /// What ended of the calls of this epoch, in the order of their ends.
    pub(super) fn ends_of_this_epoch(&self) -> impl DoubleEndedIterator<Item = &End> {
        self.ends.iter().filter(|end| end.epoch == Some(self.epoch()))
    }

    /// The recorded calls of this epoch.
    pub(super) fn counted(&self) -> Vec<End> {
        self.ends_of_this_epoch().filter(|end| end.counts()).copied().collect()
    }

    /// Calls of this epoch that are under way.
    pub(super) fn in_flight(&self) -> usize {
        self.running.iter().filter(|call| call.epoch == Some(self.epoch())).count()
    }

    /// Calls of this epoch that are under way and slow already. Their beginnings are known to a
    /// tenth of `slow_call`, and it is never said too early.
    pub(super) fn slow_in_flight(&self) -> Vec<Call> {
        let Some(slow) = self.rules.slow else { return Vec::new() };
        let tenths = |time| self.tenth_of(slow.call, time);
        let this_epoch = self.running.iter().filter(|call| call.epoch == Some(self.epoch()));
        this_epoch.filter(|call| tenths(self.now) - tenths(call.began) >= 11).copied().collect()
    }

    /// Which tenth of `slow_call` it is, since the breaker was made.
    pub(super) fn tenth_of(&self, slow_call: Duration, time: Duration) -> u128 {
        (time - self.made).as_nanos() / slow_call.as_nanos().div_ceil(10)
    }

    /// Which slice of the time window `time` belongs to.
    pub(super) fn slice(&self, time: Duration, window: Duration) -> u128 {
        let slice = (window.as_nanos() / 10).max(1);
        (time - self.made).as_nanos() / slice
    }
}

/// So many failures of each class.
pub(super) fn by_class<'a>(failures: impl Iterator<Item = &'a End>) -> [u64; CLASSES.len()] {
    let mut counts = [0; CLASSES.len()];
    for end in failures {
        counts[CLASSES.iter().position(|class| *class == end.class).expect("one of four")] += 1;
    }
    counts
}
