//! A default as fallback, and none: a shelf may show bestsellers to everybody; that a card was charged may not be made up.
//!
//! `cargo run --bin default_answer`

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use breaker_runtime::{CircuitBreakerError, Mode, State, Totals, circuit_breaker};

static DOWN: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU32 = AtomicU32::new(0);

/// The service that both functions ask.
fn ask() -> Result<(), ShopError> {
    CALLS.fetch_add(1, Ordering::Relaxed);
    if DOWN.load(Ordering::Relaxed) { Err(ShopError::Down) } else { Ok(()) }
}

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("the service is down")]
    Down,
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

#[derive(Debug, PartialEq)]
struct Shelf {
    /// Says to the customer which of the two it is.
    heading: String,
    titles: [&'static str; 2],
}

#[circuit_breaker(threshold = 3, fallback = bestsellers, fallback_on = "failure", note = "shelves show bestsellers")]
fn recommend(customer: &str) -> Result<Shelf, ShopError> {
    ask()?;
    Ok(Shelf { heading: format!("For you, {customer}"), titles: ["Middlemarch", "Silas Marner"] })
}

/// From constants: it cannot fail, and waits for nothing.
#[expect(clippy::unnecessary_wraps, reason = "a fallback has the signature of its function")]
fn bestsellers(_customer: &str) -> Result<Shelf, ShopError> {
    Ok(Shelf { heading: "Bestsellers".to_owned(), titles: ["Emma", "Dracula"] })
}

/// No fallback: the customer must know that nothing was paid, and the shop that nothing may be sent.
#[circuit_breaker(threshold = 3, note = "nobody can pay")]
fn charge(customer: &str, cents: u32) -> Result<String, ShopError> {
    ask()?;
    Ok(format!("{customer} has paid {cents} cents"))
}

fn main() -> Result<(), ShopError> {
    let shelf = |customer| recommend(customer).inspect(|shelf| println!("  {}: {:?}", shelf.heading, shelf.titles));
    let default = bestsellers("")?;

    println!("all is well:");
    assert_eq!(shelf("Ann")?.heading, "For you, Ann");
    println!("  {}", charge("Ann", 999)?);

    println!("a drill, before it is needed: the breaker is forced open, and back");
    recommend_breaker().set_mode(Mode::ForcedOpen);
    assert_eq!(shelf("Ann")?, default);
    recommend_breaker().set_mode(Mode::Automatic);
    assert_eq!(shelf("Ann")?.heading, "For you, Ann");

    println!("the service is down; nobody who looks at a shelf hears of it:");
    DOWN.store(true, Ordering::Relaxed);
    let calls = CALLS.load(Ordering::Relaxed);
    for _ in 0..5 {
        assert_eq!(shelf("Ann")?, default);
    }
    let calls = CALLS.load(Ordering::Relaxed) - calls;
    println!("  it was asked {calls} times for 5 shelves");
    assert_eq!((calls, recommend_breaker().state()), (3, State::Open));

    println!("whoever pays does:");
    for number in 1..=4 {
        let error = charge("Ann", 999).expect_err("nothing answers in the place of a payment");
        println!("  {error}");
        assert_eq!(matches!(error, ShopError::Unavailable(_)), number > 3);
    }

    let Totals { fallbacks_run, fallbacks_answered, fallbacks_failed, .. } = recommend_breaker().totals();
    println!("\nfallbacks: {fallbacks_run} run, {fallbacks_answered} answered, {fallbacks_failed} failed");
    assert_eq!((fallbacks_run, fallbacks_answered, fallbacks_failed), (6, 6, 0));
    assert_eq!(charge_breaker().totals().fallbacks_run, 0);
    Ok(())
}
