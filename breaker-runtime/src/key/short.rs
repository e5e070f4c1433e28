//! Keys that are short texts or numbers, as a few words: where the words are equal, the keys are.
//!
//! The words are the bytes that a key gives to be hashed, and a number for its type. What a type is borrowed as is
//! hashed as the type itself is (which `Borrow` demands), so it has the same words.

use std::any::{Any, TypeId};
use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;

use super::Key;

const BYTES: usize = 8 * Short::WORDS;
/// Where the number of the type stands; before it is what was hashed, then zeros.
const KIND: usize = BYTES - 1;
const KIND_AT: u32 = u64::BITS - 8;
/// The standard library puts this byte, which is in no text, behind a text that is hashed.
const END_OF_TEXT: u8 = 0xff;

/// A short key. Its last word holds the number of its type, which is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short([u64; Short::WORDS - 1], NonZeroU64);

impl Short {
    pub(crate) const WORDS: usize = 4;
    /// The longest text, in bytes.
    #[cfg(test)]
    pub(crate) const LONGEST: usize = KIND - 1;

    /// The words of a key, if it is one that has some.
    #[inline]
    pub(crate) fn of<K: Key + ?Sized>(key: &K) -> Option<Self> {
        let kind = kind::<K::Owned>()?;
        let [first, second, third, last] = hashed(key)?;
        Self::of_words([first, second, third, last | u64::from(kind) << KIND_AT])
    }

    /// The same of a key that is to be kept. How the standard library hashes is no promise; so this looks whether the
    /// words say all of the key.
    pub(super) fn of_kept<K: Key + ?Sized>(key: &K, owned: &K::Owned) -> Option<Self> {
        Self::of(key).filter(|short| is_all_of(short.bytes(), owned))
    }

    /// The key with these words, if there is one.
    #[inline]
    pub(crate) fn of_words([first, second, third, last]: [u64; Self::WORDS]) -> Option<Self> {
        Some(Self([first, second, third], NonZeroU64::new(last)?))
    }

    #[inline]
    pub(crate) fn words(&self) -> [u64; Self::WORDS] {
        let [first, second, third] = self.0;
        [first, second, third, self.1.get()]
    }

    pub(super) fn text(&self) -> String {
        let bytes = self.bytes();
        text(bytes[KIND], &bytes[..KIND])
    }

    fn bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        for (place, word) in bytes.chunks_exact_mut(8).zip(self.words()) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// What a key gives to be hashed, if there is room for it.
#[inline]
fn hashed<K: Hash + ?Sized>(key: &K) -> Option<[u64; Short::WORDS]> {
    let mut hashed = Hashed { words: [0; Short::WORDS], length: 0 };
    key.hash(&mut hashed);
    (hashed.length <= KIND).then_some(hashed.words)
}

/// Bytes, the first one lowest in the first word. Made a word at a time: a processor waits where it writes bytes and
/// reads words.
struct Hashed {
    words: [u64; Short::WORDS],
    length: usize,
}

impl Hashed {
    #[inline]
    fn push(&mut self, byte: u8) {
        if let Some(word) = self.words.get_mut(self.length / 8) {
            *word |= u64::from(byte) << (self.length % 8 * 8);
        }
        self.length = self.length.saturating_add(1);
    }
}

impl Hasher for Hashed {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let length = self.length.saturating_add(bytes.len());
        if length > KIND {
            self.length = length;
            return;
        }
        if self.length > 0 {
            return bytes.iter().for_each(|byte| self.push(*byte));
        }
        for (word, bytes) in self.words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = word_of(bytes);
        }
        self.words[bytes.len() / 8] = rest_of(bytes);
        self.length = bytes.len();
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.push(byte);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[inline]
fn word_of(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// The bytes behind the last whole word.
#[inline]
fn rest_of(bytes: &[u8]) -> u64 {
    let rest = bytes.len() % 8;
    match bytes.last_chunk::<8>() {
        _ if rest == 0 => 0,
        // With bytes of the word before, which are put out.
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The bytes of a text, without those that end it.
fn text_in(hashed: &[u8]) -> &[u8] {
    let end = hashed.iter().position(|byte| *byte == END_OF_TEXT);
    &hashed[..end.unwrap_or(0)]
}

const TEXT: u8 = 1;

/// The types of numbers that are kept as words, each with a number of its own.
macro_rules! numbers {
    ($($kind:literal: $type:ty),*) => {
        /// The number of a type; never zero, so that words are never all zero.
        #[inline]
        fn kind<T: Any>() -> Option<u8> {
            let this = TypeId::of::<T>();
            if this == TypeId::of::<String>() {
                return Some(TEXT);
            }
            $(if this == TypeId::of::<$type>() {
                return Some($kind);
            })*
            None
        }

        fn is_all_of(bytes: [u8; BYTES], key: &dyn Any) -> bool {
            if let Some(text) = key.downcast_ref::<String>() {
                return bytes.strip_prefix(text.as_bytes()).is_some_and(|rest| rest.starts_with(&[END_OF_TEXT]));
            }
            $(if let Some(number) = key.downcast_ref::<$type>() {
                return bytes.starts_with(&number.to_ne_bytes());
            })*
            false
        }

        fn text(kind: u8, hashed: &[u8]) -> String {
            match kind {
                $($kind => {
                    let mut bytes = [0; size_of::<$type>()];
                    bytes.copy_from_slice(&hashed[..size_of::<$type>()]);
                    <$type>::from_ne_bytes(bytes).to_string()
                })*
                _ => String::from_utf8_lossy(text_in(hashed)).into_owned(),
            }
        }
    };
}

numbers! {
    2: u8, 3: u16, 4: u32, 5: u64, 6: u128, 7: usize, 8: i8, 9: i16, 10: i32, 11: i64, 12: i128, 13: isize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_lengths_are_told_apart() {
        let texts: Vec<String> =
            (0..=2 * BYTES).map(|length| "ä".repeat(length / 2) + &"x".repeat(length % 2)).collect();
        for one in &texts {
            let short = Short::of_kept(one.as_str(), one);
            assert_eq!(short.is_some(), one.len() <= Short::LONGEST, "{one}");
            assert_eq!(short.is_some(), Short::of(one).is_some(), "{one}");
            let Some(short) = short else { continue };
            assert_eq!(short.text(), *one);
            for other in texts.iter().map(String::as_str).chain(["\0", "x\0", "\0\0x"]) {
                assert_eq!(Some(short) == Short::of(other), one == other, "{one} {other}");
            }
        }
    }

    #[test]
    fn numbers_are_told_apart_and_from_those_of_other_types() {
        macro_rules! sevens {
            ($($type:ty),*) => { [$(Short::of_kept::<$type>(&7, &7)),*] };
        }
        let sevens = sevens!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);
        let others = [
            Short::of_kept(&8_u64, &8),
            Short::of_kept(&-7_i128, &-7),
            Short::of_kept(&u128::MAX, &u128::MAX),
            Short::of_kept("7", &"7".to_owned()),
            Short::of_kept("", &String::new()),
        ];
        let all: Vec<_> = sevens.into_iter().chain(others).collect();
        for (at, one) in all.iter().enumerate() {
            assert!(one.is_some());
            assert_eq!(all.iter().position(|other| other == one), Some(at));
        }
        let texts: Vec<_> = all.iter().flatten().map(Short::text).collect();
        assert_eq!(texts[..12], ["7"; 12]);
        assert_eq!(texts[12..], ["8", "-7", &u128::MAX.to_string(), "7", ""]);
    }

    #[test]
    fn other_types_have_no_words() {
        assert_eq!((Short::of(&'x'), Short::of(&true)), (None, None));
    }

    #[test]
    fn what_is_hashed_in_parts_has_the_words_of_the_whole() {
        struct Host(&'static str);
        impl Hash for Host {
            fn hash<H: Hasher>(&self, state: &mut H) {
                let (first, rest) = self.0.as_bytes().split_at(self.0.len() / 2);
                state.write(first);
                state.write(rest);
                state.write_u8(0xff);
            }
        }
        assert_eq!(hashed(&Host("db.example")), hashed("db.example"));
        assert_ne!(hashed(&Host("db.examples")), hashed("db.example"));
    }

    #[test]
    fn words_that_do_not_say_all_are_not_kept() {
        let short = Short::of("eu").expect("it is short");
        assert!(is_all_of(short.bytes(), &"eu".to_owned()));
        for other in ["", "e", "eu.", "us"] {
            assert!(!is_all_of(short.bytes(), &other.to_owned()), "{other}");
        }
        let short = Short::of(&7_u64).expect("it is short");
        assert!(is_all_of(short.bytes(), &7_u64) && !is_all_of(short.bytes(), &8_u64));
    }
}
