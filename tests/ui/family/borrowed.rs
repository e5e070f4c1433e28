//! A key that borrows from its argument inside of it cannot be kept.

use std::fmt;
use std::io::Result;

use breaker_runtime::circuit_breaker;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Tenant<'a>(&'a str);

impl fmt::Display for Tenant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[circuit_breaker(key = tenant)]
fn borrowed(tenant: Tenant<'_>) -> Result<u32> {
    Ok(1)
}

fn main() {}
