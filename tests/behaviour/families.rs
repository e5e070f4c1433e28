//! Families of breakers: one for each key, bounded, forgotten when idle.

use std::fmt;
use std::sync::Arc;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{Breakers, CircuitBreakerError, ErrorKind, Event, Mode, Settings, State};

use crate::support::{MINUTE, NANO, SECOND};

const IDLE: std::time::Duration = MINUTE;

fn family(settings: Settings, max_keys: u32) -> (Breakers, ManualClock) {
    let clock = ManualClock::new();
    (Breakers::new("hosts", settings).max_keys(max_keys).idle(IDLE).clock(&clock), clock)
}

fn succeed(family: &Breakers, key: &str) {
    family.try_acquire(key).expect("must be admitted").success();
}

fn fail(family: &Breakers, key: &str) {
    family.try_acquire(key).expect("must be admitted").failure();
}

fn rejected(family: &Breakers, key: &str) -> CircuitBreakerError {
    family.try_acquire(key).expect_err("must be rejected")
}

fn keys(family: &Breakers) -> Vec<String> {
    let mut keys: Vec<String> = family.iter().map(|member| member.about().key.unwrap().to_string()).collect();
    keys.sort();
    keys
}

#[test]
fn each_key_has_a_breaker_of_its_own() {
    let (hosts, clock) = family(Settings::new().consecutive(2).reset(SECOND), 10);
    (0..2).for_each(|_| fail(&hosts, "down"));
    succeed(&hosts, "up");
    assert_eq!(rejected(&hosts, "down").kind(), ErrorKind::Open);
    succeed(&hosts, "up");
    assert_eq!((hosts.len(), keys(&hosts)), (2, vec!["down".into(), "up".into()]));
    let [down, up] = ["down", "up"].map(|key| hosts.get(key).unwrap());
    assert_eq!((down.state(), up.state(), up.totals().succeeded), (State::Open, State::Closed, 2));
    clock.advance(SECOND);
    succeed(&hosts, "down");
    assert_eq!(down.state(), State::Closed);
    assert!(hosts.get("other").is_none() && hosts.get(&7_u32).is_none() && !hosts.is_empty());
    assert_eq!(format!("{hosts:?} {down:?}"), "Breakers { name: \"hosts\", .. } Member(\"hosts[down]\")");
}

#[test]
fn what_is_told_of_a_breaker_names_its_key() {
    let (hosts, _) = family(Settings::new().consecutive(1), 10);
    let hosts = hosts.dependency("the web").note("call nobody");
    fail(&hosts, "eu\n1");
    let error = rejected(&hosts, "eu\n1").to_string();
    assert!(error.starts_with("circuit breaker `hosts[eu\\n1]` is open: 1 failure in a row"), "{error}");
    let member = hosts.get("eu\n1").unwrap();
    let report = member.snapshot().last_trip.unwrap();
    assert_eq!((report.breaker.to_string().as_str(), report.breaker.dependency), (r"hosts[eu\n1]", Some("the web")));
    assert_eq!((report.breaker.note, report.breaker.key.as_deref()), (Some("call nobody"), Some("eu\n1")));
    assert_eq!(member.history()[0].breaker, member.about());
    member.set_mode(Mode::ForcedOpen);
    assert_eq!(rejected(&hosts, "eu\n1").to_string(), r"circuit breaker `hosts[eu\n1]` is forced open");
    assert_eq!((hosts.about().key, hosts.name(), hosts.location().file()), (None, "hosts", file!()));
}

#[test]
fn keys_of_any_type_are_found_by_borrowed_forms() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    enum Region {
        Eu,
        Us(u8),
    }
    impl fmt::Display for Region {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::Eu => f.write_str("eu"),
                Self::Us(n) => write!(f, "us-{n}"),
            }
        }
    }
    let (all, _) = family(Settings::new(), 10);
    succeed(&all, "text");
    succeed(&all, &String::from("text"));
    all.try_acquire(&7_u32).unwrap().success();
    all.try_acquire(&Region::Us(1)).unwrap().success();
    all.try_acquire(&Region::Eu).unwrap().success();
    assert_eq!(keys(&all), ["7", "eu", "text", "us-1"]);
    assert_eq!(all.get("text").unwrap().totals().succeeded, 2);
    assert!(all.get(&Region::Us(2)).is_none() && all.get(&7_u64).is_none());
}

#[test]
fn a_key_that_nobody_calls_is_forgotten() {
    let (hosts, clock) = family(Settings::new().consecutive(3), 10);
    succeed(&hosts, "a");
    fail(&hosts, "b");
    clock.advance(IDLE - NANO);
    assert_eq!(hosts.len(), 2);
    succeed(&hosts, "a");
    clock.advance(NANO);
    assert_eq!(keys(&hosts), ["a"]);
    assert!(hosts.get("b").is_none());
    clock.advance(IDLE);
    assert!(hosts.get("a").is_none() && hosts.is_empty());
    fail(&hosts, "b");
    assert_eq!(hosts.get("b").unwrap().snapshot().consecutive_failures, 1);
    assert_eq!(hosts.get("b").unwrap().totals().admitted, 1);
}

#[test]
fn a_call_of_a_forgotten_key_begins_anew_though_nobody_looked() {
    let (hosts, clock) = family(Settings::new().consecutive(2), 10);
    fail(&hosts, "a");
    clock.advance(IDLE);
    fail(&hosts, "a");
    assert_eq!(hosts.get("a").unwrap().state(), State::Closed);
    assert_eq!(hosts.get("a").unwrap().totals().failed, 1);
}

#[test]
fn an_open_breaker_is_kept_until_a_probe_is_due() {
    let (hosts, clock) = family(Settings::new().consecutive(1).reset(3 * IDLE), 10);
    fail(&hosts, "a");
    clock.advance(3 * IDLE - NANO);
    assert_eq!((hosts.len(), rejected(&hosts, "a").retry_after()), (1, Some(NANO)));
    clock.advance(IDLE);
    assert!(hosts.is_empty());
}

#[test]
fn failures_that_still_count_keep_a_key() {
    let window = 3 * IDLE;
    for settings in
        [Settings::new().failures(2).window(window), Settings::new().failure_rate(1.0).min_calls(2).window(window)]
    {
        let (hosts, clock) = family(settings, 10);
        fail(&hosts, "a");
        clock.advance(2 * IDLE);
        assert_eq!(hosts.len(), 1);
        clock.advance(window);
        assert_eq!(hosts.len(), 0);
    }
}

#[test]
fn a_key_with_a_call_under_way_or_somebody_who_looks_is_not_forgotten() {
    let (hosts, clock) = family(Settings::new(), 2);
    let call = hosts.try_acquire("a").unwrap();
    succeed(&hosts, "b");
    let looking = hosts.get("b").unwrap();
    clock.advance(10 * IDLE);
    assert_eq!(keys(&hosts), ["a", "b"]);
    succeed(&hosts, "c");
    assert!(hosts.get("c").is_none(), "both places were taken");
    let again = looking.clone();
    drop(looking);
    clock.advance(IDLE);
    assert_eq!(hosts.len(), 2);
    drop(again);
    assert_eq!(keys(&hosts), ["a"]);
    call.success();
    assert!(hosts.is_empty());
}

#[test]
fn of_quiet_keys_the_one_called_longest_ago_gives_its_place() {
    let (hosts, clock) = family(Settings::new(), 3);
    for key in ["a", "b", "c", "a"] {
        clock.advance(SECOND);
        succeed(&hosts, key);
    }
    succeed(&hosts, "d");
    assert_eq!(keys(&hosts), ["a", "c", "d"]);
    succeed(&hosts, "e");
    assert_eq!(keys(&hosts), ["a", "d", "e"]);
}

#[test]
fn a_breaker_in_trouble_never_leaves_for_another_key() {
    for (settings, trouble) in [
        (Settings::new().consecutive(2), 1),
        (Settings::new().consecutive(1).reset(SECOND), 1),
        (Settings::new().failures(2).window(IDLE), 1),
        (Settings::new().failures(3).window_calls(5), 2),
        (Settings::new().failure_rate(1.0).min_calls(9).window(IDLE), 1),
        (Settings::new().failure_rate(1.0).min_calls(9).window_calls(9), 1),
    ] {
        let (hosts, clock) = family(settings, 2);
        (0..trouble).for_each(|_| fail(&hosts, "a"));
        clock.advance(10 * SECOND);
        succeed(&hosts, "b");
        for other in ["c", "d", "e"] {
            succeed(&hosts, other);
            assert_eq!(keys(&hosts), ["a", other], "{settings}");
        }
        assert!(hosts.overflow().is_none());
    }
}

#[test]
fn a_mode_that_somebody_set_is_kept() {
    let (hosts, clock) = family(Settings::new(), 1);
    succeed(&hosts, "a");
    hosts.get("a").unwrap().set_mode(Mode::Disabled);
    succeed(&hosts, "b");
    clock.advance(100 * IDLE);
    assert_eq!(keys(&hosts), ["a"]);
}

#[test]
fn where_all_are_in_trouble_new_keys_run_on_one_breaker_that_rejects_nothing() {
    let (hosts, clock) = family(Settings::new().consecutive(2), 2);
    for key in ["a", "b"] {
        fail(&hosts, key);
    }
    for key in ["c", "d", "e"] {
        fail(&hosts, key);
    }
    succeed(&hosts, "c");
    let overflow = hosts.overflow().unwrap();
    assert_eq!((overflow.mode, overflow.would_be), (Mode::MetricsOnly, Some(State::Open)));
    assert_eq!((overflow.totals.admitted, overflow.totals.would_have_rejected), (4, 2));
    let told: Vec<String> = hosts.history().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "all places are taken, by 2 keys in trouble: new ones share a breaker",
            "would be closed → open: 2 failures in a row (limit 2); next probe after 60 s"
        ]
    );
    // One of them recovers, and its place can be had.
    succeed(&hosts, "a");
    succeed(&hosts, "c");
    assert_eq!(keys(&hosts), ["b", "c"]);
    assert!(hosts.overflow().is_some(), "as long as somebody may still need it");
    clock.advance(IDLE);
    assert!(hosts.overflow().is_none());
    assert_eq!(hosts.history().pop().unwrap().reason.to_string(), "new keys find places again");
}

#[test]
fn the_overflow_can_be_shared_by_those_who_ask_for_it() {
    let clock = ManualClock::new();
    let hosts = Breakers::new("hosts", Settings::new().consecutive(2)).max_keys(1).overflow_shared().clock(&clock);
    fail(&hosts, "a");
    fail(&hosts, "b");
    fail(&hosts, "c");
    assert_eq!(hosts.overflow().unwrap().mode, Mode::Automatic);
    assert!(rejected(&hosts, "d").to_string().starts_with("circuit breaker `hosts` is open"));
    fail(&hosts, "a");
    assert!(rejected(&hosts, "a").to_string().starts_with("circuit breaker `hosts[a]` is open"));
}

#[test]
fn a_key_that_comes_back_is_a_new_one_in_every_way() {
    let (hosts, clock) = family(Settings::new().consecutive(1).reset(SECOND), 1);
    fail(&hosts, "a");
    let old = rejected(&hosts, "a");
    clock.advance(SECOND);
    succeed(&hosts, "a");
    assert_eq!(hosts.get("a").unwrap().history().len(), 3);
    succeed(&hosts, "b");
    let b = hosts.get("b").unwrap();
    assert_eq!((b.history().len(), b.totals().admitted, b.snapshot().epoch), (0, 1, 0));
    assert!(b.snapshot().last_trip.is_none() && b.snapshot().in_state_for.is_none() && old.report().is_none());
    fail(&hosts, "b");
    let change = b.history().pop().unwrap();
    assert_eq!((change.number, change.epoch, change.breaker.to_string().as_str()), (1, 1, "hosts[b]"));
    clock.advance(SECOND);
    succeed(&hosts, "b");
    let refused = b.set_settings(b.settings().reset(MINUTE)).unwrap_err().to_string();
    assert_eq!(
        (refused.as_str(), b.rollback()),
        ("a breaker of a family has the settings of the family: set those", None)
    );
    assert_eq!(b.history().iter().map(|change| change.number).collect::<Vec<_>>(), [1, 2, 3]);
    drop(b);
    succeed(&hosts, "c");
    assert_eq!(hosts.get("c").unwrap().settings(), hosts.settings());
}

#[test]
fn a_half_open_period_of_a_key_ends_whatever_the_one_before_it_had() {
    let settings = Settings::new().consecutive(1).reset(SECOND).probe_timeout(20 * SECOND);
    let (hosts, clock) = family(settings, 1);
    for _ in 0..2 {
        fail(&hosts, "a");
        clock.advance(SECOND);
        succeed(&hosts, "a");
    }
    fail(&hosts, "b");
    clock.advance(SECOND);
    let probe = hosts.try_acquire("b").expect("it is due");
    clock.advance(20 * SECOND);
    rejected(&hosts, "b");
    assert_eq!(hosts.get("b").unwrap().state(), State::Open, "its probe was overdue");
    drop(probe);
}

#[test]
fn a_ramp_of_a_key_ends_whatever_the_one_before_it_had() {
    let (hosts, clock) = family(Settings::new().consecutive(1).reset(SECOND).ramp(10 * SECOND), 1);
    let recovers = |key: &str| {
        fail(&hosts, key);
        clock.advance(SECOND);
        succeed(&hosts, key);
    };
    for _ in 0..2 {
        recovers("a");
        clock.advance(10 * SECOND);
        succeed(&hosts, "a");
    }
    recovers("b");
    assert!((0..9).any(|_| hosts.try_acquire("b").is_err()), "not all calls pass");
    clock.advance(10 * SECOND);
    (0..9).for_each(|_| succeed(&hosts, "b"));
}

#[test]
fn a_key_that_is_often_called_answers_to_no_other() {
    let (hosts, clock) = family(Settings::new().consecutive(2), 1);
    for number in 0..2_u64 {
        hosts.try_acquire(&0_u64).expect("closed").success();
        assert_eq!(hosts.get(&0_u64).unwrap().totals().admitted, number + 1);
    }
    assert!((1..50_000_u64).all(|number| hosts.get(&number).is_none()));
    clock.advance(IDLE);
    assert!(hosts.get(&0_u64).is_none() && hosts.is_empty(), "it is forgotten");
    for _ in 0..2 {
        hosts.try_acquire(&0_u64).expect("closed").failure();
    }
    assert_eq!((hosts.get(&0_u64).unwrap().state(), hosts.len()), (State::Open, 1));
}

#[test]
fn new_settings_are_those_of_every_key_present_and_to_come() {
    for (old, new) in [
        (Settings::new().consecutive(9), Settings::new().consecutive(2)),
        (Settings::new().failures(9).window(MINUTE), Settings::new().failures(2).window(MINUTE)),
        (Settings::new().failures(9).window_calls(9), Settings::new().failures(2).window_calls(4)),
    ] {
        let (hosts, _) = family(old, 3);
        fail(&hosts, "a");
        assert_eq!(hosts.set_settings_by(new, "breakers.toml"), Ok(2));
        fail(&hosts, "a");
        let [a, state] = [hosts.get("a").unwrap().snapshot().last_trip.unwrap().revision, hosts.revision()];
        assert_eq!((a, state), (2, 2));
        (0..2).for_each(|_| fail(&hosts, "b"));
        assert_eq!(hosts.get("b").unwrap().state(), State::Open);
        let snapshot = hosts.get("b").unwrap().snapshot();
        assert_eq!((snapshot.settings, snapshot.revision, snapshot.origin), (new, 2, "breakers.toml".into()));
        // One change, of the family: none of its breakers tells of it.
        assert_eq!((hosts.history().len(), hosts.get("b").unwrap().history().len()), (1, 1));
        assert_eq!(hosts.rollback(), Some(3));
        assert_eq!((hosts.settings(), hosts.get("a").unwrap().settings()), (old, old));
        fail(&hosts, "c");
        assert_eq!(hosts.get("c").unwrap().settings(), old);
        assert!(hosts.set_settings(old.probes(0)).is_err());
    }
}

#[test]
fn a_key_that_is_just_failing_is_no_quiet_one() {
    struct Slow<'a>(&'a Breakers);
    impl fmt::Display for Slow<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            // While the text of the error is made, another key comes.
            succeed(self.0, "up");
            f.write_str("down")
        }
    }
    let (hosts, _) = family(Settings::new().consecutive(1), 1);
    hosts.try_acquire("down").unwrap().failure_with(&Slow(&hosts));
    assert_eq!(hosts.get("down").unwrap().state(), State::Open);
    assert_eq!(hosts.overflow().unwrap().totals.admitted, 1);
}

#[test]
fn two_changes_of_the_settings_at_once_leave_every_key_with_the_later_one() {
    let (hosts, _) = family(Settings::new().consecutive(9), 9);
    for round in 0..200 {
        succeed(&hosts, "a");
        std::thread::scope(|scope| {
            for limit in [10, 1_000] {
                scope.spawn({
                    let hosts = &hosts;
                    move || hosts.set_settings(Settings::new().consecutive(limit + round)).unwrap()
                });
            }
        });
        succeed(&hosts, "b");
        for member in &hosts {
            assert_eq!((member.settings(), member.revision()), (hosts.settings(), hosts.revision()));
        }
    }
}

#[test]
fn who_looks_for_a_forgotten_key_holds_no_other() {
    let (hosts, clock) = family(Settings::new(), 1);
    succeed(&hosts, "a");
    clock.advance(IDLE);
    assert!(hosts.get("a").is_none());
    succeed(&hosts, "b");
    let looking = hosts.get("b").unwrap();
    succeed(&hosts, "c");
    assert_eq!(looking.about().key.as_deref(), Some("b"));
    drop(looking);
    clock.advance(IDLE);
    assert!(hosts.is_empty());
}

#[test]
fn keys_that_nobody_calls_give_their_places_though_nobody_looks() {
    let (hosts, clock) = family(Settings::new().consecutive(2), 2);
    fail(&hosts, "a");
    (0..2).for_each(|_| fail(&hosts, "b"));
    clock.advance(100 * IDLE);
    succeed(&hosts, "c");
    succeed(&hosts, "d");
    assert!(hosts.overflow().is_none());
    assert_eq!(keys(&hosts), ["c", "d"]);
}

#[test]
fn calls_that_come_while_all_are_looked_at_find_places() {
    let (hosts, _) = family(Settings::new(), 3);
    for key in ["a", "b", "c"] {
        succeed(&hosts, key);
    }
    for member in &hosts {
        succeed(&hosts, "d");
        drop(member);
    }
    assert!(hosts.overflow().is_none());
}

#[test]
fn calls_that_fail_after_longer_than_idle_trip_all_the_same() {
    let (hosts, clock) = family(Settings::new().consecutive(3), 3);
    for _ in 0..3 {
        let call = hosts.try_acquire("a").unwrap();
        clock.advance(2 * IDLE);
        call.failure();
    }
    assert_eq!(hosts.get("a").unwrap().state(), State::Open);
}

#[test]
fn a_panic_may_pass_by_a_family() {
    let (hosts, _) = family(Settings::new().consecutive(1), 3);
    let panics = || hosts.call("a", || -> Result<(), CircuitBreakerError> { panic!("boom") });
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(hosts.get("a").unwrap().state(), State::Open);
}

#[test]
fn threads_that_bring_and_take_keys_never_overflow_while_none_is_in_trouble() {
    let (hosts, _) = family(Settings::new(), 64);
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            scope.spawn({
                let hosts = &hosts;
                move || (0..2_000_u32).for_each(|n| hosts.try_acquire(&(n * 7 + thread)).unwrap().success())
            });
        }
        scope.spawn(|| (0..50).for_each(|_| assert!(hosts.iter().count() <= 64)));
    });
    assert!(hosts.overflow().is_none());
}

#[test]
fn a_thousand_keys_come_and_go_and_no_more_are_kept_than_may_be() {
    let (hosts, _) = family(Settings::new(), 10);
    for number in 0..1_000_u32 {
        hosts.try_acquire(&number).unwrap().success();
        assert!(hosts.len() <= 10);
    }
    assert_eq!(hosts.len(), 10);
    assert!(hosts.get(&999_u32).is_some());
}

#[test]
fn among_a_thousand_in_trouble_the_one_quiet_key_is_found() {
    let (hosts, _) = family(Settings::new().consecutive(2), 1_000);
    for number in 0..1_000_u32 {
        let permit = hosts.try_acquire(&number).unwrap();
        if number == 700 { permit.success() } else { permit.failure() }
    }
    for number in 1_000..1_010_u32 {
        hosts.try_acquire(&number).unwrap().success();
        assert!(hosts.get(&number).is_some());
    }
    assert!(hosts.get(&700_u32).is_none() && hosts.overflow().is_none());
    assert_eq!(hosts.len(), 1_000);
}

#[test]
fn threads_that_bring_the_same_keys_share_their_breakers() {
    let hosts = Arc::new(Breakers::new("hosts", Settings::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..2_000_u32 {
                    hosts.try_acquire(&(number % 100)).unwrap().success();
                }
            });
        }
    });
    assert_eq!(hosts.len(), 100);
    assert!(hosts.iter().all(|member| member.totals().succeeded == 80 && member.totals().admitted == 80));
}

#[test]
fn threads_that_fight_for_places_never_hear_of_each_others_failures() {
    let (hosts, _) = family(Settings::new().consecutive(1), 4);
    std::thread::scope(|scope| {
        let hosts = &hosts;
        for thread in 0..4_u32 {
            scope.spawn(move || {
                for number in 0..3_000_u32 {
                    let key = format!("{thread}-{}", number % 7);
                    // Whatever the key finds, it never finds another's failure.
                    hosts.try_acquire(key.as_str()).expect("nobody ever fails").success();
                }
            });
        }
    });
    assert!(hosts.len() <= 4);
    for member in &hosts {
        let totals = member.totals();
        assert_eq!((totals.failed, totals.in_flight(), member.state()), (0, 0, State::Closed));
    }
}

#[test]
fn who_listens_to_a_key_hears_nothing_of_the_one_that_has_its_place_afterwards() {
    let (hosts, clock) = family(Settings::new().consecutive(1).reset(SECOND), 1);
    let (teller, told) = std::sync::mpsc::channel();
    succeed(&hosts, "a");
    let tell = move |event: &Event| teller.send(event.to_string()).unwrap();
    hosts.get("a").unwrap().listen(Arc::new(tell)).unwrap();
    fail(&hosts, "a");
    clock.advance(SECOND);
    succeed(&hosts, "a");
    succeed(&hosts, "b");
    fail(&hosts, "b");
    // The listener's thread ends with its key, and drops its end of the channel.
    let told: Vec<String> = told.iter().collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|event| event.contains("hosts[a]")), "{told:?}");
}

#[test]
fn a_key_tells_no_classes_of_the_one_that_had_its_place() {
    let (hosts, clock) = family(Settings::new().consecutive(5), 1);
    hosts.try_acquire("a").unwrap().failure_as("refused", &"connection refused");
    clock.advance(2 * IDLE);
    hosts.try_acquire("b").unwrap().failure_as("dns", &"no such host");
    let classes = hosts.get("b").unwrap().snapshot().failures_by_class;
    assert_eq!(classes.iter().map(|one| (one.class, one.count)).collect::<Vec<_>>(), [("dns", 1)]);
}

#[test]
fn jitter_draws_for_each_key() {
    let (hosts, _) = family(Settings::new().consecutive(1).reset(MINUTE).jitter(0.5).jitter_seed(7), 3);
    let delays = ["a", "b", "c"].map(|key| {
        fail(&hosts, key);
        rejected(&hosts, key).retry_after().unwrap()
    });
    assert!(delays[0] != delays[1] && delays[1] != delays[2] && delays[0] != delays[2], "{delays:?}");
}

#[test]
fn a_key_whose_calls_are_not_answered_is_no_quiet_one() {
    let (hosts, _) = family(Settings::new().consecutive(3), 1);
    drop(hosts.try_acquire("a").unwrap());
    succeed(&hosts, "b");
    assert_eq!(keys(&hosts), ["a"]);
    succeed(&hosts, "a");
    succeed(&hosts, "b");
    assert_eq!(keys(&hosts), ["b"]);
}

#[test]
fn a_key_with_a_slow_failure_is_no_quiet_one() {
    let rates = Settings::new().failure_rate(0.9).slow_rate(0.9).slow_call(SECOND).window_calls(10);
    let (hosts, clock) = family(rates, 1);
    let permit = hosts.try_acquire("a").unwrap();
    clock.advance(SECOND);
    permit.failure();
    succeed(&hosts, "b");
    assert_eq!(keys(&hosts), ["a"]);
}

#[test]
fn of_very_many_in_trouble_the_one_quiet_key_is_found() {
    let (hosts, _) = family(Settings::new().consecutive(2), 3_000);
    for number in 0..3_000_u32 {
        let permit = hosts.try_acquire(&number).unwrap();
        if number == 1 { permit.success() } else { permit.failure() }
    }
    for number in 3_000..3_003_u32 {
        hosts.try_acquire(&number).unwrap().success();
        assert!(hosts.get(&number).is_some() && hosts.overflow().is_none(), "{number}");
    }
}

#[test]
fn who_leaves_takes_nobody_along() {
    let (hosts, clock) = family(Settings::new(), 200);
    let call = |key: u32| hosts.try_acquire(&key).unwrap().success();
    (0..200).for_each(call);
    clock.advance(IDLE / 2);
    (100..200).for_each(call);
    clock.advance(IDLE / 2);
    (0..100).for_each(call);
    for key in 0..200_u32 {
        let expected = if key < 100 { 1 } else { 2 };
        assert_eq!(hosts.get(&key).map(|member| member.totals().succeeded), Some(expected), "{key}");
    }
}
