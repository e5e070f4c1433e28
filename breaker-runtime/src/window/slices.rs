//! Counts by slices of time, for the last sixteen slices.
//!
//! A slice has its place in a row of sixteen. Each word says which slice of which epoch it counts;
//! one that says another counts none, so nothing has to be cleared when a place is used again.
//!
//! ```text
//! bits 54..64  epoch, its lower ten bits
//! bits 32..54  slice / 16, its lower 22 bits
//! bits  0..32  count
//! ```
//!
//! Epochs and slices repeat in so few bits, so old words are cleared now and then: those of earlier
//! epochs by [`Slices::forget_epochs`], those of earlier slices by [`Slices::forget_slices`], so that
//! none is left when its number comes again. A count stops at 2^32: a slice of a minute would need 70
//! million calls a second on one thread, or on all where they count in one place.

use crate::per_thread::Mine;
use crate::sync::{AtomicU64, Ordering};

const PLACES: usize = 16;
const COUNT: u64 = (1 << 32) - 1;
const EPOCH_AT: u32 = 54;
const EPOCHS: u64 = 0x3ff;
const LAPS: u64 = 0x3f_ffff;

/// What one thread counts. Whole pairs of cache lines, since processors fetch lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Slices<const KINDS: usize>([[AtomicU64; KINDS]; PLACES]);

impl<const KINDS: usize> Default for Slices<KINDS> {
    fn default() -> Self {
        Self([const { [const { AtomicU64::new(0) }; KINDS] }; PLACES])
    }
}

impl<const KINDS: usize> Slices<KINDS> {
    /// One more of this kind in `slice` of `epoch`, which whoever adds has just seen to be the present
    /// one; the slice is not so old that its place is another's. These slices are a part of `mine`.
    #[inline]
    pub(crate) fn add<T>(&self, mine: &Mine<'_, T>, epoch: u64, slice: u64, kind: usize) {
        let tag = tag(epoch, slice);
        mine.change(&self.0[place(slice)][kind], |word| match word & !COUNT {
            other if other != tag && mine.shared && is_newer(other, tag) => word,
            other if other != tag => tag | 1,
            _ if word & COUNT == COUNT => word,
            _ => word + 1,
        });
    }

    /// So many more of this kind, of which nobody knows whose they were.
    pub(crate) fn put<T>(&self, shared: &Mine<'_, T>, epoch: u64, slice: u64, kind: usize, count: u64) {
        let tag = tag(epoch, slice);
        shared.change(&self.0[place(slice)][kind], |word| {
            let present = if word & !COUNT == tag { word & COUNT } else { 0 };
            tag | (present + count).min(COUNT)
        });
    }

    /// Clears what was counted before `epoch`. To be done at least once in 512 changes of state.
    pub(crate) fn forget_epochs<'a>(all: impl Iterator<Item = &'a Self>, epoch: u64) {
        clear(all, |word| (epoch.wrapping_sub(word >> EPOCH_AT) & EPOCHS).wrapping_sub(1) < EPOCHS / 2);
    }

    /// Clears what was counted in slices that have lost their places, when this was done `since` slices
    /// before `slice` last: at least once in 2^20 slices, and after every pause of so many. After one in
    /// which the numbers have come round, all is cleared, whosever it is.
    #[inline]
    pub(crate) fn forget_slices<'a>(all: impl Iterator<Item = &'a Self>, since: u64, slice: u64) {
        if slice.saturating_sub(since) >> 20 != slice >> 20 {
            let lap = slice / PLACES as u64;
            let came_round = since / PLACES as u64 >= LAPS;
            clear(all, |word| came_round || lap.wrapping_sub(word >> 32) & LAPS > 1);
        }
    }

    /// How many of this kind there were from slice `first` to slice `last`, of which no more than
    /// sixteen may be asked for.
    pub(crate) fn sum(&self, epoch: u64, first: u64, last: u64, kind: usize) -> u64 {
        (first..=last)
            .map(|slice| {
                let word = self.0[place(slice)][kind].load(Ordering::Acquire);
                if word & !COUNT == tag(epoch, slice) { word & COUNT } else { 0 }
            })
            .sum()
    }
}

#[cold]
fn clear<'a, const KINDS: usize>(all: impl Iterator<Item = &'a Slices<KINDS>>, is_old: impl Fn(u64) -> bool) {
    for word in all.flat_map(|slices| slices.0.iter().flatten()) {
        // A count that its thread changes meanwhile stays: it belongs to a present slice. After a pause in which the
        // numbers came round, one that has just ended elsewhere may go with the old ones.
        let _ = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| is_old(word).then_some(0));
    }
}

#[inline]
fn place(slice: u64) -> usize {
    usize::try_from(slice % PLACES as u64).unwrap_or(0)
}

#[inline]
fn tag(epoch: u64, slice: u64) -> u64 {
    ((epoch & EPOCHS) << EPOCH_AT) | (((slice / PLACES as u64) & LAPS) << 32)
}

/// Whether `a` is of a later epoch than `b`, or of a later slice of the same one.
fn is_newer(a: u64, b: u64) -> bool {
    let ahead = |a: u64, b: u64, numbers: u64| (a.wrapping_sub(b) & numbers) <= numbers / 2;
    let laps = |tag: u64| tag >> 32;
    if a >> EPOCH_AT == b >> EPOCH_AT {
        ahead(laps(a), laps(b), LAPS)
    } else {
        ahead(a >> EPOCH_AT, b >> EPOCH_AT, EPOCHS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add<const KINDS: usize>(slices: &Slices<KINDS>, epoch: u64, slice: u64, kind: usize) {
        slices.add(&Mine { part: slices, shared: false }, epoch, slice, kind);
    }

    #[test]
    fn a_slice_counts_its_own() {
        let slices = Slices::<2>::default();
        for (slice, kind) in [(0, 0), (0, 0), (0, 1), (1, 0), (15, 0), (16, 0)] {
            add(&slices, 3, slice, kind);
        }
        assert_eq!(slices.sum(3, 0, 0, 0), 0, "its place went to slice 16");
        assert_eq!(slices.sum(3, 0, 0, 1), 1);
        assert_eq!(slices.sum(3, 1, 16, 0), 3);
        assert_eq!(slices.sum(4, 1, 16, 0), 0);
        assert_eq!(slices.sum(3, 17, 16, 0), 0);
    }

    #[test]
    fn a_new_epoch_begins_with_none_within_a_slice() {
        let slices = Slices::<1>::default();
        add(&slices, 1, 7, 0);
        add(&slices, 2, 7, 0);
        assert_eq!((slices.sum(1, 7, 7, 0), slices.sum(2, 7, 7, 0)), (0, 1));
    }

    #[test]
    fn epochs_that_repeat_do_not_bring_back_what_was_forgotten() {
        let slices = Slices::<1>::default();
        add(&slices, 5, 7, 0);
        add(&slices, 300, 8, 0);
        Slices::forget_epochs([&slices].into_iter(), 256);
        assert_eq!((slices.sum(5 + 1_024, 7, 7, 0), slices.sum(300, 8, 8, 0)), (0, 1));
    }

    #[test]
    fn slices_that_repeat_do_not_bring_back_what_was_forgotten() {
        let slices = Slices::<1>::default();
        let (soon, repeated) = (7 + (1 << 25), 7 + (1 << 26));
        add(&slices, 5, 7, 0);
        assert_eq!(slices.sum(5, repeated, repeated, 0), 1, "or there would be nothing to forget");
        Slices::forget_slices([&slices].into_iter(), 1, 9);
        assert_eq!(slices.sum(5, repeated, repeated, 0), 1);
        add(&slices, 5, soon - 1, 0);
        Slices::forget_slices([&slices].into_iter(), soon - 9, soon);
        assert_eq!((slices.sum(5, 7, 7, 0), slices.sum(5, soon - 1, soon - 1, 0)), (0, 1));
        add(&slices, 5, 7, 0);
        Slices::forget_slices([&slices].into_iter(), repeated - 9, repeated);
        assert_eq!(slices.sum(5, repeated, repeated, 0), 0);
    }

    #[test]
    fn shared_slices_go_on_where_laps_and_epochs_come_round() {
        let slices = Slices::<1>::default();
        let add = |epoch, slice| slices.add(&Mine { part: &slices, shared: true }, epoch, slice, 0);
        let round = (LAPS + 1) * PLACES as u64;
        add(1, round - PLACES as u64);
        add(1, round);
        assert_eq!(slices.sum(1, round, round, 0), 1);
        add(1, round - PLACES as u64);
        assert_eq!(slices.sum(1, round, round, 0), 1, "one who comes late");
        add(EPOCHS, 7);
        add(EPOCHS + 1, 7);
        add(EPOCHS, 7);
        assert_eq!((slices.sum(EPOCHS, 7, 7, 0), slices.sum(EPOCHS + 1, 7, 7, 0)), (0, 1));
    }

    #[test]
    fn a_shared_slice_belongs_to_the_latest_epoch_and_the_latest_lap_of_it() {
        let slices = Slices::<1>::default();
        let add = |epoch, slice| slices.add(&Mine { part: &slices, shared: true }, epoch, slice, 0);
        let lap = PLACES as u64;
        add(1, 5 * lap);
        add(1, 2 * lap);
        assert_eq!([2, 5].map(|laps| slices.sum(1, laps * lap, laps * lap, 0)), [0, 1]);
        add(500, 0);
        add(400, 0);
        assert_eq!((slices.sum(1, 5 * lap, 5 * lap, 0), slices.sum(500, 0, 0, 0)), (0, 1));
    }

    #[test]
    fn what_the_window_may_still_hold_is_not_forgotten() {
        let slices = Slices::<1>::default();
        let lap_begins = 1 << 20;
        add(&slices, 5, lap_begins - 1, 0);
        Slices::forget_slices([&slices].into_iter(), 1, lap_begins);
        assert_eq!(slices.sum(5, lap_begins - 9, lap_begins, 0), 1);
    }

    #[test]
    fn a_full_count_stays_full() {
        let slices = Slices::<1>::default();
        add(&slices, 1, 7, 0);
        slices.0[7][0].store(tag(1, 7) | COUNT, Ordering::Release);
        add(&slices, 1, 7, 0);
        assert_eq!(slices.sum(1, 7, 7, 0), COUNT);
    }
}
