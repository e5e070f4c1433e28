//! Methods, in impl blocks and in traits.

use core::pin::Pin;
use std::io::{Error, Result};
use std::sync::Arc;

use breaker_runtime::circuit_breaker;

#[derive(Clone, Debug)]
pub(crate) struct Client<T> {
    items: Vec<T>,
}

impl<T: Clone + Send + Sync> Client<T> {
    #[circuit_breaker(fallback = Self::new)]
    pub(crate) fn made() -> Self {
        Self { items: Vec::new() }
    }

    const fn new() -> Self {
        Self { items: Vec::new() }
    }

    #[circuit_breaker(fallback = Self::first)]
    pub(crate) fn shared(&self) -> Option<&T> {
        self.items.last()
    }

    fn first(&self) -> Option<&T> {
        self.items.first()
    }

    #[circuit_breaker]
    pub(crate) fn mutable(&mut self) -> Result<&mut T> {
        self.items.last_mut().ok_or_else(|| Error::other("empty"))
    }

    #[circuit_breaker(fallback = |_| Vec::new())]
    pub(crate) fn owned(mut self) -> Vec<T> {
        self.items.clear();
        self.items
    }

    #[circuit_breaker(fallback = Self::of_all, fallback_on = "failure")]
    pub(crate) async fn counted(self: Arc<Self>) -> Result<usize> {
        core::future::ready(()).await;
        Ok(self.items.len())
    }

    async fn of_all(self: Arc<Self>) -> Result<usize> {
        core::future::ready(()).await;
        Ok(self.items.capacity())
    }

    async fn cached(&self, pair: (u32, u32)) -> Result<u32> {
        core::future::ready(()).await;
        Ok(pair.0)
    }

    #[circuit_breaker]
    pub(crate) async fn pinned(self: Pin<&mut Self>, more: &[T]) -> Result<usize> {
        core::future::ready(()).await;
        Ok(self.items.len().saturating_add(more.len()))
    }
}

pub(crate) trait Api {
    fn required(&self) -> Result<u32>;

    #[circuit_breaker]
    fn provided(&self) -> Result<u32> {
        self.required()
    }
}

impl<T> Api for Client<T> {
    #[circuit_breaker(accessor = false)]
    fn required(&self) -> Result<u32> {
        Ok(1)
    }
}

pub(crate) trait Native {
    async fn get(&self, sku: &str) -> Result<u32>;
}

impl<T: Sync> Native for Client<T> {
    #[circuit_breaker(accessor = false, timeout = "1s")]
    async fn get(&self, sku: &str) -> Result<u32> {
        core::future::ready(()).await;
        sku.parse().map_err(Error::other)
    }
}

#[async_trait::async_trait]
pub(crate) trait Boxed: Sync {
    async fn get(&self, pair: (u32, u32)) -> Result<u32>;

    #[circuit_breaker(threshold = 3)]
    async fn twice(&self) -> Result<u32> {
        let first = self.get((1, 2)).await?;
        self.get((first, 4)).await
    }
}

#[async_trait::async_trait]
impl<T: Clone + Send + Sync> Boxed for Client<T> {
    #[circuit_breaker(accessor = false, fallback = Self::cached)]
    async fn get(&self, (left, right): (u32, u32)) -> Result<u32> {
        core::future::ready(()).await;
        Ok(left.saturating_add(right))
    }
}
