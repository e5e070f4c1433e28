//! arcly-http: an attribute on async functions that counts failures, which a success does not take back. Its breaker is a
//! static inside the function, out of reach: each task, and each contract, has a function of its own.

use arcly_http::resilience::{BreakerOpen, circuit_breaker};

use super::{POLLED, Purpose};
use crate::scenario::{Form, Task};
use crate::subject::Subject;
use crate::work::{SmallError, poll, work, work_async};

pub(crate) fn subject(task: Task, purpose: Purpose) -> Option<Subject> {
    macro_rules! function {
        ($name:ident) => {
            function!($name, |order| work(order))
        };
        ($name:ident, |$order:ident| $work:expr) => {{
            #[circuit_breaker(threshold = 5, cooldown = "1h")]
            async fn $name($order: u64) -> Result<u64, SmallError> {
                $work
            }
            Subject::new(task, || (), |(), order| poll($name(order)))
        }};
    }
    match (task, purpose) {
        (Task::Closed(Form::Sync), Purpose::Contract) => Some(function!(closed_to_prove)),
        (Task::Closed(Form::Async), Purpose::Contract) => Some(function!(closed_async_to_prove)),
        (Task::Rejected, Purpose::Contract) => Some(function!(rejected_to_prove)),
        (Task::Closed(Form::Sync), Purpose::Measure) => Some(function!(closed).note(POLLED)),
        (Task::Closed(Form::Async), Purpose::Measure) => Some(function!(closed_async, |order| work_async(order).await)),
        (Task::Rejected, Purpose::Measure) => Some(function!(rejected).note(POLLED)),
        (Task::Counted { .. } | Task::Timed { .. } | Task::Slow { .. } | Task::Keyed { .. } | Task::With(..), _) => {
            None
        }
    }
}

impl From<BreakerOpen> for SmallError {
    fn from(_: BreakerOpen) -> Self {
        Self::REJECTED
    }
}
