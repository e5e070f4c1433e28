//! Who hears what, in which order, and whom that may never hold up.
//!
//! Nothing here waits for a time: what a listener has heard comes over a channel.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier, Mutex, OnceLock, Weak};
use std::thread;

use breaker_runtime::{
    CircuitBreaker, Event, Events, Listener, Mode, Settings, State, Subscription, Transition, circuit_breaker,
    registry, testing,
};
use futures_core::Stream;

use crate::support::*;

/// A listener that passes on what it hears.
fn passing_on() -> (Arc<impl Listener>, Receiver<Event>) {
    let (told, heard) = mpsc::channel();
    (Arc::new(move |event: &Event| told.send(event.clone()).unwrap()), heard)
}

fn listening(breaker: &CircuitBreaker) -> (Subscription, Receiver<Event>) {
    let (listener, heard) = passing_on();
    (breaker.listen(listener).unwrap(), heard)
}

fn change(event: &Event) -> &Arc<Transition> {
    match event {
        Event::Changed(change) => change,
        other => panic!("{other}"),
    }
}

fn number(event: &Event) -> u64 {
    change(event).number
}

/// The numbers of the changes that come until nobody can send any more.
fn numbers(heard: Receiver<Event>) -> Vec<u64> {
    heard.into_iter().map(|event| number(&event)).collect()
}

/// A listener that says that it has been called, and then waits until it is let go on (or nobody can do
/// that any more); and what it has heard.
struct Held {
    called: Receiver<()>,
    go_on: Sender<()>,
    heard: Receiver<Event>,
}

fn held() -> (Arc<impl Listener>, Held) {
    let ((call, called), (go_on, wait), (told, heard)) = (mpsc::channel(), mpsc::channel::<()>(), mpsc::channel());
    let wait = Mutex::new(wait);
    let listener = move |event: &Event| {
        let _ = call.send(());
        let _ = wait.lock().unwrap().recv();
        let _ = told.send(event.clone());
    };
    (Arc::new(listener), Held { called, go_on, heard })
}

#[test]
fn every_change_is_heard_once_and_in_order() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    let (_, heard) = listening(&breaker);
    fail(&breaker);
    clock.advance(MINUTE);
    succeed(&breaker);
    breaker.set_mode_by(Mode::ForcedOpen, "a person");
    breaker.set_settings_by(breaker.settings().consecutive(3), "a test").unwrap();
    drop(breaker);
    let heard: Vec<String> = heard.into_iter().map(|event| event.to_string()).collect();
    assert_eq!(
        heard,
        [
            "dependency: closed → open: 1 failure in a row (limit 1); next probe after 60 s",
            "dependency: open → half-open: the reset delay of 60 s has passed",
            "dependency: half-open → closed: 1 probe succeeded",
            "dependency: closed → open: mode set from automatic to forced open by a person",
            "dependency: settings revision 2 by a test: consecutive 1 → 3",
        ]
    );
}

#[test]
fn a_change_that_is_heard_is_in_the_history_with_all_before_it() {
    let breaker = Arc::new(CircuitBreaker::builder("listeners::history").build().unwrap());
    let (told, heard) = mpsc::channel();
    let weak = Arc::downgrade(&breaker);
    let listener = move |event: &Event| {
        let kept = weak.upgrade().map(|breaker| breaker.history().iter().any(|kept| kept.number == number(event)));
        told.send(kept).unwrap();
    };
    breaker.listen(Arc::new(listener)).unwrap();
    for _ in 0..20 {
        breaker.close();
        assert_eq!(heard.recv().unwrap(), Some(true));
    }
}

#[test]
fn a_listener_hears_what_happens_after_its_registration() {
    let (breaker, _) = breaker(Settings::new());
    (0..3).for_each(|_| breaker.close());
    let (_, heard) = listening(&breaker);
    (0..2).for_each(|_| breaker.close());
    drop(breaker);
    assert_eq!(numbers(heard), [4, 5]);
}

#[test]
fn the_same_listener_registered_twice_is_one() {
    let (breaker, _) = breaker(Settings::new());
    let (listener, heard) = passing_on();
    let listener: Arc<dyn Listener> = listener;
    let first = breaker.listen(Arc::clone(&listener)).unwrap();
    let again = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| breaker.listen(Arc::clone(&listener)).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(again.iter().all(|subscription| *subscription == first));
    breaker.close();
    // One that has ended is registered anew.
    assert_eq!(number(&heard.recv().unwrap()), 1);
    first.end();
    let anew = breaker.listen(listener).unwrap();
    assert!(anew != first);
    breaker.close();
    drop(breaker);
    assert_eq!(numbers(heard), [2]);
}

#[test]
fn equal_listeners_in_two_arcs_are_two() {
    static HEARD: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    let (breaker, _) = breaker(Settings::new());
    let (told, ended) = mpsc::channel::<()>();
    for _ in 0..2 {
        let told = told.clone();
        let listener = move |event: &Event| {
            let _alive = &told;
            HEARD.lock().unwrap().push(number(event));
        };
        breaker.listen(Arc::new(listener)).unwrap();
    }
    breaker.close();
    drop((breaker, told));
    assert!(ended.recv().is_err());
    assert_eq!(*HEARD.lock().unwrap(), [1, 1]);
}

#[test]
fn a_listener_that_blocks_delays_no_call_and_no_other_listener() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(SECOND));
    let (blocking, blocked) = held();
    let subscription = breaker.listen(blocking).unwrap();
    let (_, heard) = listening(&breaker);
    breaker.close();
    blocked.called.recv().unwrap();
    assert_eq!(number(&heard.recv().unwrap()), 1);

    // Ten seconds and hundreds of calls and changes later it is still at the first event.
    for round in 0..10 {
        for _ in 0..20 {
            succeed(&breaker);
        }
        fail(&breaker);
        rejected(&breaker);
        clock.advance(SECOND);
        succeed(&breaker);
        let numbers: Vec<u64> = heard.iter().take(3).map(|event| number(&event)).collect();
        assert_eq!(numbers, [2, 3, 4].map(|n| 3 * round + n));
    }
    assert!(blocked.heard.try_recv().is_err() && blocked.called.try_recv().is_err());

    // It has missed nothing.
    drop((blocked.go_on, breaker));
    assert_eq!(numbers(blocked.heard), (1..=31).collect::<Vec<_>>());
    assert_eq!((subscription.missed(), subscription.panics()), (0, 0));
}

#[test]
fn who_is_more_than_1024_behind_hears_how_many_were_missed() {
    for (behind, missed) in [(1_024, 0), (1_025, 1), (3_000, 1_976)] {
        let (breaker, _) = breaker(Settings::new());
        let (blocking, blocked) = held();
        let subscription = breaker.listen(blocking).unwrap();
        breaker.close();
        blocked.called.recv().unwrap();
        let before = registry::lagged();
        (0..behind).for_each(|_| breaker.close());
        drop((blocked.go_on, breaker));

        let mut heard = blocked.heard.into_iter();
        assert_eq!(heard.next().map(|event| number(&event)), Some(1));
        if missed > 0 {
            assert_eq!(heard.next().unwrap().to_string().split(' ').next().unwrap(), missed.to_string());
        }
        let rest: Vec<u64> = heard.map(|event| number(&event)).collect();
        assert_eq!(rest, (2 + missed..2 + behind).collect::<Vec<_>>());
        assert_eq!(subscription.missed(), missed);
        assert!(registry::lagged() >= before + missed);
    }
}

#[test]
fn a_listener_that_panics_hears_the_next_event() {
    /// Panics again when it is dropped.
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("what this carries panics, too");
        }
    }
    let (breaker, _) = breaker(Settings::new());
    let (told, heard) = mpsc::channel();
    let listener = move |event: &Event| match number(event) {
        2 => panic!("this listener panics at its second event"),
        3 => std::panic::panic_any(Bomb),
        number => told.send(number).unwrap(),
    };
    let subscription = breaker.listen(Arc::new(listener)).unwrap();
    (0..4).for_each(|_| breaker.close());
    drop(breaker);
    assert_eq!(heard.into_iter().collect::<Vec<_>>(), [1, 4]);
    assert_eq!((subscription.panics(), subscription.missed()), (2, 0));
}

#[test]
fn a_listener_may_call_the_breaker_and_close_it() {
    let breaker = Arc::new(CircuitBreaker::builder("x").settings(Settings::new().consecutive(1)).build().unwrap());
    let (told, heard) = mpsc::channel();
    let weak: Weak<CircuitBreaker> = Arc::downgrade(&breaker);
    let listener = move |event: &Event| {
        if change(event).to == State::Open {
            let breaker = weak.upgrade().unwrap();
            rejected(&breaker);
            breaker.close();
            succeed(&breaker);
        }
        told.send(number(event)).unwrap();
    };
    breaker.listen(Arc::new(listener)).unwrap();
    fail(&breaker);
    assert_eq!(heard.iter().take(2).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_listener_may_register_another_one() {
    let breaker = Arc::new(CircuitBreaker::builder("x").build().unwrap());
    let ((told, heard), weak) = (mpsc::channel(), Arc::downgrade(&breaker));
    let listener = move |event: &Event| {
        let breaker = weak.upgrade().unwrap();
        let (_, second) = listening(&breaker);
        breaker.listen(Arc::new(|_: &Event| {})).unwrap();
        told.send((number(event), second)).unwrap();
    };
    let first = breaker.listen(Arc::new(listener)).unwrap();
    breaker.close();
    let (number_heard, second) = heard.recv().unwrap();
    assert_eq!(number_heard, 1);
    first.end();
    breaker.close();
    assert_eq!(number(&second.recv().unwrap()), 2);
}

#[test]
fn a_listener_may_end_itself() {
    let (breaker, _) = breaker(Settings::new());
    let ((told, heard), subscription) = (mpsc::channel(), Arc::new(OnceLock::<Subscription>::new()));
    let own = Arc::clone(&subscription);
    let listener = move |event: &Event| {
        if number(event) == 2 {
            own.get().unwrap().end();
        }
        told.send(number(event)).unwrap();
    };
    subscription.set(breaker.listen(Arc::new(listener)).unwrap()).unwrap();
    (0..5).for_each(|_| breaker.close());
    assert_eq!(heard.into_iter().collect::<Vec<_>>(), [1, 2], "although the breaker lives");
}

#[test]
fn after_the_end_only_what_was_being_heard_is_heard() {
    let (breaker, _) = breaker(Settings::new());
    let (blocking, blocked) = held();
    let subscription = breaker.listen(blocking).unwrap();
    (0..3).for_each(|_| breaker.close());
    blocked.called.recv().unwrap();
    subscription.end();
    subscription.clone().end();
    breaker.close();
    drop(blocked.go_on);
    assert_eq!(numbers(blocked.heard), [1]);
}

#[test]
fn a_subscription_that_is_dropped_goes_on() {
    let (breaker, _) = breaker(Settings::new());
    let (subscription, heard) = listening(&breaker);
    drop(subscription);
    breaker.close();
    assert_eq!(number(&heard.recv().unwrap()), 1);
}

#[test]
fn a_listener_of_a_dropped_breaker_hears_what_is_left_and_is_dropped() {
    let (breaker, _) = breaker(Settings::new());
    let (blocking, blocked) = held();
    let subscription = breaker.listen(blocking).unwrap();
    (0..5).for_each(|_| breaker.close());
    blocked.called.recv().unwrap();
    drop((breaker, blocked.go_on));
    assert_eq!(numbers(blocked.heard), [1, 2, 3, 4, 5]);
    subscription.end();
}

/// Does a test of somebody who listens to all breakers, until none of the events that come from other tests
/// made it miss any.
fn until_nothing_is_missed(test: impl Fn() -> Result<(), Lagged>) {
    while test().is_err() {}
}

/// Events were missed.
struct Lagged;

/// Passes on the changes of breakers with names that begin like this; or that some were missed.
fn changes_of(names: &'static str) -> (Arc<impl Listener>, Receiver<Result<Arc<Transition>, Lagged>>) {
    let (told, heard) = mpsc::channel();
    let listener = move |event: &Event| {
        // The test may have ended.
        let _ = match event {
            Event::Changed(change) if !change.breaker.name.starts_with(names) => Ok(()),
            Event::Changed(change) => told.send(Ok(Arc::clone(change))),
            _ => told.send(Err(Lagged)),
        };
    };
    (Arc::new(listener), heard)
}

#[test]
fn a_listener_to_all_breakers_hears_those_of_no_registry_too() {
    let names = ["listeners::all::one", "listeners::all::other"];
    until_nothing_is_missed(|| {
        let (listener, heard) = changes_of("listeners::all::");
        let subscription = registry::listen(Arc::clone(&listener) as Arc<dyn Listener>).unwrap();
        assert!(registry::listen(Arc::clone(&listener)).unwrap() == subscription);
        let [one, other] = names.map(|name| CircuitBreaker::builder(name).build().unwrap());
        // At a breaker it is another one.
        assert!(one.listen(listener).unwrap() != subscription);
        other.close();
        one.close();
        drop(other);
        in_threads(1, || one.close());
        let mut all = heard.iter().take(5).collect::<Result<Vec<_>, _>>()?;
        subscription.end();
        all.sort_by_key(|change| (change.breaker.name, change.number));
        let all: Vec<_> = all.iter().map(|change| (change.breaker.name, change.number)).collect();
        assert_eq!(all, [(names[0], 1), (names[0], 1), (names[0], 2), (names[0], 2), (names[1], 1)]);
        Ok(())
    });
}

/// Does the same in so many threads at once.
fn in_threads(threads: usize, work: impl Fn() + Sync) {
    let all_there = Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                all_there.wait();
                work();
            });
        }
    });
}

#[test]
fn changes_that_race_are_heard_in_the_order_of_their_numbers() {
    let names = ["listeners::race::one", "listeners::race::other"];
    until_nothing_is_missed(|| {
        let breakers = names.map(|name| CircuitBreaker::builder(name).build().unwrap());
        let (listener, all) = changes_of("listeners::race::");
        let subscription = registry::listen(listener).unwrap();
        let heard = breakers.each_ref().map(|breaker| listening(breaker).1);
        // Fewer changes than are told without the one of a thread that is held up in its middle.
        in_threads(8, || {
            for round in 0..20 {
                for breaker in &breakers {
                    breaker.close();
                    breaker.set_mode(if round % 2 == 0 { Mode::MetricsOnly } else { Mode::Automatic });
                    breaker.set_settings(Settings::new().consecutive(2 + round % 3)).unwrap();
                }
            }
        });
        let last = breakers.each_ref().map(|breaker| breaker.history().last().unwrap().number);
        drop(breakers);
        assert_eq!(heard.map(numbers), last.map(|last| (1..=last).collect::<Vec<_>>()));

        let total = usize::try_from(last.iter().sum::<u64>()).unwrap();
        let all = all.iter().take(total).collect::<Result<Vec<_>, _>>()?;
        subscription.end();
        for (name, last) in names.into_iter().zip(last) {
            let of_one = all.iter().filter(|change| change.breaker.name == name).map(|change| change.number);
            assert!(of_one.eq(1..=last));
        }
        Ok(())
    });
}

#[test]
fn whoever_registers_while_changes_race_misses_none_from_then_on() {
    let (breaker, _) = breaker(Settings::new());
    let (registered, done) = (Barrier::new(2), AtomicBool::new(false));
    let heard: Vec<_> = thread::scope(|scope| {
        let changing = scope.spawn(|| {
            registered.wait();
            (0..200).for_each(|_| breaker.close());
            done.store(true, Ordering::Release);
        });
        registered.wait();
        let mut all = Vec::new();
        while all.len() < 20 && !done.load(Ordering::Acquire) {
            all.push(listening(&breaker).1);
        }
        changing.join().unwrap();
        all.push(listening(&breaker).1);
        all
    });
    breaker.close();
    let last = breaker.history().last().unwrap().number;
    drop(breaker);
    for heard in heard {
        let numbers = numbers(heard);
        assert_eq!(numbers, (numbers[0]..=last).collect::<Vec<_>>());
    }
}

#[circuit_breaker(name = "listeners::isolated", threshold = 2)]
fn print(page: &str) -> std::io::Result<()> {
    if page.is_empty() { Err(std::io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
}

#[test]
fn in_an_isolation_its_own_breaker_is_listened_to() {
    let (shared, outside) = listening(print_breaker());
    testing::isolated(|_| {
        let (subscription, heard) = listening(print_breaker());
        (0..2).for_each(|_| assert!(print("").is_err()));
        assert_eq!(change(&heard.recv().unwrap()).to, State::Open);
        subscription.end();
    });
    print_breaker().close();
    let first = outside.recv().unwrap();
    assert_eq!((number(&first), change(&first).to), (1, State::Closed));
    shared.end();
}

#[test]
fn as_many_changes_are_kept_as_the_settings_say() {
    let (breaker, _) = breaker(Settings::new().history(3));
    let kept = |breaker: &CircuitBreaker| breaker.history().iter().map(|change| change.number).collect::<Vec<_>>();
    (0..10).for_each(|_| breaker.close());
    assert_eq!(kept(&breaker), [8, 9, 10]);
    breaker.set_settings(Settings::new().history(5)).unwrap();
    (0..3).for_each(|_| breaker.close());
    assert_eq!(kept(&breaker), [10, 11, 12, 13, 14]);
    assert_eq!(breaker.history()[1].reason.to_string().split(": ").nth(1), Some("history 3 → 5"));
}

#[test]
fn where_no_change_is_kept_listeners_hear_all_the_same() {
    let (breaker, _) = breaker(Settings::new().consecutive(1).history(0));
    let (_, heard) = listening(&breaker);
    fail(&breaker);
    let error = rejected(&breaker);
    assert!(error.report().is_none() && breaker.history().is_empty() && breaker.snapshot().in_state_for.is_some());
    assert_eq!(error.to_string(), "circuit breaker `dependency` is open; a retry can pass in 60 s");
    assert!(change(&heard.recv().unwrap()).report().is_some());
}

#[tokio::test]
async fn a_stream_has_every_change_once_and_ends_with_its_breaker() {
    let (breaker, _) = breaker(Settings::new());
    breaker.close();
    let mut events = breaker.events();
    let reading = tokio::spawn(async move {
        let mut numbers = Vec::new();
        while let Some(event) = events.next().await {
            numbers.push(number(&event));
        }
        assert!(events.next().await.is_none());
        numbers
    });
    for _ in 0..10 {
        breaker.close();
        tokio::task::yield_now().await;
    }
    drop(breaker);
    assert_eq!(reading.await.unwrap(), (2..=11).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_that_is_read_too_slowly_says_how_much_was_missed() {
    let (breaker, _) = breaker(Settings::new());
    let mut events = breaker.events();
    (0..1_030).for_each(|_| breaker.close());
    assert!(matches!(events.next().await, Some(Event::Lagged { missed: 6 })));
    assert_eq!(number(&events.next().await.unwrap()), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_woken_from_other_threads() {
    let breaker = Arc::new(CircuitBreaker::builder("x").build().unwrap());
    let (mut events, (told, read)) = (breaker.events(), mpsc::channel());
    let reading = tokio::spawn(async move {
        let mut numbers = Vec::new();
        while let Some(event) = next_of(&mut events).await {
            numbers.push(number(&event));
            told.send(()).unwrap();
        }
        numbers
    });
    let changing = thread::spawn(move || {
        for _ in 0..500 {
            breaker.close();
            // So that it sleeps now and then, whatever the threads do.
            read.recv().unwrap();
        }
    });
    changing.join().unwrap();
    assert_eq!(reading.await.unwrap(), (1..=500).collect::<Vec<_>>());
}

/// As the combinators of other crates do it.
async fn next_of(stream: &mut (impl Stream<Item = Event> + Unpin)) -> Option<Event> {
    std::future::poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await
}

#[tokio::test]
async fn a_stream_of_all_breakers_hears_one_that_is_gone() {
    let mut events: Events = registry::events();
    let life = || CircuitBreaker::builder("listeners::stream").build().unwrap().close();
    life();
    loop {
        match events.next().await {
            Some(Event::Changed(change)) if change.breaker.name == "listeners::stream" => break,
            Some(Event::Lagged { .. }) => life(),
            Some(_) => {}
            None => panic!("it does not end"),
        }
    }
}

#[tokio::test]
async fn a_wait_for_the_next_event_can_be_given_up() {
    let (breaker, _) = breaker(Settings::new());
    let mut events = breaker.events();
    for round in 1..=10 {
        {
            let mut given_up = pin!(events.next());
            assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(given_up.as_mut().poll(cx).is_pending())).await);
            breaker.close();
        }
        assert_eq!(number(&events.next().await.unwrap()), round);
    }
}
