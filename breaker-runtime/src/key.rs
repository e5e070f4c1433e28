//! What tells the breakers of a family apart.

use std::any::{Any, TypeId};
use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::outcome::Quote;

/// A key of a [family](crate::Breakers): anything that has a hash, an equality and a text, and can be
/// kept. Borrowed forms find what owned ones keep: a family that is asked with `&str` keeps `String`.
///
/// Implemented for all types that can be; there is nothing to write.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key of circuit breakers",
    label = "no key",
    note = "a key implements `Hash`, `Eq`, `Display` and `Clone` (or `ToOwned`), and what is kept of it is `Send`, `Sync` and `'static`"
)]
pub trait Key: Hash + Eq + fmt::Display + ToOwned<Owned: Any + Send + Sync + fmt::Display> {}

impl<K> Key for K where K: Hash + Eq + fmt::Display + ToOwned<Owned: Any + Send + Sync + fmt::Display> + ?Sized {}

/// The longest text that is kept beside its hash: with it, and the counts of its `Arc`, that makes 64 bytes.
const SHORT: usize = 30;

/// A key of a type that is forgotten, with its hash.
pub(crate) struct StoredKey {
    pub(crate) hash: u64,
    /// Which one of the keys that its slot has had, one after another.
    pub(crate) tenancy: u64,
    key: Kept,
}

enum Kept {
    /// A `String` that is short, where whoever compares the hash has it at hand: one cache line, not three.
    Short {
        bytes: [u8; SHORT],
        length: u8,
    },
    Any(Box<dyn AnyKey>),
}

impl Kept {
    fn new<T: Any + fmt::Display + Send + Sync>(key: T) -> Self {
        if let Some(text) = (&key as &dyn Any).downcast_ref::<String>() {
            let mut bytes = [0; SHORT];
            if let (Some(room), Ok(length)) = (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
                room.copy_from_slice(text.as_bytes());
                // That texts end with that byte is no promise of the standard library's.
                if Same::is(text, text.as_bytes()) {
                    return Self::Short { bytes, length };
                }
            }
        }
        Self::Any(Box::new(key))
    }
}

impl StoredKey {
    pub(crate) fn new<K: Key + ?Sized>(key: &K, hash: u64, tenancy: u64) -> Self {
        Self { hash, tenancy, key: Kept::new(key.to_owned()) }
    }

    #[inline]
    pub(crate) fn is<K: Key + ?Sized>(&self, key: &K, hash: u64) -> bool {
        self.hash == hash
            && match &self.key {
                Kept::Short { bytes, length } => {
                    TypeId::of::<K::Owned>() == TypeId::of::<String>() && Same::is(key, &bytes[..usize::from(*length)])
                }
                Kept::Any(kept) => {
                    (**kept).as_any().downcast_ref::<K::Owned>().is_some_and(|kept| kept.borrow() == key)
                }
            }
    }

    /// The text, cut like those of errors.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let key: &dyn fmt::Display = match &self.key {
            Kept::Short { bytes, length } => &String::from_utf8_lossy(&bytes[..usize::from(*length)]),
            Kept::Any(key) => key,
        };
        // A panic of the text is no concern of the call that changes a state; nor is one of its payload.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| Quote::Display(key).write_to(&mut text))) {
            mem::forget(payload);
            Quote::Plain("a key whose text panicked").write_to(&mut text);
        }
        text
    }
}

/// Compares what a key gives to be hashed with a text. What a `String` can be borrowed as is hashed as its `str` is
/// (which `Borrow` demands): the text, and a byte that is in no text. So no other key gives the same bytes.
struct Same<'a> {
    /// What is still to come of the text.
    rest: &'a [u8],
    same: bool,
}

impl<'a> Same<'a> {
    #[inline]
    fn is<K: Hash + ?Sized>(key: &K, text: &'a [u8]) -> bool {
        let mut this = Self { rest: text, same: true };
        key.hash(&mut this);
        this.same && this.rest.is_empty()
    }
}

impl Hasher for Same<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        match self.rest.strip_prefix(bytes) {
            Some(rest) => self.rest = rest,
            None => self.same = false,
        }
    }

    /// What ends a text.
    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.same &= byte == 0xff && self.rest.is_empty();
    }

    fn finish(&self) -> u64 {
        0
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoredKey").field(&self.text()).finish()
    }
}

trait AnyKey: fmt::Display + Send + Sync {
    fn as_any(&self) -> &dyn Any;
}

impl<T: Any + fmt::Display + Send + Sync> AnyKey for T {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_borrowed_form_and_by_no_other_type() {
        let kept = StoredKey::new("eu", 7, 0);
        assert!(kept.is("eu", 7) && kept.is(&String::from("eu"), 7));
        assert!(!kept.is("us", 7) && !kept.is("eu", 8));
        let number = StoredKey::new(&7_u32, 7, 0);
        assert!(number.is(&7_u32, 7) && !number.is(&7_u64, 7) && !number.is("7", 7));
        assert_eq!((kept.text(), number.text()), ("eu".into(), "7".into()));
    }

    #[test]
    fn texts_of_all_lengths_are_told_apart() {
        assert!(size_of::<StoredKey>() <= 48, "one allocation of 64 bytes, with the counts");
        let texts: Vec<String> =
            (0..=2 * SHORT).map(|length| "ä".repeat(length / 2) + &"x".repeat(length % 2)).collect();
        for one in &texts {
            let kept = StoredKey::new(one.as_str(), 7, 0);
            assert_eq!(kept.text(), *one);
            assert_eq!(matches!(kept.key, Kept::Short { .. }), one.len() <= SHORT);
            for other in &texts {
                assert_eq!(kept.is(other.as_str(), 7), one == other, "{one} {other}");
            }
            assert!(!kept.is(&format!("{one}y"), 7) && !kept.is(&format!("y{one}"), 7));
        }
    }

    #[test]
    fn what_a_string_is_borrowed_as_finds_it() {
        // A text in another type; it gives its text to hashes in two parts.
        #[derive(PartialEq, Eq)]
        #[repr(transparent)]
        struct Host(String);
        impl Hash for Host {
            fn hash<H: Hasher>(&self, state: &mut H) {
                let (first, rest) = self.0.as_bytes().split_at(self.0.len() / 2);
                state.write(first);
                state.write(rest);
                state.write_u8(0xff);
            }
        }
        assert!(Same::is(&Host("db.example".into()), b"db.example"));
        assert!(!Same::is(&Host("db.example".into()), b"db.examples"));
        assert!(!Same::is(&Host("db.example".into()), b"db.exampl"));
    }

    #[test]
    fn a_text_that_panics_or_does_not_end_harms_nobody() {
        #[derive(Clone, PartialEq, Eq, Hash)]
        struct Hostile(bool);
        impl fmt::Display for Hostile {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                assert!(self.0, "hostile");
                (0..1_000).try_for_each(|_| f.write_str("long "))
            }
        }
        assert_eq!(StoredKey::new(&Hostile(false), 0, 0).text(), "a key whose text panicked");
        assert!(StoredKey::new(&Hostile(true), 0, 0).text().len() <= 200);
    }
}
