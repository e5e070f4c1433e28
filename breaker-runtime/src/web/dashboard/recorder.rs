//! Looks at all breakers once a second, keeps the points of the last minutes, and tells viewers what is new.
//!
//! One task does so for all viewers, and ends with the router. While nobody looks it reads the totals alone.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use futures_core::Stream;
use serde_json::value::RawValue;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::frame::{All, Card, Frame, Keys, Point, Pulse, Told, milliseconds, raw};
use crate::breaker::CircuitBreaker;
use crate::event::{Reason, Transition};
use crate::keyed::{Breakers, Member};
use crate::listen::Events;
use crate::mode::Mode;
use crate::observe::Snapshot;
use crate::registry;
use crate::report::Report;
use crate::state::State;

/// The time between two looks, where nothing happens.
const SECOND: Duration = Duration::from_secs(1);
/// What happens within this time is told at once.
const TOGETHER: Duration = Duration::from_millis(100);
/// How many points are kept of each breaker: three minutes.
const POINTS: usize = 180;
/// How many keys of one family are told, those first that are not closed.
const KEYS: usize = 100;
/// A viewer that is so many frames behind is let go. It comes again, and is told all.
const BEHIND: usize = 16;

#[derive(Debug)]
pub(super) struct Recorder {
    begun: Once,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    controls: bool,
    viewers: Vec<mpsc::Sender<Arc<str>>>,
    breakers: HashMap<Who, Entry>,
    ids: u64,
    /// When the points were taken that are the last.
    at: Instant,
}

/// A breaker: its address, and of a place that several keys have had the key.
type Who = (usize, Option<Arc<str>>);

#[derive(Debug)]
struct Entry {
    id: u64,
    counted: [u64; 3],
    points: VecDeque<Point>,
    /// The changes of state, mode and settings that the card tells of.
    changes: Option<(u64, u64, Mode)>,
    card: Box<RawValue>,
    pulse: Box<RawValue>,
    /// What began the outage, which a long one may have pushed out of the history.
    outage: Option<Arc<Report>>,
    /// It was there at the last look.
    present: bool,
}

/// What is new: of whom, and who has gone.
#[derive(Debug, Default)]
struct News {
    of: HashMap<u64, Parts>,
    gone: Vec<u64>,
}

/// What of an entry is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    card: bool,
    pulse: bool,
    point: bool,
}

impl Recorder {
    pub(super) fn new(controls: bool) -> Arc<Self> {
        let (viewers, breakers) = (Vec::new(), HashMap::new());
        let known = Known { controls, viewers, breakers, ids: 0, at: Instant::now() };
        Arc::new(Self { begun: Once::new(), known: Mutex::new(known) })
    }

    /// Begins to look, where there is a runtime to do it on, and this has not begun.
    pub(super) fn begin(self: &Arc<Self>) {
        if let Ok(runtime) = Handle::try_current() {
            self.begun.call_once(|| drop(runtime.spawn(look_on(Arc::downgrade(self)))));
        }
    }

    /// One more viewer: the first frame tells all.
    pub(super) fn viewer(&self) -> mpsc::Receiver<Arc<str>> {
        let (sender, receiver) = mpsc::channel(BEHIND);
        let mut known = self.known();
        // What is new is told to the others, who would not hear of it any more.
        known.tell(false, true);
        // There is room for the first one.
        let _ = sender.try_send(known.all());
        known.viewers.push(sender);
        receiver
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks each second, and when something has happened, until the recorder is gone.
async fn look_on(recorder: Weak<Recorder>) {
    let mut next = Instant::now() + SECOND;
    let mut events: Option<Events> = None;
    loop {
        if let Some(events) = &mut events {
            let happened = poll_fn(|context| Pin::new(&mut *events).poll_next(context));
            if timeout_at(next, happened).await.is_ok() {
                // However much happens, viewers are told ten times a second at most.
                sleep(TOGETHER).await;
                drain(events);
            }
        } else {
            sleep_until(next).await;
        }
        let now = Instant::now();
        let second = now >= next;
        if second {
            // Not at once for each second that was slept through.
            next = (next + SECOND).max(now);
        }
        let Some(recorder) = recorder.upgrade() else { return };
        let told = recorder.known().tell(second, false);
        if told != events.is_some() {
            events = told.then(registry::events);
        }
    }
}

/// Takes what is there already.
fn drain(events: &mut Events) {
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(_)) = Pin::new(&mut *events).poll_next(&mut context) {}
}

impl Known {
    /// Looks, and tells the viewers; whether there are any. Cards and pulses are made for them, or for one who `comes`.
    fn tell(&mut self, second: bool, comes: bool) -> bool {
        self.viewers.retain(|viewer| !viewer.is_closed());
        let told = !self.viewers.is_empty();
        let News { of, gone } = self.look(second, told || comes);
        if !told {
            return false;
        }
        let breakers = self.breakers.values().filter_map(|entry| {
            let Parts { card, pulse, point } = of.get(&entry.id).copied()?;
            Some(Told {
                id: entry.id,
                card: card.then_some(&*entry.card),
                pulse: pulse.then_some(&*entry.pulse),
                points: point.then(|| entry.points.back().copied()).flatten().into_iter().collect(),
            })
        });
        let breakers = breakers.collect();
        let frame = text(&Frame { now: now(), all: None, second, breakers, gone, config_refused: refused() });
        self.viewers.retain(|viewer| viewer.try_send(Arc::clone(&frame)).is_ok());
        true
    }

    /// A frame that tells all.
    fn all(&self) -> Arc<str> {
        let breakers = self.breakers.values().map(|entry| Told {
            id: entry.id,
            card: Some(&entry.card),
            pulse: Some(&entry.pulse),
            points: entry.points.iter().copied().collect(),
        });
        let all = Some(All { controls: self.controls, points: POINTS });
        let breakers = breakers.collect();
        text(&Frame { now: now(), all, second: false, breakers, gone: Vec::new(), config_refused: refused() })
    }

    /// Looks at all breakers, and says what is new. Cards and pulses are made where somebody is `told` of them.
    fn look(&mut self, second: bool, told: bool) -> News {
        let seconds = self.at.elapsed().as_secs_f64();
        if second {
            self.at = Instant::now();
        }
        let look = Look { seconds: second.then_some(seconds), told };
        let mut news = News::default();
        self.breakers.values_mut().for_each(|entry| entry.present = false);
        for breaker in registry::all() {
            self.look_at(&Seen::one(breaker), look, &mut news);
        }
        for family in registry::families() {
            let mut members: Vec<_> = family.iter().collect();
            self.look_at(&Seen::family(family, &members), look, &mut news);
            members.sort_by_key(|member| kind(member).is_none() && member.mode() == family.mode());
            for member in members.iter().take(KEYS) {
                self.look_at(&Seen::one(member), look, &mut news);
            }
        }
        self.breakers.retain(|_, entry| {
            if !entry.present {
                news.gone.push(entry.id);
            }
            entry.present
        });
        news
    }

    fn look_at(&mut self, seen: &Seen<'_>, look: Look, news: &mut News) {
        let counted = seen.counted;
        let entry = self.breakers.entry(seen.who()).or_insert_with(|| {
            self.ids += 1;
            Entry::new(self.ids, counted)
        });
        entry.present = true;
        entry.remember(seen.breaker);
        let mut new = Parts::default();
        if let Some(seconds) = look.seconds {
            new.point = entry.count(counted, seconds);
        }
        if look.told {
            (new.card, new.pulse) = entry.read(seen);
        }
        if new != Parts::default() {
            news.of.insert(entry.id, new);
        }
    }
}

/// One look.
#[derive(Clone, Copy)]
struct Look {
    /// So many seconds have passed since the last points, and there are new ones.
    seconds: Option<f64>,
    told: bool,
}

/// A breaker that is looked at.
struct Seen<'a> {
    breaker: &'a CircuitBreaker,
    /// The calls let through, failed and rejected; of a family those of all its keys.
    counted: [u64; 3],
    /// The family that it stands for, and of its keys.
    family: Option<(&'a Breakers, Keys)>,
}

impl<'a> Seen<'a> {
    fn one(breaker: &'a CircuitBreaker) -> Self {
        Self { breaker, counted: counted(breaker), family: None }
    }

    fn family(family: &'a Breakers, members: &[Member<'_>]) -> Self {
        let breaker = family.without_place();
        let mut all = counted(breaker);
        let mut keys = Keys { all: members.len(), shown: members.len().min(KEYS), ..Keys::default() };
        for member in members {
            all.iter_mut().zip(counted(member)).for_each(|(sum, one)| *sum += one);
            match kind(member) {
                Some(Kind::Open) => keys.open += 1,
                Some(Kind::HalfOpen) => keys.half_open += 1,
                Some(Kind::Recovering) => keys.recovering += 1,
                Some(Kind::WouldBeOpen) => keys.would_open += 1,
                None => {}
            }
        }
        keys.without_place = family.overflow().map(|overflow| overflow.state);
        Self { breaker, counted: all, family: Some((family, keys)) }
    }

    fn who(&self) -> Who {
        (ptr::from_ref(self.breaker).addr(), self.breaker.about().key)
    }

    fn snapshot(&self) -> Snapshot {
        self.family.map_or_else(|| self.breaker.snapshot(), |(family, _)| family.snapshot())
    }
}

impl Entry {
    fn new(id: u64, counted: [u64; 3]) -> Self {
        let (card, pulse) = Default::default();
        Self { id, counted, points: VecDeque::new(), changes: None, card, pulse, outage: None, present: true }
    }

    /// Keeps what began an outage, as long as that lasts.
    fn remember(&mut self, breaker: &CircuitBreaker) {
        if breaker.state() == State::Closed {
            self.outage = None;
        } else if self.outage.is_none() {
            self.outage = opened(&breaker.history());
        }
    }

    /// Adds the point of the time that has passed; whether there is something to see in it.
    fn count(&mut self, counted: [u64; 3], seconds: f64) -> bool {
        let before = mem::replace(&mut self.counted, counted);
        let mut point = [0.0; 3];
        for ((rate, now), before) in point.iter_mut().zip(counted).zip(before) {
            *rate = per_second(now.saturating_sub(before), seconds);
        }
        if self.points.len() == POINTS {
            self.points.pop_front();
        }
        self.points.push_back(point);
        counted != before
    }

    /// Makes card and pulse anew; whether each says something else.
    fn read(&mut self, seen: &Seen<'_>) -> (bool, bool) {
        let now = seen.snapshot();
        let pulse = raw(&Pulse::of(&now, seen.counted, seen.family.map(|(_, keys)| keys)));
        let pulse_is_new = pulse.get() != self.pulse.get();
        self.pulse = pulse;
        let changes = Some((now.epoch, now.revision, now.mode));
        let card_is_new = changes != self.changes;
        if card_is_new {
            self.changes = changes;
            let outage = self.outage.as_deref().filter(|_| now.reopenings > 0);
            let history = seen.breaker.history();
            let mode_set = history.iter().rev().find(|change| matches!(change.reason, Reason::ModeSet(_)));
            self.card = raw(&Card::of(&now, outage, mode_set.map(|change| &**change), seen.family.is_some()));
        }
        (card_is_new, pulse_is_new)
    }
}

/// A breaker that is in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    HalfOpen,
    Recovering,
    WouldBeOpen,
}

fn kind(breaker: &CircuitBreaker) -> Option<Kind> {
    match breaker.state() {
        State::Open => Some(Kind::Open),
        State::HalfOpen => Some(Kind::HalfOpen),
        State::Closed if breaker.is_recovering() => Some(Kind::Recovering),
        State::Closed => breaker.would_be().filter(|would_be| *would_be != State::Closed).map(|_| Kind::WouldBeOpen),
    }
}

/// Why it went from closed to open the last time, as far as that is kept.
fn opened(history: &[Arc<Transition>]) -> Option<Arc<Report>> {
    history.iter().rev().find(|change| change.from == State::Closed).and_then(|change| change.report().cloned())
}

fn counted(breaker: &CircuitBreaker) -> [u64; 3] {
    let totals = breaker.totals();
    [totals.admitted, totals.failed, totals.rejected()]
}

/// To a tenth.
#[expect(clippy::cast_precision_loss, reason = "nobody makes 2^53 calls in a second")]
fn per_second(calls: u64, seconds: f64) -> f64 {
    (calls as f64 / seconds.max(0.001) * 10.0).round() / 10.0
}

fn now() -> u64 {
    milliseconds(SystemTime::now())
}

/// Why the last configuration was refused.
fn refused() -> Option<String> {
    #[cfg(feature = "config")]
    return crate::config::refused().map(|refused| refused.to_string());
    #[cfg(not(feature = "config"))]
    None
}

fn text(frame: &Frame<'_>) -> Arc<str> {
    // What cannot be JSON is not in a frame.
    serde_json::to_string(frame).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::Settings;

    fn listed(name: &str) -> &'static CircuitBreaker {
        let breaker = CircuitBreaker::builder(name).settings(Settings::new().consecutive(2)).build().unwrap();
        let breaker: &'static CircuitBreaker = Box::leak(Box::new(breaker));
        registry::add(breaker);
        breaker
    }

    /// What the next frames tell of the breaker with that number, until all of it is told that is wanted. Other tests may be
    /// the reason for some of the frames.
    async fn told(
        viewer: &mut mpsc::Receiver<Arc<str>>,
        id: &Value,
        wanted: &[&str],
    ) -> serde_json::Map<String, Value> {
        let mut all = serde_json::Map::new();
        while wanted.iter().any(|part| !all.contains_key(*part)) {
            let frame: Value = serde_json::from_str(&viewer.recv().await.unwrap()).unwrap();
            let one = frame["breakers"].as_array().unwrap().iter().find(|told| told["id"] == *id);
            all.extend(one.into_iter().flat_map(|one| one.as_object().unwrap().clone()));
        }
        all
    }

    /// The number of the breaker in a frame that tells all.
    async fn number(viewer: &mut mpsc::Receiver<Arc<str>>, name: &str) -> Value {
        let all: Value = serde_json::from_str(&viewer.recv().await.unwrap()).unwrap();
        assert_eq!(all["all"]["points"], POINTS);
        let breakers = all["breakers"].as_array().unwrap();
        let one = breakers.iter().find(|told| told["card"]["name"] == name).expect("all are told");
        assert_eq!(one["pulse"]["state"], "closed");
        one["id"].clone()
    }

    #[tokio::test(start_paused = true)]
    async fn first_all_is_told_and_then_what_is_new() {
        let breaker = listed("recorder::news");
        let recorder = Recorder::new(false);
        recorder.begin();
        let mut viewer = recorder.viewer();
        let id = number(&mut viewer, "recorder::news").await;
        breaker.try_acquire().unwrap().success();
        let news = told(&mut viewer, &id, &["pulse", "points"]).await;
        assert_eq!((&news["points"], &news["pulse"]["admitted"]), (&json!([[1.0, 0.0, 0.0]]), &json!(1)));
        assert!(!news.contains_key("card"), "what has not changed is not told again");

        for _ in 0..2 {
            breaker.try_acquire().unwrap().failure();
        }
        let news = told(&mut viewer, &id, &["pulse", "card"]).await;
        assert_eq!(news["pulse"]["state"], "open");
        assert_eq!(news["card"]["last_trip"]["why"], "2 failures in a row (limit 2)");
    }

    #[test]
    fn who_comes_takes_no_news_from_others() {
        let breaker = listed("recorder::others");
        let recorder = Recorder::new(false);
        let mut first = recorder.viewer();
        let frame = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let all = frame(&first.try_recv().unwrap());
        let id = all["breakers"].as_array().unwrap().iter().find(|told| told["card"]["name"] == "recorder::others");
        let id = &id.unwrap()["id"];
        for _ in 0..2 {
            breaker.try_acquire().unwrap().failure();
        }
        let _second = recorder.viewer();
        let news = frame(&first.try_recv().unwrap());
        let told = news["breakers"].as_array().unwrap().iter().find(|told| told["id"] == *id).unwrap();
        assert_eq!(told["pulse"]["state"], "open");
    }

    #[tokio::test(start_paused = true)]
    async fn what_began_an_outage_is_told_however_long_it_lasts() {
        let clock = crate::clock::ManualClock::new();
        let settings = Settings::new().consecutive(2).history(2).reset(SECOND);
        let breaker = CircuitBreaker::builder("recorder::outage").settings(settings).clock(&clock).build().unwrap();
        let breaker: &'static CircuitBreaker = Box::leak(Box::new(breaker));
        registry::add(breaker);
        let recorder = Recorder::new(false);
        recorder.begin();
        breaker.try_acquire().unwrap().failure();
        breaker.try_acquire().unwrap().failure();
        tokio::time::sleep(SECOND * 2).await;
        for _ in 0..9 {
            clock.advance(SECOND);
            breaker.try_acquire().unwrap().failure();
        }
        let all: Value = serde_json::from_str(&recorder.viewer().recv().await.unwrap()).unwrap();
        let told = all["breakers"].as_array().unwrap().iter().find(|told| told["card"]["name"] == "recorder::outage");
        let card = &told.unwrap()["card"];
        assert_eq!(card["outage"]["why"], "2 failures in a row (limit 2)");
        assert!(card["last_trip"]["why"].as_str().unwrap().starts_with("a probe failed"), "{card}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_minutes_are_kept_while_nobody_looks() {
        let breaker = listed("recorder::minutes");
        let recorder = Recorder::new(true);
        recorder.begin();
        for _ in 0..POINTS + 20 {
            breaker.try_acquire().unwrap().success();
            tokio::time::sleep(SECOND).await;
        }
        let mut viewer = recorder.viewer();
        let all: Value = serde_json::from_str(&viewer.recv().await.unwrap()).unwrap();
        assert_eq!(all["all"]["controls"], true);
        let one = all["breakers"].as_array().unwrap().iter().find(|told| told["card"]["name"] == "recorder::minutes");
        let points = one.unwrap()["points"].as_array().unwrap();
        assert_eq!(points.len(), POINTS);
        assert!(points[1..].iter().all(|point| point[0] == 1.0), "one call a second: {points:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_behind_is_let_go_and_the_task_ends_with_the_router() {
        let recorder = Recorder::new(false);
        recorder.begin();
        let mut slow = recorder.viewer();
        tokio::time::sleep(SECOND * 40).await;
        let mut frames = 0;
        while slow.recv().await.is_some() {
            frames += 1;
        }
        assert_eq!(frames, BEHIND, "and then its connection ends");
        let weak = Arc::downgrade(&recorder);
        drop(recorder);
        tokio::time::sleep(SECOND * 2).await;
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn without_a_runtime_it_begins_with_the_first_viewer() {
        let recorder = Recorder::new(false);
        recorder.begin();
        assert!(!recorder.begun.is_completed());
    }
}
