//! How failures are sorted: counted by class, and the last classes kept for the report of a trip.
//!
//! All of it is made at the first failure that has a class, so a breaker without one has a pointer of it.
//! Failures without a class are what remains.

use super::word::Identity;
use super::{CircuitBreaker, Count};
use crate::class::ClassCount;
use crate::report::Rule;
use crate::window::{Class, ClassTotals, KEPT, RecentClasses, others};

#[derive(Debug)]
pub(super) struct FailureClasses {
    totals: ClassTotals,
    recent: RecentClasses,
}

impl CircuitBreaker {
    /// Counts a failure, of a call that may end late. The number of its class is for
    /// [`sort_failure`](Self::sort_failure), where it does not.
    pub(super) fn count_class(&self, class: Option<&'static str>) -> Class {
        let Some(class) = class else {
            self.totals.add(Count::Unclassified);
            return Class::OTHER;
        };
        // In the present epoch, for the failure may belong to none.
        let made =
            || FailureClasses { totals: ClassTotals::new(), recent: RecentClasses::new(self.cell.load().epoch()) };
        self.classes(made).totals.add(class)
    }

    /// Keeps the class of a failure of `epoch` for the report of the trip that may end it.
    pub(super) fn sort_failure(&self, epoch: Identity, class: Class) {
        if let Some(classes) = self.classes_if_any() {
            classes.recent.add(epoch.epoch(), class);
        }
    }

    /// The classes of the failures of `state` that `rule` counted.
    pub(super) fn classes_counted(&self, state: Identity, rule: &Rule) -> Vec<ClassCount> {
        let counted = rule.failures_counted();
        // Those from before the first one of a class are not among the recent ones.
        match self.classes_if_any() {
            Some(classes) => {
                classes.totals.count(classes.recent.last(state.epoch(), counted), counted.min(KEPT as u64))
            }
            None => others(counted.min(KEPT as u64)),
        }
    }

    /// Forgets how many failures there were.
    pub(super) fn forget_classes(&self) {
        if let Some(classes) = self.classes_if_any() {
            classes.totals.clear();
        }
    }

    /// The classes of epochs before this one will not be asked for again.
    pub(super) fn forget_classes_before(&self, epoch: u64) {
        if let Some(classes) = self.classes_if_any() {
            classes.recent.begin(epoch);
        }
    }

    /// All failures, counted by class. Ask for it before the totals: then there are never more of them.
    pub(crate) fn failures_by_class(&self) -> Vec<ClassCount> {
        let unclassified = self.totals.unclassified();
        self.classes_if_any().map_or_else(|| others(unclassified), |classes| classes.totals.read(unclassified))
    }
}
