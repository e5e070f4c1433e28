//! What tells the breakers of a family apart.

mod short;

use std::any::Any;
use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) use short::Short;

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

/// A key of a type that is forgotten, with its hash.
pub(crate) struct StoredKey {
    pub(crate) hash: u64,
    /// Which one of the keys that its slot has had, one after another.
    pub(crate) tenancy: u64,
    key: Kept,
}

enum Kept {
    Short(Short),
    Any(Box<dyn AnyKey>),
}

impl StoredKey {
    pub(crate) fn new<K: Key + ?Sized>(key: &K, hash: u64, tenancy: u64) -> Self {
        let owned = key.to_owned();
        let key = match Short::of_kept(key, &owned) {
            Some(short) => Kept::Short(short),
            None => Kept::Any(Box::new(owned)),
        };
        Self { hash, tenancy, key }
    }

    pub(crate) fn is<K: Key + ?Sized>(&self, key: &K, hash: u64) -> bool {
        self.hash == hash
            && match &self.key {
                Kept::Short(short) => Short::of(key).as_ref() == Some(short),
                Kept::Any(kept) => {
                    (**kept).as_any().downcast_ref::<K::Owned>().is_some_and(|kept| kept.borrow() == key)
                }
            }
    }

    /// Its words, if it is one that has some.
    pub(crate) fn short(&self) -> Option<Short> {
        match &self.key {
            Kept::Short(short) => Some(*short),
            Kept::Any(_) => None,
        }
    }

    /// The text, cut like those of errors.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let key: &dyn fmt::Display = match &self.key {
            Kept::Short(short) => &short.text(),
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
    use std::hash::Hasher;

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
    fn a_short_key_is_one_allocation_of_64_bytes_and_a_long_one_is_found_too() {
        assert!(size_of::<StoredKey>() + 2 * size_of::<usize>() <= 64);
        let long = "x".repeat(Short::LONGEST + 1);
        let kept = StoredKey::new(long.as_str(), 7, 0);
        assert!(kept.short().is_none() && StoredKey::new(&long[1..], 7, 0).short().is_some());
        assert!(kept.is(&long, 7) && !kept.is(&long[1..], 7) && !kept.is("x", 7));
        assert_eq!(kept.text(), long);
    }

    #[test]
    fn a_key_whose_hash_does_not_say_all_of_it_is_kept_as_it_is() {
        // It is hashed as no `String` is, which `Borrow` forbids.
        #[derive(PartialEq, Eq)]
        struct Host;
        impl Hash for Host {
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_u8(2);
            }
        }
        impl fmt::Display for Host {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("eu")
            }
        }
        impl ToOwned for Host {
            type Owned = String;
            fn to_owned(&self) -> String {
                self.to_string()
            }
        }
        impl Borrow<Host> for String {
            fn borrow(&self) -> &Host {
                &Host
            }
        }
        assert!(Short::of(&Host).is_some());
        let kept = StoredKey::new(&Host, 7, 0);
        assert!(kept.short().is_none() && kept.is(&Host, 7));
        assert_eq!(kept.text(), "eu");
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
