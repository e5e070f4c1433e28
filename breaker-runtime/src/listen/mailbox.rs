//! A ring of events between those who make changes, who must never wait, and one reader.
//!
//! A writer takes the next number from `head`, and puts his event into the slot of that number, unless a
//! newer one is there already: then he was held up for more than a lap. The reader takes the numbers one
//! after another. In the slot of the number that comes next he finds
//!
//! - its event, which he takes out;
//! - nothing, or what a writer of an earlier lap left: the event is not written yet. He sleeps until a
//!   writer wakes him;
//! - a newer event, or `head` more than a lap ahead: he has lost what was overwritten, or is about to be.
//!   He goes on with the oldest number that can still be there, and is told how many he has missed.
//!
//! So every number is either read or counted as missed, by the reader's own arithmetic; what the writers
//! do meanwhile can only add to the ones that are missed. Events of a writer that is held up between the two
//! steps hold up the reader, and nobody else, for a lap at most.
//!
//! *Orderings.* Slots are `arc_swap`'s, whose loads see what was stored with a value. Who finds a newer
//! event in a slot sees its number taken from `head` as well, since that is acquired with the event: so
//! `head` is then at least a lap ahead. A `head` that is seen too old is only seen so before a sleep, and
//! the sleeper looks again after he has said that he sleeps ([`super::inbox`]).

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::event::Event;
use crate::sync::{AtomicU64, Ordering, others_may_come};

#[derive(Debug)]
pub(super) struct Mailbox {
    /// The number of the next event.
    head: AtomicU64,
    slots: Box<[ArcSwapOption<Entry>]>,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    event: Event,
}

impl Mailbox {
    /// One that holds `room` events.
    pub(super) fn new(room: usize) -> Self {
        let slots = (0..room).map(|_| ArcSwapOption::const_empty()).collect();
        Self { head: AtomicU64::new(0), slots }
    }

    pub(super) fn append(&self, event: Event) {
        let number = self.head.fetch_add(1, Ordering::AcqRel);
        others_may_come();
        self.put(number, event);
    }

    fn put(&self, number: u64, event: Event) {
        let entry = Arc::new(Entry { number, event });
        self.slot(number).rcu(|present| match present {
            Some(newer) if newer.number > number => Some(Arc::clone(newer)),
            _ => Some(Arc::clone(&entry)),
        });
    }

    /// The event with the number `next`, which is then that of the following one; or how many were missed
    /// from there on; or nothing, where it is not written yet. For the one reader.
    pub(super) fn take(&self, next: &mut u64) -> Option<Event> {
        let first = *next;
        loop {
            let slot = self.slot(*next);
            let found = slot.load_full();
            if let Some(entry) = found.filter(|entry| entry.number == *next) {
                if *next > first {
                    return Some(Event::Lagged { missed: *next - first });
                }
                *next += 1;
                // What was read need not stay in memory until it is overwritten.
                slot.compare_and_swap(&entry, None);
                return Some(entry.event.clone());
            }
            let oldest = self.head.load(Ordering::Acquire).saturating_sub(self.slots.len() as u64);
            if oldest <= *next {
                return (*next > first).then(|| Event::Lagged { missed: *next - first });
            }
            *next = oldest;
        }
    }

    /// Forgets all events; for when nobody reads them any more.
    pub(super) fn clear(&self) {
        self.slots.iter().for_each(|slot| slot.store(None));
    }

    fn slot(&self, number: u64) -> &ArcSwapOption<Entry> {
        let place = number % self.slots.len() as u64;
        &self.slots[usize::try_from(place).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events that tell which they are.
    fn event(number: u64) -> Event {
        Event::Lagged { missed: 1_000 + number }
    }

    fn told(event: Option<Event>) -> Option<u64> {
        event.map(|event| match event {
            Event::Lagged { missed } => missed,
            _ => unreachable!(),
        })
    }

    #[test]
    fn events_are_read_once_in_order() {
        let (mailbox, mut next) = (Mailbox::new(4), 0);
        assert!(mailbox.take(&mut next).is_none());
        for lap in 0..5 {
            (0..3).for_each(|n| mailbox.append(event(lap * 3 + n)));
            let read: Vec<_> = (0..4).map(|_| told(mailbox.take(&mut next))).collect();
            let [one, two, three] = [0, 1, 2].map(|n| Some(1_000 + lap * 3 + n));
            assert_eq!(read, [one, two, three, None]);
        }
    }

    #[test]
    fn a_full_ring_is_not_behind_and_one_more_is() {
        let (mailbox, mut next) = (Mailbox::new(4), 0);
        (0..4).for_each(|n| mailbox.append(event(n)));
        assert_eq!(told(mailbox.take(&mut next)), Some(1_000));
        (4..7).for_each(|n| mailbox.append(event(n)));
        let read: Vec<_> = (0..6).map(|_| told(mailbox.take(&mut next))).collect();
        assert_eq!(read, [Some(2), Some(1_003), Some(1_004), Some(1_005), Some(1_006), None]);
    }

    #[test]
    fn a_reader_that_is_many_laps_behind_misses_all_but_the_last() {
        let (mailbox, mut next) = (Mailbox::new(4), 0);
        (0..1_000).for_each(|n| mailbox.append(event(n)));
        let read: Vec<_> = (0..6).map(|_| told(mailbox.take(&mut next))).collect();
        assert_eq!(read, [Some(996), Some(1_996), Some(1_997), Some(1_998), Some(1_999), None]);
    }

    #[test]
    fn a_writer_that_was_held_up_is_waited_for_during_one_lap() {
        let (mailbox, mut next) = (Mailbox::new(2), 0);
        // Has its number, and does not come.
        mailbox.head.fetch_add(1, Ordering::AcqRel);
        mailbox.append(event(1));
        assert!(mailbox.take(&mut next).is_none());
        mailbox.append(event(2));
        let read: Vec<_> = (0..4).map(|_| told(mailbox.take(&mut next))).collect();
        assert_eq!(read, [Some(1), Some(1_001), Some(1_002), None]);
    }

    #[test]
    fn a_writer_that_comes_after_more_than_a_lap_harms_nothing() {
        let (mailbox, mut next) = (Mailbox::new(2), 0);
        mailbox.head.fetch_add(1, Ordering::AcqRel);
        (1..3).for_each(|n| mailbox.append(event(n)));
        // What took its place is there,
        mailbox.put(0, event(0));
        assert_eq!(told(mailbox.take(&mut next)), Some(1));
        assert_eq!([0; 2].map(|_| told(mailbox.take(&mut next))), [Some(1_001), Some(1_002)]);
        // or was read already.
        mailbox.put(0, event(0));
        assert!(mailbox.take(&mut next).is_none());
        (3..5).for_each(|n| mailbox.append(event(n)));
        assert_eq!([0; 3].map(|_| told(mailbox.take(&mut next))), [Some(1_003), Some(1_004), None]);
    }

    #[test]
    fn it_takes_as_much_as_the_documentation_says() {
        let counts = 2 * size_of::<usize>();
        assert_eq!((size_of::<ArcSwapOption<Entry>>(), size_of::<Entry>() + counts), (8, 40));
    }

    #[test]
    fn what_was_read_is_not_held() {
        let (mailbox, mut next) = (Mailbox::new(4), 0);
        (0..3).for_each(|n| mailbox.append(event(n)));
        mailbox.take(&mut next);
        let held = || mailbox.slots.iter().filter(|slot| slot.load().is_some()).count();
        assert_eq!(held(), 2);
        mailbox.clear();
        assert_eq!(held(), 0);
    }
}
