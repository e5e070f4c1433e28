//! Which protected function this is: what its breaker and its accessor recognise each other by.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use proc_macro2::TokenStream;

/// A hash of the item, and how many equal items this compilation saw before it.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    pub(crate) item: u64,
    pub(crate) nth: u32,
}

static SEEN: Mutex<Option<HashMap<u64, u32>>> = Mutex::new(None);

/// Line numbers and a running count would change whenever something is inserted above; the text of the function does not.
pub(crate) fn next(item: &TokenStream) -> Site {
    let item = hash(item.to_string().as_bytes());
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let next = seen.get_or_insert_default().entry(item).or_insert(0);
    let nth = *next;
    *next = next.wrapping_add(1);
    Site { item, nth }
}

/// FNV-1a, which gives the same number on every machine and in every build.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn equal_items_are_numbered() {
        let item: TokenStream = "fn only_in_this_test() {}".parse().expect("tokens");
        let other: TokenStream = "fn also_only_in_this_test() {}".parse().expect("tokens");
        let [first, second, third] = [next(&item), next(&other), next(&item)];
        assert_eq!((first.nth, second.nth, third.nth), (0, 0, 1));
        assert!(first.item == third.item && first.item != second.item);
    }
}
