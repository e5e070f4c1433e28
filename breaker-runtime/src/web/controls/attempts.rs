//! How often somebody may try: a circuit breaker for each address, of which a refused attempt is a failure.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::super::problem::{problem, whole_seconds};
use crate::breaker::{CircuitBreaker, Permit};
use crate::error::CircuitBreakerError;
use crate::keyed::Breakers;
use crate::policy::{OnCancel, Settings};

/// So many refused attempts within the time are enough, and so long nobody is heard then.
const REFUSED: u32 = 10;
const WITHIN: Duration = Duration::from_secs(60);
const SETTINGS: Settings =
    Settings::new().failures(REFUSED).window(WITHIN).reset(WITHIN).on_cancel(OnCancel::Ignore).failure_samples(0);
/// In the place of an address.
const NOT_KNOWN: &str = "unknown";

/// The attempts of all addresses.
#[derive(Debug)]
pub(super) struct Attempts(Breakers);

/// One that is under way.
#[must_use]
pub(super) struct Attempt<'a>(Permit<&'a CircuitBreaker>);

impl Attempts {
    pub(super) const fn new() -> Self {
        // Where thousands try at once, new addresses share one breaker: it is better that nobody new comes in than all.
        Self(Breakers::new("attempts to change circuit breakers", SETTINGS).max_keys(1_000).overflow_shared())
    }

    /// One more attempt from there, or the answer that there were too many.
    pub(super) fn begin(&self, peer: Option<IpAddr>) -> Result<Attempt<'_>, CircuitBreakerError> {
        let from = peer.map_or_else(|| NOT_KNOWN.to_owned(), |peer| network(peer).to_string());
        self.0.try_acquire(from.as_str()).map(Attempt)
    }
}

impl Attempt<'_> {
    pub(super) fn authorised(self) {
        self.0.success();
    }

    /// By an answer with this status, and whether that counts: where the one who should have decided could not, nobody was
    /// refused.
    pub(super) fn refused(self, status: StatusCode) -> bool {
        let counts = !status.is_server_error();
        if counts {
            self.0.failure();
        } else {
            self.0.ignore();
        }
        counts
    }
}

/// The answer to an attempt that is one too many.
pub(super) fn too_many(rejected: &CircuitBreakerError) -> Response {
    let wait = whole_seconds(rejected.retry_after().unwrap_or_default());
    let text = format!("too many attempts from there were refused: try again in {wait} s");
    let mut response = problem(StatusCode::TOO_MANY_REQUESTS, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
    response
}

/// What one party has: of IPv6 not one address, but the 64 bits of a network.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn attempts() -> (Attempts, ManualClock) {
        let clock = ManualClock::new();
        (Attempts(Attempts::new().0.clock(&clock)), clock)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn refuse(attempts: &Attempts, peer: Option<IpAddr>) {
        assert!(attempts.begin(peer).unwrap().refused(StatusCode::UNAUTHORIZED));
    }

    #[test]
    fn the_eleventh_is_one_too_many_until_a_minute_later() {
        let (attempts, clock) = attempts();
        let here = Some(address("192.0.2.1"));
        for _ in 0..10 {
            attempts.begin(here).unwrap().authorised();
            refuse(&attempts, here);
        }
        let answer = too_many(&attempts.begin(here).err().unwrap());
        assert_eq!((answer.status().as_u16(), &answer.headers()[RETRY_AFTER]), (429, &HeaderValue::from(60)));
        attempts.begin(Some(address("192.0.2.2"))).unwrap().authorised();
        clock.advance(Duration::from_millis(59_999));
        assert!(attempts.begin(here).is_err());
        clock.advance(Duration::from_millis(1));
        refuse(&attempts, here);
        assert!(attempts.begin(here).is_err(), "one that is refused again costs another minute");
        clock.advance(WITHIN);
        attempts.begin(here).unwrap().authorised();
        for _ in 0..10 {
            refuse(&attempts, here);
        }
        assert!(attempts.begin(here).is_err());
    }

    #[test]
    fn refusals_are_forgotten_after_a_minute_and_others_do_not_count() {
        let (attempts, clock) = attempts();
        for _ in 0..3 {
            for _ in 0..9 {
                refuse(&attempts, None);
            }
            for _ in 0..20 {
                assert!(!attempts.begin(None).unwrap().refused(StatusCode::BAD_GATEWAY));
                drop(attempts.begin(None).unwrap());
            }
            clock.advance(2 * WITHIN);
        }
        attempts.begin(None).unwrap().authorised();
    }

    #[test]
    fn a_network_is_one_party() {
        let (attempts, _clock) = attempts();
        for last in 0..10 {
            refuse(&attempts, Some(address(&format!("2001:db8::{last}:1"))));
        }
        assert!(attempts.begin(Some(address("2001:db8::ffff"))).is_err());
        assert!(attempts.begin(Some(address("2001:db8:0:1::1"))).is_ok());
        assert_eq!(network(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }

    #[test]
    fn of_thousands_those_who_come_later_share_one() {
        let (attempts, _clock) = attempts();
        for number in 0..1_010_u32 {
            refuse(&attempts, Some(IpAddr::from(number.to_be_bytes())));
        }
        assert!(attempts.begin(Some(address("192.0.2.1"))).is_err());
    }
}
