//! The life of a breaker, in a program without async: closed, open, half-open, closed.

use std::time::{Duration, Instant};
use std::{io, thread};

use breaker_runtime::circuit_breaker;

/// Asks a dependency that is down for the first quarter of a second.
#[circuit_breaker(threshold = 3, reset = "200ms")]
fn fetch_price(started: Instant) -> io::Result<f64> {
    if started.elapsed() < Duration::from_millis(250) {
        return Err(io::Error::other("the pricing service is down"));
    }
    Ok(9.99)
}

fn main() {
    let started = Instant::now();
    for _ in 0..9 {
        match fetch_price(started) {
            Ok(price) => println!("price {price}"),
            Err(error) => println!("error: {error}"),
        }
        thread::sleep(Duration::from_millis(50));
    }
    println!("\nThe life of {}:", fetch_price_breaker().name());
    for change in fetch_price_breaker().history() {
        println!("  {change}");
    }
}
