//! Changes that race on their way to listeners, and listeners that come, sleep and go meanwhile.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};

use loom::thread;

use super::{at_rest, breaker, every_interleaving, permit, side_by_side};
use crate::event::{Event, Transition};
use crate::listen::Outbox;
use crate::listen::inbox::{Inbox, Reader};
use crate::listen::listeners::Listeners;
use crate::policy::Settings;
use crate::sync::{AtomicU64, Ordering, others_may_come};

/// A listener at `place` that can be so far behind.
fn listening(place: &Arc<Listeners>, room: usize) -> Reader {
    let reader = Reader::new(place, None, room);
    place.add(reader.inbox());
    reader
}

/// What can be read now: numbers of changes, and how many were missed.
fn read(reader: &mut Reader) -> (Vec<u64>, u64) {
    let (mut numbers, mut all_missed) = (Vec::new(), 0);
    while let Poll::Ready(Some(event)) = reader.poll(Waker::noop()) {
        match event {
            Event::Changed(change) => numbers.push(change.number),
            Event::Lagged { missed } => all_missed += missed,
        }
    }
    (numbers, all_missed)
}

/// The changes of a breaker that was closed so often, to be published by hand.
fn changes<const N: usize>() -> [Arc<Transition>; N] {
    let (breaker, _) = breaker(Settings::new());
    (0..N).for_each(|_| breaker.close());
    breaker.history().try_into().unwrap()
}

fn deliver(inbox: &Inbox, change: &Arc<Transition>) {
    inbox.deliver(Event::Changed(Arc::clone(change)));
}

pub fn two_changes_of_a_breaker_are_heard_in_order() {
    every_interleaving(2, || {
        let (breaker, _) = breaker(Settings::new().consecutive(1));
        let mut reader = listening(breaker.outbox().listeners(), 8);
        let (call, closer) = (permit(&breaker), Arc::clone(&breaker));
        side_by_side([Box::new(|| call.failure()), Box::new(move || closer.close())]);
        let last = breaker.history().len() as u64;
        assert_eq!(read(&mut reader), ((1..=last).collect(), 0));
        at_rest(&breaker);
    });
}

/// Each of them may come last; each may find that another one publishes.
pub fn three_changes_are_told_in_order_whoever_comes_first() {
    every_interleaving(3, || {
        let outbox = Arc::new(Outbox::new());
        let mut reader = listening(outbox.listeners(), 8);
        let calls = changes::<3>().map(|change| {
            let outbox = Arc::clone(&outbox);
            Box::new(move || outbox.publish(&change)) as Box<dyn FnOnce() + Send>
        });
        side_by_side(calls);
        assert_eq!(read(&mut reader), (vec![1, 2, 3], 0));
    });
}

pub fn a_listener_that_comes_while_changes_race_misses_none_from_then_on() {
    // Which first changes were heard in some interleaving.
    static FIRST: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());
    every_interleaving(3, || {
        let outbox = Arc::new(Outbox::new());
        let [first, second, third] = changes::<3>();
        let (one, other) = (Arc::clone(&outbox), Arc::clone(&outbox));
        let threads = [thread::spawn(move || one.publish(&first)), thread::spawn(move || other.publish(&second))];
        others_may_come();
        let mut reader = listening(outbox.listeners(), 8);
        for thread in threads {
            thread.join().unwrap();
        }
        outbox.publish(&third);
        let (numbers, missed) = read(&mut reader);
        assert_eq!((numbers.clone(), missed), ((numbers[0]..=3).collect(), 0));
        FIRST.lock().unwrap().insert(numbers[0]);
    });
    assert!(FIRST.lock().unwrap().iter().eq(&[1, 2, 3]));
}

/// Two writers and a reader at a ring of two: laps are overtaken, and writers held up for more than one.
pub fn what_is_not_read_is_counted_as_missed() {
    every_interleaving(3, || {
        let place = Arc::new(Listeners::default());
        let mut reader = listening(&place, 2);
        let [one, two, three, four] = changes::<4>();
        let inbox = Arc::clone(reader.inbox());
        let writer = thread::spawn(move || [one, two, three].iter().for_each(|change| deliver(&inbox, change)));
        let inbox = Arc::clone(reader.inbox());
        let other = thread::spawn(move || deliver(&inbox, &four));
        let (mut numbers, mut missed) = read(&mut reader);
        writer.join().unwrap();
        other.join().unwrap();
        let rest = read(&mut reader);
        numbers.extend(rest.0);
        missed += rest.1;
        assert_eq!((numbers.len() as u64 + missed, reader.inbox().missed()), (4, missed));
        let of_writer: Vec<u64> = numbers.iter().copied().filter(|number| *number < 4).collect();
        assert!(of_writer.is_sorted() && of_writer.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        assert!(numbers.iter().filter(|number| **number == 4).count() <= 1);
    });
}

/// Tells, when it is woken.
struct Told(AtomicU64);

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(1, Ordering::Release);
    }
}

pub fn a_reader_that_sleeps_is_woken() {
    every_interleaving(4, || {
        let place = Arc::new(Listeners::default());
        let mut reader = listening(&place, 2);
        let told = Arc::new(Told(AtomicU64::new(0)));
        let ([one, two], inbox) = (changes::<2>(), Arc::clone(reader.inbox()));
        let writers = [one, two]
            .map(|change| (change, Arc::clone(&inbox)))
            .map(|(change, inbox)| thread::spawn(move || deliver(&inbox, &change)));
        let waker = Waker::from(Arc::clone(&told));
        let mut numbers = Vec::new();
        let asleep = loop {
            match reader.poll(&waker) {
                Poll::Ready(Some(Event::Changed(change))) => numbers.push(change.number),
                Poll::Ready(_) => unreachable!(),
                Poll::Pending => break numbers.len(),
            }
        };
        for writer in writers {
            writer.join().unwrap();
        }
        if asleep < 2 {
            assert_eq!(told.0.load(Ordering::Acquire), 1, "asleep, and there is something to read");
        }
        numbers.extend(read(&mut reader).0);
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2]);
    });
}

pub fn after_its_end_a_listener_hears_nothing() {
    every_interleaving(3, || {
        let outbox = Arc::new(Outbox::new());
        let mut reader = listening(outbox.listeners(), 4);
        let [first, second] = changes::<2>();
        outbox.publish(&first);
        let (inbox, other) = (Arc::clone(reader.inbox()), Arc::clone(&outbox));
        let ended = Arc::new(AtomicU64::new(0));
        let says = Arc::clone(&ended);
        let threads = [
            thread::spawn(move || {
                inbox.end();
                says.store(1, Ordering::Release);
            }),
            thread::spawn(move || other.publish(&second)),
        ];
        let mut last = 0;
        loop {
            let had_ended = ended.load(Ordering::Acquire) == 1;
            match reader.poll(Waker::noop()) {
                Poll::Ready(Some(Event::Changed(change))) => {
                    assert!(!had_ended);
                    assert_eq!(change.number, last + 1);
                    last = change.number;
                }
                Poll::Ready(_) => break,
                Poll::Pending => thread::yield_now(),
            }
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(matches!(reader.poll(Waker::noop()), Poll::Ready(None)));
    });
}

/// The reader of a breaker that goes away in another thread reads all that there was, and then the end.
pub fn what_a_breaker_that_is_gone_has_told_is_heard() {
    every_interleaving(3, || {
        let outbox = Outbox::new();
        let mut reader = listening(outbox.listeners(), 4);
        let changes = changes::<2>();
        let going = thread::spawn(move || {
            for change in &changes {
                outbox.publish(change);
            }
            drop(outbox);
        });
        let mut numbers = Vec::new();
        loop {
            match reader.poll(Waker::noop()) {
                Poll::Ready(Some(Event::Changed(change))) => numbers.push(change.number),
                Poll::Ready(Some(_)) => unreachable!(),
                Poll::Ready(None) => break,
                Poll::Pending => thread::yield_now(),
            }
        }
        going.join().unwrap();
        assert_eq!(numbers, [1, 2]);
    });
}
