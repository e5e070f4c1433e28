//! The last k calls of one epoch that succeeded or failed.
//!
//! Every such call has a place in their order: how many there were up to it. A success only adds to
//! its own thread's count, which stands with the totals; a failure, or a slow call, works out its place
//! from the sum of all counts and keeps it in a ring. The n-th most recent failure is among the last k
//! calls where its place is less than k behind the newest one. So a success writes nothing that another
//! thread writes too, and the window is exact for calls of which one had ended before the other did.
//!
//! What counts successes is asked as `successes`: how many the present epoch has had.

use once_cell::race::OnceBox;

use super::ring::Ring;
use super::{WindowCounts, stamp};
use crate::sync::{AtomicU64, Ordering};

/// So many failures may be held up at one moment: between their place and their number, or their number and their mark.
pub(crate) const HELD_UP: u64 = 16;

#[derive(Debug, Default)]
pub(crate) struct CallWindow {
    failures: OnceBox<Ring>,
    slow: OnceBox<Ring>,
    /// The calls of an epoch before the window began, of which nobody knows how they ended: a
    /// [`stamp`], as the next one is.
    before: AtomicU64,
    /// The failures of an epoch that have no number in the ring.
    unnumbered: AtomicU64,
    /// Up to which number failures of an epoch cannot trip; see [`harmless`].
    harmless: AtomicU64,
}

impl CallWindow {
    pub(crate) const fn new() -> Self {
        Self {
            failures: OnceBox::new(),
            slow: OnceBox::new(),
            before: AtomicU64::new(0),
            unnumbered: AtomicU64::new(0),
            harmless: AtomicU64::new(0),
        }
    }

    /// A window that begins now, in the course of `epoch`.
    pub(crate) fn beginning(epoch: u64, successes: impl Fn() -> u64) -> Self {
        Self { before: AtomicU64::new(stamp::of(epoch, successes())), ..Self::new() }
    }

    /// A window of `size` calls, which begins with those of `epoch` that are in this one, of `old` calls:
    /// of earlier ones nobody knows any more which failed. Failures that end meanwhile may be missing.
    pub(crate) fn resized(&self, epoch: u64, old: u32, size: u32, successes: impl Fn() -> u64) -> Self {
        // Once, so that calls which end meanwhile move no place.
        let failures = self.failures(epoch);
        let recorded = successes() + failures;
        let before = self.before(epoch).max(recorded.saturating_sub(old.into()));
        let ring = |from: &OnceBox<Ring>, to: &OnceBox<Ring>| {
            let marks: Vec<u64> = from.get().map(|ring| ring.last(epoch, size.into())).unwrap_or_default();
            let marks: Vec<u64> = marks.into_iter().filter(|mark| stamp::count(*mark, epoch) > before).collect();
            if !marks.is_empty() {
                // A new window: nobody else sets it.
                let _ = to.set(Box::new(Ring::of(size, epoch, &marks)));
            }
            marks.len() as u64
        };
        let resized = Self { before: AtomicU64::new(stamp::of(epoch, before)), ..Self::new() };
        let numbered = ring(&self.failures, &resized.failures);
        ring(&self.slow, &resized.slow);
        let unnumbered = stamp::of(epoch, failures.saturating_sub(numbered));
        Self { unnumbered: AtomicU64::new(unnumbered), ..resized }
    }

    pub(crate) fn failed(&self, epoch: u64, size: u32, successes: impl Fn() -> u64) {
        let ring = self.failures.get_or_init(|| Box::new(Ring::new(size, epoch)));
        // Before it takes its number: if it is held up in between, it stands where it was then. The other way round it
        // would stand among calls that came later, and with it all failures that have later numbers.
        let before = successes() + self.unnumbered(epoch);
        ring.add(epoch, |number| stamp::of(epoch, before + number));
    }

    /// How many failures of `epoch` have a number.
    pub(crate) fn numbered(&self, epoch: u64) -> u64 {
        self.failures.get().map_or(0, |ring| ring.count(epoch))
    }

    /// Up to which number failures of `epoch` cannot trip by these settings, as far as that is known.
    #[inline]
    pub(crate) fn harmless(&self, epoch: u64, revision: u64) -> u64 {
        harmless::number(self.harmless.load(Ordering::Acquire), epoch, revision)
    }

    /// The same, found out: so many failures among the last `size` calls trip, or more. Each failure adds no
    /// more than one to those that are among them now; and as many as may be held up are taken to be among
    /// them, too. Where one stands out of its order, nothing is found.
    pub(crate) fn find_harmless(
        &self,
        epoch: u64,
        revision: u64,
        limit: u64,
        size: u64,
        successes: impl Fn() -> u64,
    ) -> u64 {
        let numbered = self.numbered(epoch);
        let failed = self.among_last(&self.failures, epoch, size, &successes);
        let is_in_it = |nth| self.has(&self.failures, epoch, nth, size, &successes);
        if (failed + 2..=failed + 1 + HELD_UP).any(is_in_it) {
            return 0;
        }
        let number = (numbered + limit).saturating_sub(failed + 1 + HELD_UP);
        self.harmless.store(harmless::of(epoch, revision, number), Ordering::Release);
        number
    }

    /// Other settings are in force: what was found by those before is not to be believed when their number comes round.
    pub(crate) fn forget_harmless(&self) {
        self.harmless.store(0, Ordering::Release);
    }

    /// A call was slow, whose outcome has been added already.
    pub(crate) fn slow(&self, epoch: u64, size: u32, successes: impl Fn() -> u64) {
        let ring = self.slow.get_or_init(|| Box::new(Ring::new(size, epoch)));
        // As above.
        let place = self.recorded(epoch, successes);
        ring.add(epoch, |_| stamp::of(epoch, place));
    }

    /// Begins a new epoch; see [`Ring::begin`].
    pub(crate) fn begin(&self, epoch: u64) {
        [&self.failures, &self.slow].into_iter().filter_map(OnceBox::get).for_each(|ring| ring.begin(epoch));
        for word in [&self.before, &self.unnumbered, &self.harmless] {
            let is_over = |word: u64| (word != 0 && stamp::is_before(word >> stamp::EPOCH_AT, epoch)).then_some(0);
            let _ = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, is_over);
        }
    }

    /// How many calls there were in `epoch` since the window began.
    pub(crate) fn calls(&self, epoch: u64, successes: impl Fn() -> u64) -> u64 {
        self.recorded(epoch, successes).saturating_sub(self.before(epoch))
    }

    /// Whether at least `n` of the last `calls` ones failed.
    pub(crate) fn has_failures(&self, epoch: u64, n: u64, calls: u64, successes: impl Fn() -> u64) -> bool {
        self.has(&self.failures, epoch, n, calls, &successes)
    }

    /// What the last `calls` ones were. How many there were of them is read last: calls that end
    /// meanwhile make the shares of failed and slow ones smaller, never larger.
    pub(crate) fn counts(&self, epoch: u64, calls: u64, successes: impl Fn() -> u64) -> WindowCounts {
        let failed = self.among_last(&self.failures, epoch, calls, &successes);
        let slow = self.among_last(&self.slow, epoch, calls, &successes);
        WindowCounts { calls: self.calls(epoch, successes).min(calls), failed, slow }
    }

    fn has(&self, ring: &OnceBox<Ring>, epoch: u64, n: u64, calls: u64, successes: &impl Fn() -> u64) -> bool {
        if n == 0 {
            return true;
        }
        let Some(mark) = ring.get().and_then(|ring| ring.nth(epoch, n)) else { return false };
        match stamp::count(mark, epoch) {
            0 => false,
            place => self.recorded(epoch, successes).saturating_sub(place) < calls,
        }
    }

    fn among_last(&self, ring: &OnceBox<Ring>, epoch: u64, calls: u64, successes: &impl Fn() -> u64) -> u64 {
        let count = ring.get().map_or(0, |ring| ring.count(epoch));
        // Places grow with numbers, but for calls that are held up, so the number sought divides the last ones from the
        // others.
        let (mut in_it, mut most) = (0, count.min(calls));
        while in_it < most {
            let middle = (in_it + most).div_ceil(2);
            if self.has(ring, epoch, middle, calls, successes) { in_it = middle } else { most = middle - 1 }
        }
        in_it
    }

    /// All calls of `epoch`, those before the window began among them: the newest place.
    fn recorded(&self, epoch: u64, successes: impl Fn() -> u64) -> u64 {
        successes() + self.failures(epoch)
    }

    fn failures(&self, epoch: u64) -> u64 {
        self.numbered(epoch) + self.unnumbered(epoch)
    }

    fn unnumbered(&self, epoch: u64) -> u64 {
        stamp::count(self.unnumbered.load(Ordering::Acquire), epoch)
    }

    fn before(&self, epoch: u64) -> u64 {
        stamp::count(self.before.load(Ordering::Acquire), epoch)
    }
}

/// The number of a failure, of an epoch and a revision of the settings.
///
/// ```text
/// bits 44..64  epoch
/// bits 28..44  revision, its lower 16 bits
/// bits  0..28  number
/// ```
///
/// Revisions repeat in so few bits, but each forgets what the ones before have found. For a word to be believed that is
/// older, whoever found it would have to be held up for 65,536 changes of the settings, or a multiple of it.
mod harmless {
    use super::stamp::EPOCH_AT;

    const NUMBER: u64 = (1 << 28) - 1;

    /// Of numbers that there are no bits for, the greatest there is: fewer failures are known to be harmless then.
    pub(super) fn of(epoch: u64, revision: u64, number: u64) -> u64 {
        tag(epoch, revision) | number.min(NUMBER)
    }

    /// The number in `word`, if it is of these; else 0.
    pub(super) fn number(word: u64, epoch: u64, revision: u64) -> u64 {
        if word & !NUMBER == tag(epoch, revision) { word & NUMBER } else { 0 }
    }

    fn tag(epoch: u64, revision: u64) -> u64 {
        epoch << EPOCH_AT | (revision & 0xffff) << 28
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SIZE: u32 = 4;
    const EPOCH: u64 = 5;

    /// A window, with what counts successes beside it.
    struct Beside {
        window: CallWindow,
        successes: Cell<u64>,
    }

    impl Beside {
        fn new(window: CallWindow, successes: u64) -> Self {
            Self { window, successes: Cell::new(successes) }
        }

        fn end(&self, ends: &str, size: u32) {
            for end in ends.chars() {
                match end {
                    'f' | 'F' => self.window.failed(EPOCH, size, || self.successes.get()),
                    _ => self.successes.set(self.successes.get() + 1),
                }
                if end.is_uppercase() {
                    self.window.slow(EPOCH, size, || self.successes.get());
                }
            }
        }

        fn counts(&self, size: u32) -> (u64, u64, u64) {
            let counts = self.window.counts(EPOCH, size.into(), || self.successes.get());
            (counts.calls, counts.failed, counts.slow)
        }

        fn resized(&self, old: u32, size: u32) -> Self {
            let successes = self.successes.get();
            Self::new(self.window.resized(EPOCH, old, size, || successes), successes)
        }
    }

    fn window(ends: &str) -> Beside {
        let window = Beside::new(CallWindow::new(), 0);
        window.end(ends, SIZE);
        window
    }

    #[test]
    fn it_holds_the_last_calls_and_no_others() {
        for (ends, expected) in [
            ("", (0, 0, 0)),
            ("sf", (2, 1, 0)),
            ("ffsss", (4, 1, 0)),
            ("ffssss", (4, 0, 0)),
            ("FsSfff", (4, 3, 1)),
            ("ffffffff", (4, 4, 0)),
        ] {
            assert_eq!(window(ends).counts(SIZE), expected, "{ends}");
        }
    }

    #[test]
    fn the_nth_most_recent_one_is_in_it_or_is_not() {
        let two_of_last_four = window("ffsfs");
        let has = |n, calls| two_of_last_four.window.has_failures(EPOCH, n, calls, || 2);
        assert_eq!([has(2, 4), has(3, 4), has(2, 3), has(0, 4)], [true, false, false, true]);
    }

    #[test]
    fn a_window_of_another_size_holds_the_same_calls() {
        let larger = window("ssFfss").resized(SIZE, 8);
        assert_eq!(larger.counts(8), (4, 2, 1));
        larger.end("f", 8);
        assert_eq!(larger.counts(8), (5, 3, 1));
        larger.end("ssss", 8);
        assert_eq!(larger.counts(8), (8, 2, 0));
        assert_eq!(window("ffffffffss").resized(SIZE, 8).counts(8), (4, 2, 0));
        assert_eq!(window("ssFfss").resized(SIZE, 3).counts(3), (3, 1, 0));
        let tiny = window("ssFFFF").resized(SIZE, 2);
        assert_eq!(tiny.counts(2), (2, 2, 2));
        tiny.end("s", 2);
        assert_eq!(tiny.counts(2), (2, 1, 1));
        assert_eq!(tiny.resized(2, 4).counts(4), (2, 1, 1), "what was forgotten does not come back");
    }

    #[test]
    fn a_window_that_begins_later_knows_of_no_call_before() {
        let window = Beside::new(CallWindow::beginning(EPOCH, || 3), 3);
        assert_eq!(window.counts(SIZE), (0, 0, 0));
        window.end("sf", SIZE);
        assert_eq!((window.counts(SIZE), window.counts(1)), ((2, 1, 0), (1, 1, 0)));
    }

    #[test]
    fn a_failure_that_is_held_up_makes_no_others_of_its_time_look_recent() {
        const SIZE: u32 = 20;
        let beside = Beside::new(CallWindow::new(), 0);
        (0..5).for_each(|_| beside.end("sssssssssf", SIZE));
        beside.window.failed(EPOCH, SIZE, || {
            (0..5).for_each(|_| beside.end("sssssssssf", SIZE));
            beside.successes.get()
        });
        assert_eq!(beside.counts(SIZE), (20, 3, 0));
    }

    #[test]
    fn failures_are_harmless_as_long_as_those_that_are_held_up_cannot_make_them_trip() {
        let beside = window("sfsf");
        let find = |limit| beside.window.find_harmless(EPOCH, 1, limit + HELD_UP, 8, || 2);
        assert_eq!([3, 4, 100].map(find), [2, 3, 99], "the third one, the fourth, the hundredth is not");
        assert_eq!([1, 2].map(find), [0, 1], "these trip already");
        assert_eq!((find(10), beside.window.harmless(EPOCH, 1)), (9, 9));
        assert_eq!([(EPOCH, 2), (6, 1)].map(|(epoch, revision)| beside.window.harmless(epoch, revision)), [0, 0]);
        beside.window.forget_harmless();
        assert_eq!((beside.window.harmless(EPOCH, 1), find(10)), (0, 9));
        beside.window.begin(6);
        assert_eq!(beside.window.harmless(EPOCH, 1), 0);
        assert_eq!(CallWindow::new().find_harmless(EPOCH, 1, 26, 8, || 5), 9, "where nothing has failed yet");
        assert_eq!(window("ffssss").window.find_harmless(EPOCH, 1, 19, 4, || 4), 4, "they have left the window");
    }

    /// By its number it stands among the newest, by its place before the window: a search may take it for the border.
    #[test]
    fn a_failure_that_is_held_up_hides_no_others_from_what_is_harmless() {
        const SIZE: u32 = 1_000;
        const LIMIT: u64 = 500;
        for held_after in 0..300 {
            let beside = Beside::new(CallWindow::new(), 10);
            beside.window.failed(EPOCH, SIZE, || {
                let before = beside.successes.get();
                // Meanwhile more than a window of successes, and then an outage.
                beside.successes.set(before + 1_100);
                (0..held_after).for_each(|_| beside.end("f", SIZE));
                before
            });
            for after in 0..LIMIT - held_after {
                let found = beside.window.find_harmless(EPOCH, 1, LIMIT, SIZE.into(), || beside.successes.get());
                let true_one = beside.window.numbered(EPOCH) + LIMIT - (held_after + after) - 1;
                assert!(found <= true_one, "{found}, not {true_one}, with {held_after} before and {after} after it");
                beside.end("f", SIZE);
            }
        }
    }

    #[test]
    fn so_many_failures_as_there_is_no_number_for_are_never_harmless() {
        let most = (1 << 28) - 1;
        assert_eq!(
            [most - 1, most, most + 1].map(|n| harmless::number(harmless::of(3, 1, n), 3, 1)),
            [most - 1, most, most]
        );
    }

    #[test]
    fn another_epoch_has_calls_of_its_own() {
        let Beside { window, .. } = window("ffsss").resized(SIZE, 8);
        window.begin(6);
        assert_eq!(window.calls(6, || 0), 0);
        window.failed(6, SIZE, || 1);
        window.failed(EPOCH, SIZE, || 1);
        assert_eq!(window.counts(6, 4, || 1), WindowCounts { calls: 2, failed: 1, slow: 0 });
        assert!(!window.has_failures(EPOCH, 1, 4, || 1));
        assert_eq!(window.calls(EPOCH, || 1), 1, "numbers of epochs repeat, and nothing is left of this one");
    }

    #[test]
    fn what_a_window_leaves_out_holds_for_its_own_epoch_alone() {
        let Beside { window, .. } = window("fsssss").resized(SIZE, 8);
        window.begin(EPOCH);
        assert_eq!(window.calls(EPOCH, || 5), 4, "to begin what has begun leaves it as it is");
        window.begin(6);
        assert_eq!(window.calls(EPOCH, || 1), 1, "numbers of epochs repeat, and nothing is left of this one");
    }
}
