//! A library that is linked beside the build of itself for its own tests.

use std::io;

use breaker_runtime::circuit_breaker;

/// Fetches.
#[allow(deprecated, reason = "a test opens at one failure, which the attribute warns services of")]
#[circuit_breaker(threshold = 1)]
pub fn fetch(ok: bool) -> io::Result<()> {
    if ok { Ok(()) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
}

#[cfg(test)]
mod tests {
    use breaker_runtime::State;

    #[test]
    fn the_accessor_is_that_of_this_instance() {
        assert!(helper::prod());
        assert!(super::fetch(false).is_err());
        assert_eq!(super::fetch_breaker().state(), State::Open);
        assert!(helper::prod(), "the other instance has a breaker of its own");
    }
}
