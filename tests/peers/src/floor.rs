//! What the parts of a breaker cost on this machine: the floor that no breaker can go below.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::scenario::{Form, Task};
use crate::subject::Subject;
use crate::work::{SmallError, work};

/// One operation.
pub(crate) struct Operation {
    pub(crate) title: &'static str,
    pub(crate) threads: u32,
    pub(crate) subject: Subject,
}

/// An empty loop, over which the operations are measured.
pub(crate) fn nothing() -> Subject {
    each(|_| {})
}

pub(crate) fn all() -> Vec<Operation> {
    static WORD: AtomicU64 = AtomicU64::new(0);
    static LOCKED: Mutex<u64> = Mutex::new(0);
    thread_local!(static OWN: Cell<u64> = const { Cell::new(0) });

    let operation = |title, threads, subject| Operation { title, threads, subject };
    vec![
        operation("bare call", 1, each(|i| _ = black_box(work(i)))),
        operation("relaxed load", 1, each(|_| _ = black_box(WORD.load(Ordering::Relaxed)))),
        operation("relaxed store", 1, each(|i| WORD.store(i, Ordering::Relaxed))),
        operation("locked add", 1, each(|_| _ = WORD.fetch_add(1, Ordering::Relaxed))),
        operation("locked add, 2 threads", 2, each(|_| _ = WORD.fetch_add(1, Ordering::Relaxed))),
        operation("thread-local counter", 1, each(|_| OWN.with(|own| own.set(black_box(own.get() + 1))))),
        operation("`Instant::now`", 1, each(|_| _ = black_box(Instant::now()))),
        operation("`Instant::now` twice", 1, each(|_| _ = black_box(Instant::now().elapsed()))),
        operation("uncontended `Mutex`", 1, each(|_| *LOCKED.lock().expect("nobody panics holding it") += 1)),
    ]
}

fn each(operation: impl Fn(u64) + Send + Sync + 'static) -> Subject {
    Subject::new(
        Task::Closed(Form::Sync),
        || (),
        move |(), i| {
            operation(i);
            Ok::<u64, SmallError>(i)
        },
    )
}
