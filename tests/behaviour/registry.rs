//! Every breaker of the process, known from its start.

use std::io;
use std::sync::LazyLock;

use breaker_runtime::{CircuitBreaker, Settings, circuit_breaker, registry};

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
    assert_eq!(breaker.location().line(), 8);
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
