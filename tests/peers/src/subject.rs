//! One breaker under one task, ready to be called: a lap of calls to measure, and single calls to lead it somewhere.

use std::hint::black_box;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Builder, Runtime};

use crate::feed::{Feed, Orders};
use crate::scenario::{Part, STREAK, Task, WINDOW};
use crate::work::{FAILS, Rejection};

/// What a breaker did with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Succeeded,
    Failed,
    Rejected,
}

/// What opens the breaker, for its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// So many failures in a row.
    Streak(u32),
    /// So many failed calls or fewer, where each can be more than one failure.
    Within(u32),
    /// Half of the calls, in a window of so many.
    Rate(u32),
    /// Half of the calls being slow, which they all are.
    Slow,
}

impl Rule {
    fn of(task: Task) -> Self {
        match task {
            Task::With(Part::Retry | Part::All, _) => Self::Within(STREAK),
            Task::Closed(_) | Task::Rejected | Task::Keyed { .. } | Task::With(..) => Self::Streak(STREAK),
            Task::Counted { window } => Self::Rate(window),
            Task::Timed { .. } => Self::Rate(WINDOW),
            Task::Slow { .. } => Self::Slow,
        }
    }
}

/// Where timers are made. Its one worker sleeps until one runs out, which none does while calls are measured.
pub(crate) static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a thread can be had"));

/// So many calls, of the lap's own inputs or all of this one: what the breaker did with the last.
type Lap = Box<dyn Fn(u64, Option<One>) -> Answer + Sync>;

/// The input of a single call: its key, and the order.
type One = (u64, u64);

/// One breaker under one task.
pub(crate) struct Subject {
    lap: Lap,
    renew: Box<dyn Fn()>,
    /// How many calls the window holds now, where that is asked rather than made new.
    holding: Option<Box<dyn Fn() -> u64>>,
    /// The calls that a window holds when a lap begins.
    pub(crate) held: Option<u64>,
    /// The longest lap, where the breaker must not get many calls.
    pub(crate) longest: Option<u64>,
    pub(crate) rule: Rule,
    /// What a reader of the cell must know.
    pub(crate) note: Option<&'static str>,
}

impl Subject {
    /// For tasks without keys. `make` gives a fresh breaker, of which each thread uses a clone.
    pub(crate) fn new<T, E>(
        task: Task,
        make: impl Fn() -> T + 'static,
        call: impl Fn(&mut T, u64) -> Result<u64, E> + Send + Sync + 'static,
    ) -> Self
    where
        T: Clone + Send + 'static,
        E: Rejection,
    {
        Self::fed(task, Orders { tenth_fails: task.tenth_fails() }, make, call)
    }

    /// The same with other inputs.
    pub(crate) fn fed<T, F, E>(
        task: Task,
        feed: F,
        make: impl Fn() -> T + 'static,
        call: impl Fn(&mut T, F::Input) -> Result<u64, E> + Send + Sync + 'static,
    ) -> Self
    where
        T: Clone + Send + 'static,
        F: Feed,
        E: Rejection,
    {
        let breaker = Arc::new(Mutex::new(make()));
        let lap = {
            let breaker = Arc::clone(&breaker);
            // The only place that calls it, so that the compiler treats a protected function as it treats a bare one.
            move |calls, one: Option<One>| {
                // Timers are made within a runtime, on each thread.
                let _inside = matches!(task, Task::With(..)).then(|| RUNTIME.enter());
                let mut breaker = lock(&breaker).clone();
                let mut answer = Answer::Succeeded;
                for i in 0..calls {
                    let input = match one {
                        None => feed.at(i),
                        Some((key, order)) => feed.one(key, order),
                    };
                    match call(&mut breaker, input) {
                        Ok(output) => _ = black_box(output),
                        Err(error) => {
                            let rejected = error.is_rejection();
                            answer = if rejected { Answer::Rejected } else { Answer::Failed };
                            // By reference, so that all of it is made.
                            _ = black_box(&error);
                        }
                    }
                }
                answer
            }
        };
        Self {
            lap: Box::new(lap),
            renew: Box::new(move || *lock(&breaker) = make()),
            holding: None,
            held: task.held(),
            longest: task.held().map(|held| held / 4),
            rule: Rule::of(task),
            note: None,
        }
    }

    pub(crate) fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    pub(crate) fn note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    /// For a breaker whose calls get dearer with each call that its window holds.
    pub(crate) fn grows(mut self, held: u64, longest: u64, holding: impl Fn() -> u64 + 'static) -> Self {
        self.held = Some(held);
        self.longest = Some(longest);
        self.holding = Some(Box::new(holding));
        self
    }

    /// What is measured: so many calls.
    pub(crate) fn lap(&self, calls: u64) {
        (self.lap)(calls, None);
    }

    /// The lap, for other threads.
    pub(crate) fn shared_lap(&self) -> impl Fn(u64) + Copy + Send {
        let lap = &self.lap;
        move |calls| _ = lap(calls, None)
    }

    /// One call.
    pub(crate) fn single(&self, key: u64, fails: bool) -> Answer {
        (self.lap)(1, Some((key, if fails { FAILS } else { 0 })))
    }

    /// One call with that order, for other threads, too.
    pub(crate) fn shared_single(&self) -> impl Fn(u64) -> Answer + Copy + Send {
        let lap = &self.lap;
        move |order| lap(1, Some((0, order)))
    }

    /// Has a fresh breaker from now on.
    pub(crate) fn begin_anew(&self) {
        (self.renew)();
    }

    /// Before each lap: where the window's contents matter, they are made what the row says.
    pub(crate) fn prepare(&self) {
        let Some(held) = self.held else { return };
        let holding = self.holding.as_ref().map(|holding| holding());
        if holding.is_some_and(|holding| (held..=held + held / 4).contains(&holding)) {
            return;
        }
        self.begin_anew();
        (0..held).for_each(|i| _ = self.single(0, i % 10 == 9));
    }

    /// Leads the breaker into the state that the task begins with; whether it got there.
    pub(crate) fn begin(&self, task: Task) -> bool {
        match task {
            Task::Rejected => (0..1_000).any(|_| self.single(0, true) == Answer::Rejected),
            _ => self.holds(task),
        }
    }

    /// Whether the breaker is in the state that the task is about.
    pub(crate) fn holds(&self, task: Task) -> bool {
        (self.single(0, false) == Answer::Rejected) == (task == Task::Rejected)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
