//! recloser: rings of outcomes. A ring of five that must all be failures is a streak of five.

use std::sync::Arc;

use recloser::{AsyncRecloser, Error, Recloser};

use super::Purpose;
use crate::scenario::{Form, RATE, RESET, STREAK, Task};
use crate::subject::Subject;
use crate::work::{Rejection, SmallError, poll, work, work_async};

pub(crate) fn subject(task: Task, _: Purpose) -> Option<Subject> {
    match task {
        Task::Closed(Form::Sync) | Task::Rejected => Some(sync(task, STREAK, 1.0)),
        Task::Closed(Form::Async) => Some(Subject::new(
            task,
            || AsyncRecloser::from(breaker(STREAK, 1.0)),
            |breaker, order| poll(breaker.call(work_async(order))),
        )),
        Task::Counted { window } => Some(sync(task, window, RATE)),
        Task::Timed { .. } | Task::Slow { .. } | Task::Keyed { .. } | Task::With(..) => None,
    }
}

fn sync(task: Task, window: u32, rate: f64) -> Subject {
    Subject::new(task, move || Arc::new(breaker(window, rate)), |breaker, order| breaker.call(|| work(order)))
}

#[expect(clippy::cast_possible_truncation, reason = "a half and a whole are exact")]
fn breaker(window: u32, rate: f64) -> Recloser {
    Recloser::custom().closed_len(window as usize).error_rate(rate as f32).open_wait(RESET).build()
}

impl Rejection for Error<SmallError> {
    fn is_rejection(&self) -> bool {
        matches!(self, Self::Rejected)
    }
}
