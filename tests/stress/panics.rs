//! Panics that are part of the test, and print nothing.

use std::any::Any;
use std::panic::{self, panic_any};
use std::sync::Once;

struct Ours;

pub(crate) fn panic() -> ! {
    panic_any(Ours)
}

pub(crate) fn is_ours(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Ours>()
}

pub(crate) fn keep_ours_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<Ours>() {
                others(info);
            }
        }));
    });
}
