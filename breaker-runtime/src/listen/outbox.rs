//! The changes of one breaker on their way to its listeners, in the order of their numbers.
//!
//! Whoever has won a change has its number; the numbers have no gaps, but of two winners the later one
//! may come here first. So a change is first put among those that are pending, sorted. Then whoever finds
//! that nobody publishes does so: tells all that follow each other without a gap, stops publishing, and
//! looks again. Who finds somebody publishing leaves: that one will see the change. Nobody waits.
//!
//! A winner that is held up before it comes here holds up the changes after its own. When too many are
//! pending, its change is given up: listeners hear how many they missed in its place.
//!
//! *Orderings.* `word` says how many were told, and in its lowest bit whether somebody publishes. It is
//! changed by exchanges alone, which acquire and release. Who has put a change among the pending ones and
//! then finds the bit set did so before the one who publishes clears it, in the order of this word; that one's
//! clearing acquires, and so sees the change when it looks again. What only the one who publishes
//! changes (the number, and which changes are taken out) is passed on to the next one by the same word.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::listeners::{self, Listeners};
use crate::event::{Event, Transition};
use crate::sync::{AtomicU64, Ordering, others_may_come};

/// How many changes wait for one that does not come: half of what a listener can be behind, so that
/// those that are told at once do not make it lose any.
const MOST_PENDING: usize = super::inbox::ROOM / 2;

const PUBLISHING: u64 = 1;

#[derive(Debug)]
pub(crate) struct Outbox {
    word: AtomicU64,
    /// In the order of their numbers.
    pending: ArcSwapOption<Vec<Arc<Transition>>>,
    listeners: Arc<Listeners>,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self { word: AtomicU64::new(0), pending: ArcSwapOption::const_empty(), listeners: Arc::default() }
    }

    /// Those who listen to this breaker.
    pub(crate) fn listeners(&self) -> &Arc<Listeners> {
        &self.listeners
    }

    /// How many changes were told, unless somebody is telling one.
    pub(crate) fn told(&self) -> Option<u64> {
        let word = self.word.load(Ordering::Acquire);
        (word & PUBLISHING == 0).then_some(word >> 1)
    }

    /// Begins anew with the next owner of the same breaker, where all changes were told. Those who listened
    /// to the last one hear nothing more.
    pub(crate) fn begin_anew(&self) {
        self.listeners.close();
        self.word.swap(0, Ordering::AcqRel);
    }

    /// Tells a change to all who listen, after those with smaller numbers.
    pub(crate) fn publish(&self, transition: &Arc<Transition>) {
        self.pending.rcu(|present| {
            let pending = present.as_ref().map_or(&[][..], |pending| pending.as_slice());
            let place = pending.partition_point(|change| change.number < transition.number);
            let sorted = pending[..place].iter().chain([transition]).chain(&pending[place..]);
            Some(Arc::new(sorted.cloned().collect::<Vec<_>>()))
        });
        loop {
            let word = self.word.fetch_or(PUBLISHING, Ordering::AcqRel);
            if word & PUBLISHING != 0 {
                return;
            }
            let mut told = word >> 1;
            while let Some(events) = self.take(&mut told) {
                self.listeners.tell(&events);
                listeners::tell_all(&events);
            }
            self.word.swap(told << 1, Ordering::AcqRel);
            others_may_come();
            if !self.is_due(told) {
                return;
            }
        }
    }

    /// What is to be told after the change with the number `told`, which is then that of the last one.
    fn take(&self, told: &mut u64) -> Option<Vec<Event>> {
        if !self.is_due(*told) {
            return None;
        }
        let pending = self.pending.load_full()?;
        let (mut events, before) = (Vec::new(), *told);
        // Those that come too late are counted among the missed ones already.
        for change in pending.iter().skip_while(|change| change.number <= before) {
            let missed = change.number - *told - 1;
            if missed > 0 && (!events.is_empty() || pending.len() <= MOST_PENDING) {
                break;
            }
            if missed > 0 {
                events.push(Event::Lagged { missed });
            }
            events.push(Event::Changed(Arc::clone(change)));
            *told = change.number;
        }
        self.pending.rcu(|present| {
            let rest = present.iter().flat_map(|pending| pending.iter()).filter(|change| change.number > *told);
            let rest: Vec<_> = rest.cloned().collect();
            (!rest.is_empty()).then(|| Arc::new(rest))
        });
        Some(events)
    }

    /// Whether there is a change to be told, or to be thrown away.
    fn is_due(&self, told: u64) -> bool {
        let pending = self.pending.load();
        let Some(pending) = pending.as_ref() else { return false };
        pending.len() > MOST_PENDING || pending.first().is_some_and(|change| change.number <= told + 1)
    }
}

/// The breaker is gone.
impl Drop for Outbox {
    fn drop(&mut self) {
        self.listeners.close();
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Poll, Waker};

    use super::super::inbox::{ROOM, Reader};
    use super::*;
    use crate::event::sample;

    fn reader(outbox: &Outbox) -> Reader {
        let reader = Reader::new(outbox.listeners(), None, ROOM);
        outbox.listeners().add(reader.inbox());
        reader
    }

    fn signed(number: u64) -> i64 {
        i64::try_from(number).unwrap()
    }

    /// The numbers that were told so far; of missed ones, how many, as a negative number.
    fn told(reader: &mut Reader) -> Vec<i64> {
        let mut told = Vec::new();
        while let Poll::Ready(Some(event)) = reader.poll(Waker::noop()) {
            told.push(match event {
                Event::Changed(change) => signed(change.number),
                Event::Lagged { missed } => -signed(missed),
                #[cfg(feature = "config")]
                _ => unreachable!("no breaker tells it"),
            });
        }
        told
    }

    #[test]
    fn changes_are_told_in_the_order_of_their_numbers() {
        let outbox = Outbox::new();
        let mut reader = reader(&outbox);
        for (number, expected) in [(1, &[1][..]), (4, &[]), (3, &[]), (2, &[2, 3, 4]), (5, &[5])] {
            outbox.publish(&sample(number));
            assert_eq!(told(&mut reader), expected);
        }
    }

    #[test]
    fn who_comes_later_hears_what_comes_later() {
        let outbox = Outbox::new();
        outbox.publish(&sample(1));
        let mut late = reader(&outbox);
        (2..4).for_each(|number| outbox.publish(&sample(number)));
        assert_eq!(told(&mut late), [2, 3]);
    }

    #[test]
    fn a_change_that_does_not_come_is_given_up_and_those_after_it_are_not() {
        let outbox = Outbox::new();
        let mut reader = reader(&outbox);
        outbox.publish(&sample(1));
        let last = 3 + MOST_PENDING as u64;
        (4..=last).for_each(|number| outbox.publish(&sample(number)));
        assert_eq!(told(&mut reader), [1]);
        outbox.publish(&sample(last + 1));
        let all: Vec<i64> = [-2].into_iter().chain(4..=signed(last + 1)).collect();
        assert_eq!(told(&mut reader), all);
        assert_eq!(reader.inbox().missed(), 2);
        outbox.publish(&sample(3));
        outbox.publish(&sample(last + 2));
        outbox.publish(&sample(2));
        assert_eq!(told(&mut reader), [signed(last + 2)]);
        assert!(outbox.pending.load().is_none());
    }

    #[test]
    fn what_is_left_is_heard_after_the_end() {
        let outbox = Outbox::new();
        let (mut all, mut none) = (reader(&outbox), reader(&outbox));
        outbox.publish(&sample(1));
        none.inbox().end();
        drop(outbox);
        assert_eq!(told(&mut all), [1]);
        assert!(told(&mut none).is_empty());
        for reader in [&mut all, &mut none] {
            assert!(matches!(reader.poll(Waker::noop()), Poll::Ready(None)));
        }
    }

    #[test]
    fn who_does_not_read_any_more_is_not_told() {
        let outbox = Outbox::new();
        let [one, other] = [reader(&outbox), reader(&outbox)];
        drop(one);
        outbox.publish(&sample(1));
        assert_eq!(Arc::strong_count(other.inbox()), 2, "the reader, and the list");
        let inbox = Arc::clone(other.inbox());
        drop(other);
        assert_eq!(Arc::strong_count(&inbox), 1);
    }
}
