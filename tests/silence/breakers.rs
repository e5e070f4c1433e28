//! Breakers held elsewhere.

use core::time::Duration;
use std::io::Result;
use std::sync::{Arc, LazyLock};

use breaker_runtime::{CircuitBreaker, Settings, circuit_breaker};

static SHARED: CircuitBreaker =
    CircuitBreaker::new("shared", Settings::new().consecutive(3).reset(Duration::from_secs(30)));
static LAZY: LazyLock<CircuitBreaker> = LazyLock::new(|| CircuitBreaker::new("lazy", Settings::new()));

#[circuit_breaker(breaker = SHARED)]
pub(crate) fn by_static() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(breaker = LAZY, timeout = "1s")]
pub(crate) async fn by_lazy() -> Result<u32> {
    core::future::ready(()).await;
    Ok(1)
}

#[circuit_breaker(breaker = breaker)]
pub(crate) fn by_argument(breaker: &Arc<CircuitBreaker>) -> Result<u32> {
    Ok(1)
}

#[derive(Debug)]
pub(crate) struct Client {
    breaker: Arc<CircuitBreaker>,
    calls: u32,
}

impl Client {
    #[circuit_breaker(breaker = self.breaker)]
    pub(crate) fn by_field(&mut self) -> Result<&mut u32> {
        self.calls = self.calls.saturating_add(1);
        Ok(&mut self.calls)
    }

    #[circuit_breaker(breaker = self.breaker())]
    pub(crate) async fn by_method(self: Arc<Self>) -> Result<u32> {
        core::future::ready(()).await;
        Ok(self.calls)
    }

    const fn breaker(&self) -> &Arc<CircuitBreaker> {
        &self.breaker
    }
}
