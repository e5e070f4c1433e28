//! The dashboard in a real browser.

mod browser;
mod controls;
mod outage;
mod page;
mod server;
mod storefront;

use tokio::sync::{Mutex, MutexGuard};

/// One browser at a time: they take much memory.
async fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::const_new(());
    ONE.lock().await
}
