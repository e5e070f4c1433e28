//! What sorts failures: a word for each, given by whoever knows more of them than that they failed.
//!
//! Classes are words of the program's own code, never of an error's text, so they may be shown to
//! anyone.

use std::cmp::Reverse;
use std::fmt;

/// Stopped at its time limit, or cancelled after it.
pub(crate) const TIMEOUT: &str = "timeout";
/// It panicked.
pub(crate) const PANIC: &str = "panic";
/// Cancelled, where that is a failure.
pub(crate) const CANCELLED: &str = "cancelled";
/// Nobody said more of it.
pub(crate) const OTHER: &str = "other";

/// So many failures of one class.
///
/// The class is a word that the program gave: [`Permit::failure_as`](crate::Permit::failure_as). Without one a
/// breaker knows four itself: `timeout`, of a call that was stopped at its time limit or cancelled after
/// it; `panic`; `cancelled`, under [`OnCancel::Failure`](crate::OnCancel::Failure); and `other` for all else.
///
/// Prints as `2 timeout`.
///
/// ```
/// use breaker_runtime::CircuitBreaker;
///
/// let breaker = CircuitBreaker::builder("printer").build()?;
/// breaker.try_acquire()?.failure_as("paper", &"out of paper");
/// let counted = breaker.snapshot().failures_by_class;
/// assert_eq!((counted[0].class, counted[0].count), ("paper", 1));
/// assert_eq!(counted[0].to_string(), "1 paper");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClassCount {
    /// The class.
    pub class: &'static str,
    /// How many failures were of it.
    pub count: u64,
}

impl fmt::Display for ClassCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.class.escape_debug())
    }
}

/// In the order in which people read them: the most frequent first, equally frequent ones by name, `other`
/// last. Those without a failure are left out.
pub(crate) fn sorted(mut counts: Vec<ClassCount>) -> Vec<ClassCount> {
    counts.retain(|one| one.count > 0);
    counts.sort_by_key(|one| (one.class == OTHER, Reverse(one.count), one.class));
    counts
}

/// How the failures that a rule counted are sorted, as the end of a sentence: `: 2 timeout, 1 http_5xx`.
/// Nothing where all are `other`.
pub(crate) struct Sorted<'a> {
    pub(crate) classes: &'a [ClassCount],
    /// So many failures the rule counted.
    pub(crate) counted: u64,
}

impl fmt::Display for Sorted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.classes.iter().all(|one| one.class == OTHER) {
            return Ok(());
        }
        f.write_str(": ")?;
        let known: u64 = self.classes.iter().map(|one| one.count).sum();
        if known < self.counted {
            write!(f, "of the last {known}, ")?;
        }
        for (number, one) in self.classes.iter().enumerate() {
            write!(f, "{}{one}", if number == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&'static str, u64)]) -> Vec<ClassCount> {
        sorted(all.iter().map(|&(class, count)| ClassCount { class, count }).collect())
    }

    fn text(all: &[(&'static str, u64)], counted: u64) -> String {
        Sorted { classes: &counts(all), counted }.to_string()
    }

    #[test]
    fn the_most_frequent_comes_first_and_other_last() {
        let read: Vec<_> =
            counts(&[(OTHER, 9), ("b", 1), ("none", 0), ("a", 1), ("c", 2)]).into_iter().map(|one| one.class).collect();
        assert_eq!(read, ["c", "a", "b", OTHER]);
    }

    #[test]
    fn classes_end_a_sentence_where_there_is_one_to_tell() {
        assert_eq!(text(&[(TIMEOUT, 2), ("http_5xx", 1)], 3), ": 2 timeout, 1 http_5xx");
        assert_eq!(text(&[(TIMEOUT, 1), (OTHER, 2)], 3), ": 1 timeout, 2 other");
        assert_eq!(text(&[(OTHER, 3)], 3), "");
        assert_eq!(text(&[], 3), "");
    }

    #[test]
    fn fewer_than_the_rule_counted_are_said_to_be_the_last_ones() {
        assert_eq!(text(&[(TIMEOUT, 200), (OTHER, 56)], 300), ": of the last 256, 200 timeout, 56 other");
    }

    #[test]
    fn a_class_stays_on_its_line() {
        assert_eq!(ClassCount { class: "two\nlines", count: 1 }.to_string(), "1 two\\nlines");
    }
}
