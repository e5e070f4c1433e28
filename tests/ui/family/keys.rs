//! Keys that cannot tell breakers apart.

use std::cell::Cell;
use std::fmt;
use std::io::Result;
use std::rc::Rc;

use breaker_runtime::circuit_breaker;

#[derive(Clone, PartialEq, Eq, Hash)]
struct NoText;

#[derive(Clone)]
struct NoHash;

impl fmt::Display for NoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no hash")
    }
}

#[derive(PartialEq, Eq, Hash)]
struct NoCopy;

impl fmt::Display for NoCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no copy")
    }
}

struct Order {
    tenant: NoText,
}

#[circuit_breaker(key = order.tenant)]
fn no_text(order: Order) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = &tenant, timeout = "1s")]
async fn no_hash(tenant: NoHash) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = tenant)]
fn no_copy(tenant: &NoCopy) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = weight)]
fn no_equality(weight: f64) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = (host, port))]
fn a_pair(host: &str, port: u16) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = shared)]
fn not_shared(shared: Rc<u32>) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = tenant)]
fn too_little_known<T: fmt::Display + Clone>(tenant: &T) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = tenat)]
fn no_such_name(tenant: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = tenant.parse().unwrap_or_default())]
fn no_type(tenant: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = move_out(order))]
fn taken(order: Order) -> Result<NoText> {
    Ok(order.tenant)
}

fn move_out(_: Order) -> u32 {
    Cell::new(1).get()
}

fn main() {}
