//! A program that links a library, calls nothing of it, and knows its breakers all the same.

#![forbid(unsafe_code)]
#![deny(warnings)]

use breaker_runtime::registry;
use library as _;

fn main() {
    let names: Vec<_> = registry::all().iter().map(|breaker| breaker.name()).collect();
    assert_eq!(names, ["library::get", "library::inner::hidden", "library::inner::read", "library::shared"]);
    assert_eq!(registry::check(), []);
    assert!(std::ptr::eq(library::inner::read_breaker(), registry::get("library::inner::read").unwrap()));
    assert!(std::ptr::eq(library::Client::<()>::get_breaker(), library::Client::<u8>::get_breaker()));
    println!("as promised");
}
