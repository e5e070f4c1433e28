//! What the calls of a lap are given: orders that succeed or fail, and keys.

use std::sync::LazyLock;

use crate::work::FAILS;

/// The inputs of calls, by their numbers.
pub(crate) trait Feed: Copy + Send + Sync + 'static {
    type Input;

    /// The input of the i-th call of a lap.
    fn at(self, i: u64) -> Self::Input;

    /// The input of a single call.
    fn one(self, key: u64, order: u64) -> Self::Input;
}

/// No key; every call succeeds, or all but one of ten.
#[derive(Clone, Copy)]
pub(crate) struct Orders {
    pub(crate) tenth_fails: bool,
}

impl Feed for Orders {
    type Input = u64;

    #[inline]
    fn at(self, i: u64) -> u64 {
        if self.tenth_fails && i % 10 == 9 { FAILS } else { i }
    }

    #[inline]
    fn one(self, _: u64, order: u64) -> u64 {
        order
    }
}

/// Every call succeeds; its key is one of so many numbers.
#[derive(Clone, Copy)]
pub(crate) struct Numbers(pub(crate) u64);

impl Feed for Numbers {
    type Input = (u64, u64);

    #[inline]
    fn at(self, i: u64) -> (u64, u64) {
        (scattered(i, self.0), i)
    }

    fn one(self, key: u64, order: u64) -> (u64, u64) {
        (key, order)
    }
}

/// Every call succeeds; its key is one of these texts.
#[derive(Clone, Copy)]
pub(crate) struct Texts(&'static [String]);

impl Texts {
    pub(crate) fn new(keys: u64) -> Self {
        static ALL: LazyLock<Vec<String>> =
            LazyLock::new(|| (0..100_000).map(|key| format!("shard-{key:06}.example")).collect());
        Self(&ALL[..index(keys)])
    }
}

impl Feed for Texts {
    type Input = (&'static str, u64);

    #[inline]
    fn at(self, i: u64) -> (&'static str, u64) {
        (&self.0[index(scattered(i, self.0.len() as u64))], i)
    }

    fn one(self, key: u64, order: u64) -> (&'static str, u64) {
        (&self.0[index(key)], order)
    }
}

fn index(key: u64) -> usize {
    usize::try_from(key).expect("a key is an index")
}

/// A number below `keys`, each as often as the others, in no order that a cache could guess.
#[inline]
fn scattered(i: u64, keys: u64) -> u64 {
    // The high half of a product with the golden ratio runs evenly through its range.
    ((i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) * keys) >> 32
}
