//! A configuration is put in force: whose word counts, all or nothing, and who hears of it.

use std::time::Duration;

use breaker_runtime::config::Config;
use breaker_runtime::{
    Breakers, CircuitBreaker, CircuitBreakerError, Event, Mode, Origin, Permit, Reason, Settings, circuit_breaker,
    registry,
};

use super::{Ears, breaker, turn};

const SECOND: Duration = Duration::from_secs(1);

fn apply(text: &str) -> Result<String, String> {
    let config = Config::parse("test.toml", text).map_err(|refused| refused.to_string())?;
    registry::apply(&config).map(|applied| applied.to_string()).map_err(|refused| refused.to_string())
}

#[circuit_breaker(name = "apply::annotated", threshold = 3, reset = "60s")]
fn annotated() -> Result<(), CircuitBreakerError> {
    Ok(())
}

#[test]
fn the_strongest_that_says_something_of_a_key_wins_and_the_rest_stays_as_the_attribute_has_it() {
    let _turn = turn();
    let mine = annotated_breaker();
    let made_with = mine.settings();
    let other = breaker("apply::other", Settings::new());
    apply(
        r#"
        [defaults]
        reset = "10s"
        probes = 2
        backoff = 2.0
        jitter = 0.1
        [breaker."apply::a*"]
        probes = 4
        backoff = 4.0
        jitter = 0.4
        [breaker."apply::*"]
        probes = 3
        backoff = 3.0
        [breaker."apply::annotated"]
        backoff = 5.0
        "#,
    )
    .unwrap();
    assert!(annotated().is_ok());
    assert_eq!(mine.settings(), made_with.reset(10 * SECOND).probes(4).backoff(5.0).jitter(0.4));
    assert_eq!(other.settings(), Settings::new().reset(10 * SECOND).probes(3).backoff(3.0).jitter(0.1));
    // What nobody says any more is as it was made.
    apply("[defaults]\nprobes = 2").unwrap();
    assert_eq!(mine.settings(), made_with.probes(2));
    apply("[defaults]").unwrap();
    assert_eq!((mine.settings(), other.settings()), (made_with, Settings::new()));
}

#[test]
fn threshold_is_the_short_word_here_too() {
    let _turn = turn();
    let streak = breaker("apply::streak", Settings::new().consecutive(5));
    let counted = breaker("apply::counted", Settings::new().failures(5).window(30 * SECOND));
    let rated = breaker("apply::rated", Settings::new().failure_rate(0.5));
    apply("[defaults]\nthreshold = 9").unwrap();
    assert_eq!(streak.settings(), Settings::new().consecutive(9));
    assert_eq!(counted.settings(), Settings::new().failures(9).window(30 * SECOND));
    assert_eq!(rated.settings(), Settings::new().failure_rate(0.5), "it has no meaning there");
    assert_eq!(
        apply("[breaker.\"apply::rated\"]\nthreshold = 9").unwrap_err(),
        "test.toml:2:13: [breaker.\"apply::rated\"] `threshold` has no clear meaning beside a rate: write `consecutive` for \
         failures in a row, or `failures` for failures within `window`"
    );
    assert!(apply("[defaults]\nthreshold = 9\nconsecutive = 8").unwrap_err().contains("keep only one of them"));
    // A window that several share makes no other rule of it.
    apply("[defaults]\nthreshold = 9\nwindow = '30s'").unwrap();
    assert_eq!(
        (streak.settings(), counted.settings()),
        (Settings::new().consecutive(9), Settings::new().failures(9).window(30 * SECOND))
    );
    // What something stronger takes back stays so.
    apply("[defaults]\nthreshold = 9\n[breaker.\"apply::streak\"]\nconsecutive = 'none'").unwrap();
    assert_eq!(streak.settings(), Settings::new());
    // It takes the place of what the code's short word meant, be it the other one.
    apply("[breaker.\"apply::streak\"]\nthreshold = 9\nwindow = '10s'").unwrap();
    assert_eq!(streak.settings(), Settings::new().failures(9).window(10 * SECOND));
    apply("[breaker.\"apply::counted\"]\nthreshold = 9\nwindow = 'none'").unwrap();
    assert_eq!(counted.settings(), Settings::new().consecutive(9));
    // The exact word is stronger where it stands in a stronger place, and weaker in a weaker one.
    apply("[defaults]\nthreshold = 9\n[breaker.\"apply::streak\"]\nconsecutive = 7").unwrap();
    assert_eq!(streak.settings(), Settings::new().consecutive(7));
    apply("[defaults]\nconsecutive = 9\n[breaker.\"apply::streak\"]\nthreshold = 7").unwrap();
    assert_eq!(streak.settings(), Settings::new().consecutive(7));
    apply("[breaker.\"apply::streak\"]\nfailures = 7\nwindow = 20\nconsecutive = 'none'").unwrap();
    assert_eq!(streak.settings(), Settings::new().failures(7).window_calls(20));
    apply("[defaults]").unwrap();
}

#[test]
fn what_several_breakers_share_is_taken_by_those_that_have_use_for_it() {
    let _turn = turn();
    let streak = breaker("apply::without", Settings::new().consecutive(5));
    let rated = breaker("apply::with", Settings::new().failure_rate(0.5));
    let slow = breaker("apply::slow", Settings::new().slow_rate(0.5).slow_call(SECOND));
    apply("[defaults]\nwindow = '10s'\nmin_calls = 50\nslow_call = '2s'").unwrap();
    assert_eq!(streak.settings(), Settings::new().consecutive(5));
    assert_eq!(rated.settings(), Settings::new().failure_rate(0.5).window(10 * SECOND).min_calls(50));
    assert_eq!(slow.settings(), Settings::new().slow_rate(0.5).slow_call(2 * SECOND).window(10 * SECOND).min_calls(50));
    // Of one breaker alone it is a mistake.
    assert_eq!(
        apply("[breaker.\"apply::without\"]\nmin_calls = 50").unwrap_err(),
        "test.toml:2:13: [breaker.\"apply::without\"] `min_calls` needs `failure_rate` or `slow_rate`"
    );
    apply("[defaults]").unwrap();
}

#[test]
fn several_breakers_change_together_or_not_at_all() {
    let _turn = turn();
    let (one, two) = (breaker("apply::one", Settings::new()), breaker("apply::two", Settings::new().failure_rate(0.5)));
    let ears = Ears::new();
    let text =
        "[breaker.\"apply::*\"]\nreset = '7s'\nmode = 'disabled'\n[breaker.\"apply::two\"]\nwindow = 5\nmin_calls = 9";
    let refused = apply(text).unwrap_err();
    assert_eq!(
        refused,
        "test.toml:6:13: [breaker.\"apply::two\"] `min_calls` must not be more than the `window` holds"
    );
    assert_eq!((one.revision(), one.mode(), two.mode()), (1, Mode::Automatic, Mode::Automatic));
    assert_eq!(ears.refused(), refused);
    assert!(breaker_runtime::prometheus::text().contains("\ncircuit_breaker_config_refused 1\n"));
    for breaker in [one, two] {
        let told = breaker.snapshot().config_refused.expect("it was refused");
        assert_eq!((told.to_string(), told.problems()[0].line()), (refused.clone(), Some(6)));
    }
    apply(&text.replace("min_calls = 9", "min_calls = 5")).unwrap();
    assert_eq!((one.mode(), two.mode()), (Mode::Disabled, Mode::Disabled));
    assert!(one.snapshot().config_refused.is_none());
    assert!(breaker_runtime::prometheus::text().contains("\ncircuit_breaker_config_refused 0\n"));
    apply("[defaults]").unwrap();
    assert_eq!(
        (one.mode(), two.mode(), two.settings()),
        (Mode::Automatic, Mode::Automatic, Settings::new().failure_rate(0.5))
    );
}

#[test]
fn every_change_is_told_with_its_revision_its_origin_and_what_it_was_before() {
    let _turn = turn();
    let breaker = breaker("apply::audited", Settings::new());
    let before = breaker.history().len();
    apply("[breaker.\"apply::audited\"]\nconsecutive = 9\nmode = 'metrics_only'").unwrap();
    let told: Vec<String> = breaker.history()[before..].iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "settings revision 2 by test.toml: consecutive (5) → 9",
            "closed → closed: mode set from automatic to metrics only by test.toml",
        ]
    );
    let change = &breaker.history()[before];
    let Reason::SettingsSet(set) = &change.reason else { panic!("{change}") };
    assert_eq!((set.revision, &set.origin), (2, &Origin::from("test.toml")));
    assert_eq!((set.before, set.after), (Settings::new(), Settings::new().consecutive(9)));
    assert_eq!(breaker.snapshot().origin, Origin::from("test.toml"));
    assert_eq!(breaker.rollback(), Some(3));
    assert_eq!(breaker.settings(), Settings::new());
    apply("[defaults]").unwrap();
    assert_eq!((breaker.revision(), breaker.mode()), (3, Mode::Automatic));
}

#[test]
fn what_a_person_changes_stays_until_somebody_writes_something_else() {
    let _turn = turn();
    let (mine, other) = (breaker("apply::by_hand", Settings::new()), breaker("apply::elsewhere", Settings::new()));
    apply("[breaker.\"apply::by_hand\"]\nreset = '5s'\nmode = 'disabled'").unwrap();
    mine.set_settings_by(mine.settings().reset(9 * SECOND), "Ann").unwrap();
    mine.set_mode_by(Mode::ForcedOpen, "Ann");
    apply("[breaker.\"apply::by_hand\"]\nreset = '5s'\nmode = 'disabled'\n[breaker.\"apply::elsewhere\"]\nprobes = 2")
        .unwrap();
    assert_eq!((mine.settings().to_string(), mine.mode()), ("reset 9s".to_owned(), Mode::ForcedOpen));
    assert_eq!(other.settings(), Settings::new().probes(2));
    apply("[breaker.\"apply::by_hand\"]\nreset = '6s'\nmode = 'disabled'").unwrap();
    assert_eq!((mine.settings().to_string(), mine.mode()), ("reset 6s".to_owned(), Mode::ForcedOpen));
    apply("[defaults]").unwrap();
    assert_eq!((mine.settings(), mine.mode()), (Settings::new(), Mode::Automatic));
}

#[test]
fn a_name_that_no_breaker_has_does_not_pass_in_silence() {
    let _turn = turn();
    breaker("apply::payments", Settings::new());
    assert_eq!(
        apply("[breaker.\"apply::paymets\"]\nreset = '5s'\n[breaker.\"nowhere::*\"]\n[breaker.zzzzzzzzzzzz]").unwrap(),
        "test.toml: 0 breakers changed; test.toml:1:10: [breaker.\"apply::paymets\"] is no breaker's name: did you mean \
         `apply::payments`?; test.toml:3:10: [breaker.\"nowhere::*\"] matches no breaker; test.toml:4:10: \
         [breaker.zzzzzzzzzzzz] is no breaker's name"
    );
    // It takes part as soon as it is there.
    let late = breaker("apply::paymets", Settings::new());
    assert_eq!(late.settings(), Settings::new().reset(5 * SECOND));
    apply("[defaults]").unwrap();
}

#[test]
fn a_late_breaker_that_does_not_fit_is_told_and_left_as_it_is() {
    let _turn = turn();
    apply("[breaker.\"apply::late\"]\nmin_calls = 5").unwrap();
    let ears = Ears::new();
    let late = breaker("apply::late", Settings::new());
    assert_eq!((late.settings(), late.revision()), (Settings::new(), 1));
    assert!(ears.refused().contains("`min_calls` needs `failure_rate` or `slow_rate`"));
    assert!(late.snapshot().config_refused.is_some());
    apply("[defaults]").unwrap();
    assert!(late.snapshot().config_refused.is_none());
}

#[test]
fn an_exact_name_that_two_have_is_refused() {
    static ONE: CircuitBreaker = CircuitBreaker::new("apply::twins", Settings::new());
    static OTHER: CircuitBreaker = CircuitBreaker::new("apply::twins", Settings::new());
    let _turn = turn();
    registry::add(&ONE);
    registry::add(&OTHER);
    let refused = apply("[breaker.\"apply::twins\"]\nprobes = 3").unwrap_err();
    assert!(
        refused.starts_with("test.toml:1:10: [breaker.\"apply::twins\"] means 2 breakers: `apply::twins` at "),
        "{refused}"
    );
    assert!(refused.ends_with("or write a pattern with `*` for all of them"), "{refused}");
    assert_eq!((ONE.revision(), OTHER.revision()), (1, 1));
    apply("[breaker.\"apply::twins*\"]\nprobes = 3").unwrap();
    assert_eq!((ONE.settings(), OTHER.settings()), (Settings::new().probes(3), Settings::new().probes(3)));
    apply("[defaults]").unwrap();
}

#[test]
fn a_family_changes_as_a_whole_with_the_keys_that_come_later() {
    static HOSTS: Breakers = Breakers::new("apply::hosts", Settings::new().consecutive(3)).max_keys(2);
    let _turn = turn();
    registry::add_family(&HOSTS);
    let call = |host: &str| HOSTS.try_acquire(host).map(Permit::success).is_ok();
    assert!(call("a"));
    apply("[breaker.\"apply::hosts\"]\nconsecutive = 9\nmode = 'forced_open'").unwrap();
    assert_eq!((HOSTS.settings().to_string(), HOSTS.mode()), ("consecutive 9".to_owned(), Mode::ForcedOpen));
    assert!(!call("a") && !call("b") && !call("c") && !call("d"), "those without a place, too");
    let text: Vec<String> = HOSTS.history().iter().map(ToString::to_string).collect();
    assert_eq!(
        text[..2],
        [
            "settings revision 2 by test.toml: consecutive 3 → 9",
            "closed → closed: mode set from automatic to forced open by test.toml",
        ]
    );
    apply("[breaker.\"apply::hosts\"]\nmode = 'metrics_only'").unwrap();
    assert!(call("a") && call("b") && call("c") && call("d"));
    let modes: Vec<Mode> = HOSTS.iter().map(|host| host.mode()).collect();
    assert!(modes.iter().all(|mode| *mode == Mode::MetricsOnly) && modes.len() == 2, "{modes:?}");
    apply("[defaults]").unwrap();
    assert!(call("a") && HOSTS.iter().all(|host| host.mode() == Mode::Automatic));
    assert_eq!((HOSTS.settings(), HOSTS.mode()), (Settings::new().consecutive(3), Mode::Automatic));
}

#[test]
fn those_who_are_told_while_one_is_applied_cannot_begin_another() {
    use tracing_subscriber::layer::SubscriberExt;

    /// Applies one whenever it is told something.
    struct Meddler(std::sync::mpsc::Sender<String>);
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Meddler {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            if event.metadata().target() == "breaker_runtime::change" {
                let _ = self.0.send(apply("[defaults]").unwrap_err());
                // What it lists meanwhile has its turn afterwards.
                breaker("apply::meddled", Settings::new());
            }
        }
    }
    let _turn = turn();
    breaker("apply::watched", Settings::new());
    let (told, heard) = std::sync::mpsc::channel();
    let subscriber = tracing_subscriber::registry().with(Meddler(told));
    tracing::subscriber::with_default(subscriber, || apply("[breaker.\"apply::*\"]\nprobes = 7").unwrap());
    assert!(
        heard.recv().unwrap().contains("cannot be applied by what is told of a change while another one is applied")
    );
    assert_eq!(registry::get("apply::meddled").unwrap().settings(), Settings::new().probes(7));
    apply("[defaults]").unwrap();
}

#[test]
fn what_becomes_of_configurations_is_json_too() {
    let _turn = turn();
    let breaker = breaker("apply::json", Settings::new());
    let ears = Ears::new();
    apply("[breaker.\"apply::json\"]\nprobes = 3\n[breaker.\"apply::jsn\"]").unwrap();
    let taken = ears.wait(|event| matches!(event, Event::Configured(_)).then(|| serde_json::to_value(event).unwrap()));
    assert_eq!(
        taken,
        serde_json::json!({
            "configured": "test.toml", "changed": ["apply::json"], "unknown": [{
                "line": 3, "column": 10, "variable": null, "table": "[breaker.\"apply::jsn\"]", "key": null,
                "text": "[breaker.\"apply::jsn\"] is no breaker's name: did you mean `apply::json`?",
            }],
        })
    );
    apply("[defaults]\nprobes = 2\nsuccesses = 3").unwrap_err();
    let refused =
        ears.wait(|event| matches!(event, Event::ConfigRefused(_)).then(|| serde_json::to_value(event).unwrap()));
    let shown = serde_json::to_value(breaker.snapshot()).unwrap();
    assert_eq!(shown["config_refused"], refused["config_refused"]);
    assert_eq!(
        (&shown["config_refused"]["origin"], &shown["config_refused"]["problems"][0]["line"]),
        (&"test.toml".into(), &3.into())
    );
    apply("[defaults]").unwrap();
}

#[test]
fn of_two_ways_to_decide_about_probes_the_stronger_one_holds() {
    let _turn = turn();
    let counted = breaker("apply::successes", Settings::new().probes(3).successes(2));
    apply("[defaults]\nprobe_failure_rate = 0.5").unwrap();
    assert_eq!(counted.settings(), Settings::new().probes(3).probe_failure_rate(0.5));
    apply("[defaults]\nprobe_failure_rate = 0.5\n[breaker.\"apply::successes\"]\nsuccesses = 3").unwrap();
    assert_eq!(counted.settings(), Settings::new().probes(3).successes(3));
    apply("[breaker.\"apply::successes\"]\nsuccesses = 3\nprobe_failure_rate = 0.5").unwrap_err();
    // What several share, where it cannot be.
    apply("[defaults]\nsuccesses = 2").unwrap();
    assert_eq!(counted.settings(), Settings::new().probes(3).successes(2));
    apply("[defaults]\nprobes = 2\nsuccesses = 3").unwrap_err();
}

#[test]
fn a_message_says_what_the_code_has_where_that_is_the_other_half() {
    let _turn = turn();
    breaker("apply::half", Settings::new().failure_rate(0.5).window_calls(10));
    assert_eq!(
        apply("[breaker.\"apply::half\"]\nmin_calls = 50").unwrap_err(),
        "test.toml:2:13: [breaker.\"apply::half\"] `min_calls` must not be more than the `window` holds (it was made with \
         failure_rate 0.5, window 10)"
    );
    let refused = Config::parse("test.toml", "[defaults]\njitter = 3").unwrap_err();
    let problem = &refused.problems()[0];
    assert_eq!((problem.table(), problem.key()), (Some("[defaults]"), Some("jitter")));
}

#[test]
fn no_more_is_told_than_anybody_reads() {
    let _turn = turn();
    let text = (0..5_000).fold("[defaults]\n".to_owned(), |text, n| text + "key" + &n.to_string() + " = 1\n");
    let refused = Config::parse("test.toml", &text).unwrap_err();
    assert_eq!(refused.problems().len(), 20);
    assert!(refused.to_string().ends_with("; and 4980 more") && refused.to_string().len() < 10_000);
    let unknown = (0..5_000).fold(String::new(), |text, n| text + "[breaker.nobody" + &n.to_string() + "]\n");
    let applied = registry::apply(&Config::parse("test.toml", &unknown).unwrap()).unwrap();
    assert!(applied.unknown().len() <= 100 && applied.to_string().len() < 10_000);
}

#[test]
fn breakers_that_are_listed_meanwhile_have_their_settings_in_the_end() {
    let _turn = turn();
    let config = |probes: u32| Config::parse("f", &format!("[breaker.\"race::*\"]\nprobes = {probes}")).unwrap();
    std::thread::scope(|scope| {
        let lists = |of: u32| {
            move || {
                for n in 0..200 {
                    breaker(&format!("race::{of}::{n}"), Settings::new());
                }
            }
        };
        let listing = [1, 2].map(|of| scope.spawn(lists(of)));
        for round in 0..100 {
            registry::apply(&config(round % 7 + 2)).unwrap();
        }
        for thread in listing {
            thread.join().unwrap();
        }
    });
    let probes = 99 % 7 + 2;
    for breaker in registry::all().into_iter().filter(|breaker| breaker.name().starts_with("race::")) {
        assert_eq!(breaker.settings(), Settings::new().probes(probes), "{}", breaker.name());
    }
}

static BESIDE: CircuitBreaker = CircuitBreaker::new("apply::beside_lazy", Settings::new());
static LAZY: std::sync::LazyLock<CircuitBreaker> = std::sync::LazyLock::new(|| {
    registry::add(&BESIDE);
    CircuitBreaker::builder("apply::lazy").build().unwrap()
});

#[circuit_breaker(breaker = LAZY)]
fn on_a_lazy_one() -> Result<(), CircuitBreakerError> {
    Ok(())
}

#[test]
fn a_breaker_that_lists_another_when_it_is_made_at_its_first_use_gets_its_settings_and_so_does_the_other() {
    let _turn = turn();
    apply("[breaker.\"apply::*lazy\"]\nprobes = 4").unwrap();
    assert!(on_a_lazy_one().is_ok());
    assert_eq!((LAZY.settings(), BESIDE.settings()), (Settings::new().probes(4), Settings::new().probes(4)));
}

#[test]
fn a_subscriber_that_panics_leaves_no_half_of_a_configuration() {
    use tracing_subscriber::layer::SubscriberExt;

    static FAMILY: Breakers = Breakers::new("apply::panics of a family", Settings::new());

    struct Panics;
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Panics {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            assert!(event.metadata().target() != "breaker_runtime::change", "a fault of the subscriber");
        }
    }
    let _turn = turn();
    let all = ["apply::panics1", "apply::panics2", "apply::panics3"].map(|name| breaker(name, Settings::new()));
    registry::add_family(&FAMILY);
    for key in 0..5_u32 {
        FAMILY.try_acquire(&key).unwrap().success();
    }
    let subscriber = tracing_subscriber::registry().with(Panics);
    let panicked = tracing::subscriber::with_default(subscriber, || {
        std::panic::catch_unwind(|| apply("[breaker.\"apply::panics*\"]\nprobes = 3\nmode = 'forced_open'"))
    });
    assert!(panicked.is_err());
    assert!(all.iter().all(|breaker| breaker.settings() == Settings::new().probes(3)));
    assert!(all.iter().all(|breaker| breaker.mode() == Mode::ForcedOpen));
    assert_eq!((FAMILY.mode(), FAMILY.settings()), (Mode::ForcedOpen, Settings::new().probes(3)));
    assert!(FAMILY.iter().all(|key| key.mode() == Mode::ForcedOpen && key.settings() == Settings::new().probes(3)));
    apply("[breaker.\"apply::panics*\"]\nprobes = 4").unwrap();
    assert!(all.iter().all(|breaker| breaker.settings() == Settings::new().probes(4)));
}

#[test]
fn the_last_of_several_who_set_a_familys_mode_at_once_is_that_of_all_its_keys() {
    static BUSY: Breakers = Breakers::new("apply::busy", Settings::new());
    for key in 0..20_u32 {
        BUSY.try_acquire(&key).unwrap().success();
    }
    for _ in 0..200 {
        std::thread::scope(|scope| {
            for mode in [Mode::Disabled, Mode::MetricsOnly, Mode::Automatic] {
                scope.spawn(move || BUSY.set_mode(mode));
            }
        });
        let mode = BUSY.mode();
        assert!(BUSY.iter().all(|key| key.mode() == mode), "{mode}");
    }
}

#[test]
fn a_late_breaker_is_refused_for_its_own_name_alone() {
    static ONE: CircuitBreaker = CircuitBreaker::new("apply::late_twins", Settings::new());
    static OTHER: CircuitBreaker = CircuitBreaker::new("apply::late_twins", Settings::new());
    let _turn = turn();
    apply("[breaker.\"apply::late_twins\"]\nprobes = 3\n[breaker.\"apply::late_alone\"]\nprobes = 4").unwrap();
    registry::add(&ONE);
    assert_eq!(ONE.settings(), Settings::new().probes(3));
    registry::add(&OTHER);
    assert_eq!(OTHER.settings(), Settings::new(), "nobody knows which is meant");
    assert_eq!(breaker("apply::late_alone", Settings::new()).settings(), Settings::new().probes(4));
}

#[test]
fn the_mode_of_a_family_is_that_of_its_overflow_at_once() {
    static FULL: Breakers = Breakers::new("apply::full", Settings::new().consecutive(1)).max_keys(1);
    FULL.try_acquire("a").unwrap().failure();
    FULL.try_acquire("b").unwrap().success();
    assert_eq!(FULL.overflow().unwrap().mode, Mode::MetricsOnly);
    FULL.set_mode(Mode::ForcedOpen);
    assert_eq!(FULL.overflow().unwrap().mode, Mode::ForcedOpen);
    FULL.set_mode(Mode::Automatic);
    assert_eq!(FULL.overflow().unwrap().mode, Mode::MetricsOnly);
}

#[circuit_breaker(name = "apply::again", timeout = "10s", total_timeout = "60s", retry(attempts = 3, backoff = "1s"))]
async fn again() -> Result<(), CircuitBreakerError> {
    Ok(())
}

#[test]
fn what_is_said_of_attempts_is_for_those_who_make_them() {
    let _turn = turn();
    let (mine, made_with) = (again_breaker(), again_breaker().settings());
    let other = breaker("apply::once", Settings::new().timeout(10 * SECOND));
    let said = "retry_attempts = 1\nretry_max = \"1500ms\"\nretry_factor = 3\nretry_jitter = true";
    apply(&format!("[defaults]\ntotal_timeout = \"30s\"\n{said}")).unwrap();
    let expected = made_with.total_timeout(30 * SECOND).retry_attempts(1).retry_max(3 * SECOND / 2);
    assert_eq!(mine.settings(), expected.retry_factor(3.0).retry_jitter(true));
    assert_eq!(other.settings(), Settings::new().timeout(10 * SECOND).retry_factor(3.0).retry_jitter(true));
    // Shorter than the time limit of one that has none for all attempts, and than the wait of one that does not wait.
    apply("[defaults]\nretry_backoff = \"5ms\"\nretry_max = \"50ms\"\n[breaker.\"apply::o*\"]\ntotal_timeout = \"5s\"")
        .unwrap();
    assert_eq!(other.settings(), Settings::new().timeout(10 * SECOND));
    // Who makes them by this very configuration waits as it says.
    apply("[breaker.\"apply::o*\"]\nretry_attempts = 3\nretry_backoff = \"1s\"\nretry_max = \"4s\"").unwrap();
    let waits = Settings::new().timeout(10 * SECOND).retry_attempts(3).retry_backoff(SECOND).retry_max(4 * SECOND);
    assert_eq!(other.settings(), waits);
    let refused = apply("[defaults]\ntotal_timeout = \"5s\"").unwrap_err();
    assert!(
        refused.contains("for the breaker `apply::again`, `total_timeout` must not be shorter than `timeout`"),
        "{refused}"
    );
    apply("[breaker.\"apply::again\"]\ntotal_timeout = \"none\"\nretry_max = \"none\"").unwrap();
    assert_eq!(mine.settings().to_string(), "timeout 10s, retry_attempts 3, retry_backoff 1s");
    apply("[defaults]").unwrap();
    assert_eq!(mine.settings(), made_with);
    drop(again());
}
