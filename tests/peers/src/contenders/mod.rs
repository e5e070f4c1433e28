//! Who is measured. Each file makes one breaker of each kind that it has, at the closest setting to what the task says,
//! and notes where that is another rule.

mod arcly;
mod circuitbreaker_rs;
mod failsafe;
mod ours;
mod recloser;
mod seatbelt;
mod tower_resilience;

use crate::feed::{Numbers, Texts};
use crate::scenario::{Form, Kind, Task};
use crate::subject::Subject;
use crate::work::{SmallError, poll, work, work_async, work_of_parts};

/// What a subject is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Contract,
    Measure,
}

/// Shows a contract, and is given what lets some time pass.
pub(crate) type Show<'a> = &'a mut dyn FnMut(&mut dyn FnMut());

/// One column.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// The crate whose version is shown; only rivals have one.
    pub(crate) rival: Option<&'static str>,
    /// A fresh breaker under that task, where there is one of that kind.
    pub(crate) subject: fn(Task, Purpose) -> Option<Subject>,
    /// Shows the contract with a clock that goes on at each call, where its rule needs one.
    pub(crate) in_time: fn(Task, Show),
}

/// The first is the one whose ratio is shown.
pub(crate) const ALL: &[Contender] = &[
    Contender { name: "ours, attribute", rival: None, subject: ours::attribute, in_time: at_once },
    Contender { name: "ours, `call`", rival: None, subject: ours::call, in_time: at_once },
    Contender { name: "ours, `try_acquire`", rival: None, subject: ours::try_acquire, in_time: at_once },
    rival("arcly-http", arcly::subject),
    rival("circuitbreaker-rs", circuitbreaker_rs::subject),
    Contender { in_time: failsafe::in_time, ..rival("failsafe", failsafe::subject) },
    rival("recloser", recloser::subject),
    rival("seatbelt", seatbelt::subject),
    Contender {
        rival: Some("tower-resilience-circuitbreaker"),
        ..rival("tower-resilience", tower_resilience::subject)
    },
];

const fn rival(package: &'static str, subject: fn(Task, Purpose) -> Option<Subject>) -> Contender {
    Contender { name: package, rival: Some(package), subject, in_time: at_once }
}

fn at_once(_: Task, show: Show) {
    show(&mut || ());
}

/// The work without a breaker, on the same inputs and in laps of the same length.
pub(crate) fn bare(task: Task) -> Subject {
    let mut bare = match task {
        Task::Closed(Form::Async) => Subject::new(task, || (), |(), order| poll(work_async(order))),
        Task::With(..) => Subject::new(task, || (), |(), order| poll(work_of_parts(order))),
        Task::Keyed { keys, kind: Kind::Text } => {
            Subject::fed(task, Texts::new(keys), || (), |(), (key, order)| asked(&key, order))
        }
        Task::Keyed { keys, kind: Kind::Number } => {
            Subject::fed(task, Numbers(keys), || (), |(), (key, order)| asked(&key, order))
        }
        _ => Subject::new(task, || (), |(), order| work(order)),
    };
    bare.held = None;
    bare
}

/// The work for a key, which is at hand in a register or two.
#[inline]
fn asked<K>(key: &K, order: u64) -> Result<u64, SmallError> {
    std::hint::black_box(key);
    work(order)
}

/// What stands beside a rival that has async calls alone, where sync ones are measured.
const POLLED: &str = "async only: its future is polled where others are called";
