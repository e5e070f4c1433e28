//! Configurations: what they say, how they are put in force, and what a service sees of it while it runs.
//!
//! There is one configuration for a process, so these tests take turns.

mod apply;
mod environment;
mod files;
mod hostile;
mod lint;
mod sources;
mod text;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use breaker_runtime::config::Config;
use breaker_runtime::{CircuitBreaker, Event, Settings, Subscription, registry};

/// Far longer than anything here takes, unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// The turn of one test.
fn turn() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    // Whatever another test has left, if it failed.
    registry::apply(&Config::default()).unwrap();
    turn
}

/// A breaker for one test.
fn breaker(name: &str, settings: Settings) -> &'static CircuitBreaker {
    registry::get_or_create(name, settings).unwrap()
}

/// A directory for one test, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("breaker-config-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Puts another file in its place, at once.
    fn replace(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.write(&format!("{name}.new"), text);
        fs::rename(path, self.path(name)).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Hears all that is said of configurations, and of breakers.
struct Ears {
    heard: Receiver<Event>,
    subscription: Option<Subscription>,
}

impl Ears {
    fn new() -> Self {
        let (told, heard) = mpsc::channel();
        let listener = move |event: &Event| {
            let _ = told.send(event.clone());
        };
        let subscription = registry::listen(Arc::new(listener)).unwrap();
        Self { heard, subscription: Some(subscription) }
    }

    /// Waits for an event of which this is something.
    fn wait<T>(&self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let event = self.heard.recv_timeout(PATIENCE).expect("the event comes");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    /// Waits until a configuration is taken.
    fn taken(&self) -> String {
        self.wait(|event| match event {
            Event::Configured(applied) => Some(applied.to_string()),
            Event::ConfigRefused(refused) => panic!("{refused}"),
            _ => None,
        })
    }

    /// Waits until a file is taken that was written to in its place: where the writer is held up, it is seen empty before.
    fn edited(&self) -> String {
        self.wait(|event| match event {
            Event::Configured(applied) => Some(applied.to_string()),
            _ => None,
        })
    }

    /// Waits until one is refused.
    fn refused(&self) -> String {
        self.wait(|event| match event {
            Event::ConfigRefused(refused) => Some(refused.to_string()),
            Event::Configured(applied) => panic!("{applied}"),
            _ => None,
        })
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        if let Some(subscription) = self.subscription.take() {
            subscription.end();
        }
    }
}

/// Without the path of the directory in front.
fn short(text: impl Display, directory: &Path) -> String {
    text.to_string().replace(&format!("{}/", directory.display()), "")
}
