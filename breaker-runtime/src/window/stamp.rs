//! Counts that carry the number of their epoch in the same word: a count of another epoch is none,
//! so that every epoch starts with none without anybody having to clear anything.
//!
//! ```text
//! bits 44..64  epoch, which wraps at 1,048,576
//! bits  0..44  count
//! ```

use crate::per_thread::Mine;
use crate::sync::AtomicU64;

pub(crate) const EPOCH_AT: u32 = 44;
pub(crate) const COUNT: u64 = (1 << EPOCH_AT) - 1;

/// So many in `epoch`.
pub(crate) fn of(epoch: u64, count: u64) -> u64 {
    epoch << EPOCH_AT | count & COUNT
}

/// What `word` counts in `epoch`.
pub(crate) fn count(word: u64, epoch: u64) -> u64 {
    if word >> EPOCH_AT == epoch { word & COUNT } else { 0 }
}

/// One more in `epoch`; `None` where `word` counts a later one.
pub(crate) fn one_more(word: u64, epoch: u64) -> Option<u64> {
    match word >> EPOCH_AT {
        same if same == epoch => Some(word + 1),
        earlier if is_before(earlier, epoch) => Some(epoch << EPOCH_AT | 1),
        _ => None,
    }
}

/// One more in `epoch`, of a word that only one thread writes: what another epoch left there is over,
/// however long ago that was.
#[inline]
pub(crate) fn one_more_of_mine(word: u64, epoch: u64) -> u64 {
    (epoch << EPOCH_AT) | (count(word, epoch) + 1)
}

/// One more in `epoch`, which whoever adds has just seen to be the present one.
#[inline]
pub(crate) fn add<T>(mine: &Mine<'_, T>, word: &AtomicU64, epoch: u64) {
    if mine.shared {
        mine.change(word, |present| one_more(present, epoch).unwrap_or(present));
    } else {
        mine.change(word, |present| one_more_of_mine(present, epoch));
    }
}

/// Whether `a` comes before `b` among numbers of 20 bits that wrap.
pub(crate) fn is_before(a: u64, b: u64) -> bool {
    a != b && (b.wrapping_sub(a) & 0xf_ffff) < 0x8_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_belongs_to_one_epoch() {
        let two = one_more(one_more(0, 7).unwrap(), 7).unwrap();
        assert_eq!((count(two, 7), count(two, 8), count(two, 6)), (2, 0, 0));
        assert_eq!(one_more(two, 6), None);
        assert_eq!(one_more(two, 8).map(|word| count(word, 8)), Some(1));
        assert_eq!(count(one_more_of_mine(two, 6), 6), 1);
        assert_eq!(count(one_more_of_mine(two, 7), 7), 3);
    }

    #[test]
    fn epochs_wrap() {
        assert!(is_before(0xf_ffff, 0) && !is_before(0, 0xf_ffff) && !is_before(5, 5));
    }
}
