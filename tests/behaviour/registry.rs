//! Every breaker of the process, known from its start.

use std::io;
use std::sync::LazyLock;

use breaker_runtime::registry::NotCreated;
use breaker_runtime::{Breakers, CircuitBreaker, Settings, circuit_breaker, registry};

#[circuit_breaker]
#[expect(dead_code, reason = "listed all the same")]
fn never_called() -> io::Result<()> {
    Ok(())
}

static SHARED: CircuitBreaker = CircuitBreaker::new("registry::shared", Settings::new());

#[circuit_breaker(breaker = SHARED)]
#[expect(dead_code, reason = "listed all the same")]
fn first() -> io::Result<()> {
    Ok(())
}

#[circuit_breaker(breaker = &SHARED)]
#[expect(dead_code, reason = "listed all the same")]
fn second() -> io::Result<()> {
    Ok(())
}

static LAZY: LazyLock<CircuitBreaker> =
    LazyLock::new(|| CircuitBreaker::builder("registry::lazy").build().expect("the defaults are valid"));

#[circuit_breaker(breaker = LAZY)]
fn lazy() -> io::Result<()> {
    Ok(())
}

struct Twins;

impl Twins {
    #[circuit_breaker(name = "registry::twin")]
    #[expect(dead_code, reason = "listed all the same")]
    fn one() -> io::Result<()> {
        Ok(())
    }

    #[circuit_breaker(name = "registry::twin")]
    #[expect(dead_code, reason = "listed all the same")]
    fn other() -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_function_that_nobody_calls_is_listed_with_name_and_place() {
    let breaker = registry::get("behaviour::registry::never_called").expect("must be listed");
    assert!(breaker.location().file().ends_with("registry.rs"), "{}", breaker.location());
    assert_eq!(breaker.location().line(), 9);
    assert!(std::ptr::eq(breaker, never_called_breaker()));
}

#[test]
fn a_shared_breaker_is_listed_once() {
    let count = registry::all().iter().filter(|breaker| breaker.name() == "registry::shared").count();
    assert_eq!(count, 1);
    assert!(std::ptr::eq(first_breaker(), second_breaker()));
}

#[test]
fn a_breaker_made_at_first_use_is_listed_too() {
    assert!(lazy().is_ok());
    assert_eq!(registry::get("registry::lazy").unwrap().totals().admitted, 1);
}

#[test]
fn a_breaker_by_hand_is_listed_once_it_was_added() {
    static BY_HAND: CircuitBreaker = CircuitBreaker::new("registry::by hand", Settings::new());
    assert!(registry::get("registry::by hand").is_none());
    registry::add(&BY_HAND);
    registry::add(&BY_HAND);
    assert_eq!(registry::all().iter().filter(|breaker| breaker.name() == "registry::by hand").count(), 1);
}

#[test]
fn breakers_come_by_name_and_then_by_place() {
    let all = registry::all();
    let keys: Vec<_> = all.iter().map(|breaker| (breaker.name(), breaker.location().line())).collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn equal_names_are_reported_with_their_places_and_nothing_is_merged() {
    assert!(!std::ptr::eq(Twins::one_breaker(), Twins::other_breaker()));
    let shared = registry::check();
    let twin = shared.iter().find(|shared| shared.name == "registry::twin").expect("must be reported");
    let lines: Vec<u32> = twin.locations.iter().map(|location| location.line()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0] < lines[1]);
    assert!(shared.iter().all(|shared| shared.name != "registry::shared"));
}

#[test]
fn a_breaker_whose_making_asks_the_registry_holds_nothing_up() {
    static OTHER: CircuitBreaker = CircuitBreaker::new("registry::made meanwhile", Settings::new());
    static ASKS: LazyLock<CircuitBreaker> = LazyLock::new(|| {
        registry::add(&OTHER);
        CircuitBreaker::builder("registry::asks").build().expect("the defaults are valid")
    });

    #[circuit_breaker(breaker = ASKS)]
    #[expect(dead_code, reason = "listed all the same")]
    fn asks() -> io::Result<()> {
        Ok(())
    }

    assert!(registry::get("registry::asks").is_some());
    assert!(registry::get("registry::made meanwhile").is_some());
}

#[circuit_breaker(name = "registry::family", key = host)]
fn keyed(host: &str) -> io::Result<()> {
    if host.is_empty() { Err(io::ErrorKind::AddrNotAvailable.into()) } else { Ok(()) }
}

static BY_HAND: Breakers = Breakers::new("registry::family by hand", Settings::new());

#[test]
fn families_are_listed_beside_the_breakers_and_not_among_them() {
    let listed = |name: &str| registry::families().iter().filter(|family| family.name() == name).count();
    assert_eq!((listed("registry::family"), listed("registry::family by hand")), (1, 0));
    registry::add_family(&BY_HAND);
    registry::add_family(&BY_HAND);
    assert_eq!(listed("registry::family by hand"), 1);
    keyed("eu").unwrap();
    assert!(std::ptr::eq(keyed_breakers(), registry::families()[0]) || registry::families().len() > 1);
    assert_eq!(keyed_breakers().len(), 1);
    assert!(registry::get("registry::family").is_none());
}

#[test]
fn a_name_has_one_breaker_wherever_it_is_asked_for() {
    let settings = Settings::new().consecutive(3);
    let line = line!() + 1;
    let made = registry::get_or_create("registry::by name", settings).unwrap();
    assert_eq!((made.location().file(), made.location().line()), (file!(), line));
    made.set_settings(settings.consecutive(7)).unwrap();
    let again = registry::get_or_create("registry::by name", settings).unwrap();
    assert!(std::ptr::eq(made, again) && std::ptr::eq(made, registry::get("registry::by name").unwrap()));
    let listed = registry::get_or_create("registry::shared", Settings::new()).unwrap();
    assert!(std::ptr::eq(listed, &raw const SHARED));
}

#[test]
fn a_name_with_other_settings_is_refused_with_both_shown() {
    registry::get_or_create("registry::two settings", Settings::new().consecutive(3)).unwrap();
    let line = line!() - 1;
    let refused = registry::get_or_create("registry::two settings", Settings::new().failure_rate(0.5)).unwrap_err();
    let at = format!("{}:{line}:5", file!());
    assert_eq!(
        refused.to_string(),
        format!(
            "circuit breaker `registry::two settings` at {at} was made with consecutive 3, and is asked for with failure_rate 0.5"
        )
    );
    assert!(matches!(refused, NotCreated::Other(_)));
    let bad = registry::get_or_create("registry::bad", Settings::new().probes(0)).unwrap_err();
    assert_eq!(bad.to_string(), "`probes` must be from 1 to 255");
    assert!(registry::get("registry::bad").is_none());
}

#[test]
fn a_name_that_is_not_one_breakers_is_refused() {
    for name in ["registry::twin", "registry::family"] {
        let refused = registry::get_or_create(name, Settings::new()).unwrap_err();
        let NotCreated::Ambiguous { locations, .. } = &refused else { panic!("{refused}") };
        assert!(!locations.is_empty() && refused.to_string().starts_with(&format!("`{name}` is no single")));
    }
}

#[test]
fn threads_that_ask_for_one_name_get_one_breaker() {
    let get = || std::ptr::from_ref(registry::get_or_create("registry::race", Settings::new()).unwrap()) as usize;
    let found: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(get)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
}
