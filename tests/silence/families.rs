//! Functions with a breaker for each key, and with a class for each failure.

use core::fmt::Display;
use core::hash::Hash;
use std::io::{Error, Result};
use std::sync::Arc;

use breaker_runtime::circuit_breaker;

const MOST: u32 = 20;

#[circuit_breaker(key = host)]
pub(crate) fn by_text(host: &str) -> Result<usize> {
    Ok(host.len())
}

/// Nothing but the key uses the argument.
#[circuit_breaker(key = shard, max_keys = MOST, idle = "5m", overflow = "shared")]
pub(crate) fn by_number(shard: u64) -> Result<()> {
    Ok(())
}

#[circuit_breaker(key = host.trim_end(), fallback = cached, fallback_on = "failure")]
pub(crate) fn by_part(host: &str, port: u16) -> Result<u16> {
    host.parse().map_err(Error::other).map(|number: u16| number.saturating_add(port))
}

fn cached(host: &str, port: u16) -> Result<u16> {
    host.is_empty().then_some(port).ok_or_else(|| Error::other("nothing is cached"))
}

#[circuit_breaker(key = format!("{host}:{port}"), fallback = |_| Ok(host))]
pub(crate) fn by_made_text((host, port): (String, u16)) -> Result<String> {
    Ok(host)
}

#[circuit_breaker(key = region, accessor = regions, timeout = "1s")]
pub(crate) async fn by_any<K>(region: K) -> Result<K>
where
    K: Clone + Display + Eq + Hash + Send + Sync + 'static,
{
    core::future::ready(()).await;
    Ok(region)
}

/// The key borrows from what the body and the fallback take.
#[circuit_breaker(key = hosts.first().map_or("none", |host| host.as_str()), fallback = as_they_are, timeout = "1s",
    fallback_on = "failure")]
pub(crate) async fn borrowed(mut hosts: Vec<String>) -> Result<Vec<String>> {
    core::future::ready(()).await;
    hosts.clear();
    Ok(hosts)
}

async fn as_they_are(hosts: Vec<String>) -> Result<Vec<String>> {
    core::future::ready(()).await;
    Ok(hosts)
}

#[circuit_breaker(key = host, fallback = async |_| Ok(3))]
pub(crate) async fn with_a_closure(host: Arc<str>) -> Result<usize> {
    core::future::ready(()).await;
    Ok(host.len())
}

#[derive(Clone, Debug)]
pub(crate) struct Client {
    host: String,
}

impl Client {
    #[circuit_breaker(key = self.host, dependency = "the host", note = "call the host")]
    pub(crate) fn get(&mut self) -> Result<&mut String> {
        Ok(&mut self.host)
    }

    #[circuit_breaker(key = self.host, accessor = false, class = Self::class)]
    pub(crate) async fn end(self) -> Result<String> {
        core::future::ready(()).await;
        Ok(self.host)
    }

    fn class(error: &Error) -> &'static str {
        if error.raw_os_error().is_some() { "system" } else { "other" }
    }
}

pub(crate) trait Api {
    fn host(&self) -> &str;

    #[circuit_breaker(key = self.host())]
    fn provided(&self) -> Result<usize> {
        Ok(self.host().len())
    }
}

impl Api for Client {
    #[circuit_breaker(key = self.host, accessor = false, fallback = |_| "none")]
    fn host(&self) -> &str {
        &self.host
    }
}

#[circuit_breaker(class = |error| error.get_ref().map_or("none", |_| "some"), ignore = error if error.raw_os_error().is_none())]
pub(crate) fn sorted(number: &str) -> Result<u32> {
    number.parse().map_err(Error::other)
}

#[circuit_breaker(class = Client::class, failure_if = |output| output.as_ref().is_ok_and(|answer| *answer > 3))]
pub(crate) async fn sorted_by_path(number: &str) -> Result<u32> {
    core::future::ready(()).await;
    number.parse().map_err(Error::other)
}
