//! Fallbacks whose signature drifted away from the function's.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(fallback = too_few)]
fn number_of_arguments(sku: &str, _pieces: u32) -> Result<u32> {
    sku.parse().map_err(std::io::Error::other)
}

fn too_few(_: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = owned)]
fn type_of_an_argument(sku: &str) -> Result<u32> {
    sku.parse().map_err(std::io::Error::other)
}

fn owned(_: String) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = plain)]
fn type_of_the_answer(sku: &str) -> Result<u32> {
    sku.parse().map_err(std::io::Error::other)
}

fn plain(_: &str) -> u32 {
    1
}

struct Client;

impl Client {
    #[circuit_breaker(fallback = Self::without_self)]
    fn method(&self, sku: &str) -> Result<u32> {
        sku.parse().map_err(std::io::Error::other)
    }

    fn without_self(_: &str) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
