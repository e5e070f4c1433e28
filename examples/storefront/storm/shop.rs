//! Three ways to ask for a price.

use std::sync::Arc;
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Mode, Settings, circuit_breaker};
use tokio::time::{error::Elapsed, timeout};

use super::service::{Refused, Service};
use crate::clock::RunClock;
use crate::crowd::Customer;
use crate::measure::{Log, Outcome, Page, Visit};
use crate::pricing::Price;
use crate::shop::Source;

#[derive(Debug, thiserror::Error)]
enum NoPrice {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    TooLate(#[from] Elapsed),
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

/// How long each call may take.
const LIMIT: Duration = Duration::from_millis(500);
/// What the breaker does, where it is at work.
const POLICY: Settings = Settings::new().consecutive(5).reset(Duration::from_secs(1));

async fn ask_once(service: &Service) -> Result<Price, NoPrice> {
    Ok(timeout(LIMIT, service.price()).await??)
}

/// One function for both, with and without the breaker, so that they differ in nothing else.
#[circuit_breaker(breaker = breaker, timeout = LIMIT, retry(attempts = 3, backoff = "100ms", jitter))]
async fn ask_again(service: &Service, breaker: &'static CircuitBreaker) -> Result<Price, NoPrice> {
    Ok(service.price().await?)
}

/// A shop before a pricing service of its own.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) service: Service,
    /// Of a shop that asks again.
    breaker: Option<&'static CircuitBreaker>,
    clock: RunClock,
    log: Log,
}

impl Shop {
    pub(super) fn without_retries(clock: RunClock) -> Arc<Self> {
        Self::new(clock, None)
    }

    /// The breaker is switched off, so that it only counts.
    pub(super) fn with_retries_alone(clock: RunClock) -> Arc<Self> {
        static DISABLED: CircuitBreaker = CircuitBreaker::new("pricing, retries alone", POLICY);
        DISABLED.set_mode(Mode::Disabled);
        Self::new(clock, Some(&DISABLED))
    }

    pub(super) fn with_breaker_inside(clock: RunClock) -> Arc<Self> {
        static AT_WORK: CircuitBreaker = CircuitBreaker::new("pricing, breaker inside", POLICY);
        Self::new(clock, Some(&AT_WORK))
    }

    fn new(clock: RunClock, breaker: Option<&'static CircuitBreaker>) -> Arc<Self> {
        Arc::new(Self { service: Service::new(clock), breaker, clock, log: Log::default() })
    }

    pub(super) async fn serve(&self, customer: Customer) {
        let answer = match self.breaker {
            None => ask_once(&self.service).await,
            Some(breaker) => ask_again(&self.service, breaker).await,
        };
        let outcome = match answer {
            Ok(Price { version, .. }) => Outcome::Price { source: Source::Live, version },
            Err(_) => Outcome::Failed,
        };
        let waited = self.clock.elapsed().saturating_sub(customer.arrives);
        self.log.push(Visit { arrived: customer.arrives, waited, page: Page::Price, outcome });
    }

    pub(super) fn visits(&self) -> Vec<Visit> {
        self.log.all()
    }
}
