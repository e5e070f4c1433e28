//! Items that are no functions.

use breaker_runtime::circuit_breaker;

#[circuit_breaker(threshold = 3)]
struct Client;

#[circuit_breaker(threshold = 0)]
impl Client {
    fn get(&self) {}
}

#[circuit_breaker]
const LIMIT: u32 = 3;

#[circuit_breaker]
mod prices {}

fn main() {
    Client.get();
}
