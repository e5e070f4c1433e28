//! Somebody keeps an eye on a configuration, and puts in force what it says.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::apply::put_in_force;
use crate::config::{self, Applied, Config, ConfigError, File, Problem, Source};

/// How often a file is read, whatever the system says of it. Some file systems tell of no changes, and nobody tells that
/// a link on the way to it leads elsewhere now.
const EVERY: Duration = Duration::from_millis(500);
/// Nothing is looked at more often than this.
const REST: Duration = Duration::from_millis(20);
/// A file is taken when it has not changed for so long: an editor may be at it.
const SETTLED: Duration = Duration::from_millis(50);
/// One that others take the place of is waited for so many times that: each of them is whole.
const OF_OTHERS: u32 = 8;
/// One that somebody writes to, so many.
const OF_ITSELF: u32 = 200;

/// Reads a file, and what the environment says, and puts it in force. Once; [`watch`] goes on.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let applied = breaker_runtime::registry::load("breakers.toml")?;
/// eprintln!("{applied}");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`Config::read`] and [`apply`](super::apply()): nothing has changed.
pub fn load(path: impl AsRef<Path>) -> Result<Applied, ConfigError> {
    put_in_force(Config::read(path), || true)
}

/// Reads a file, and what the environment says, puts it in force, and goes on doing so whenever the file changes: when it
/// is edited, when another is put in its place, when a link on the way to it leads elsewhere. It takes about a tenth of a
/// second, and half a second more where the system tells of no changes. What somebody goes on writing to is waited for, up
/// to ten seconds.
///
/// A file that is missing, unreadable or wrong changes nothing. Those who listen are told once what is wrong with it
/// ([`Event::ConfigRefused`](crate::Event)), all snapshots tell it
/// ([`Snapshot::config_refused`](crate::Snapshot)), and the next good version is taken.
///
/// Goes on until [`Watch::end`], or the end of the process. The first version is waited for here, for a twentieth of a
/// second: until it has settled.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let watch = breaker_runtime::registry::watch("breakers.toml")?;
/// eprintln!("{}", watch.applied());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`load`]: what is wrong with the first version. Nothing has changed, and nothing is watched. Where the system can start
/// no thread, it was applied, and the error says so.
pub fn watch(path: impl AsRef<Path>) -> Result<Watch, ConfigError> {
    let (wake, woken) = sync_channel(1);
    let file = File::new(path);
    let eyes = Eyes::new(file.path(), &wake);
    Watched::new(file, Some(eyes)).begin(EVERY, wake, woken)
}

/// The same with a source of your own, which is asked as often as `every` says, but no more than fifty times a second. What
/// the environment says is stronger than it, as than a file.
///
/// # Errors
///
/// As [`watch`].
pub fn watch_source(source: impl Source, every: Duration) -> Result<Watch, ConfigError> {
    let (wake, woken) = sync_channel(1);
    Watched::new(source, None).begin(every, wake, woken)
}

/// A configuration that is watched. Dropping it does not end that.
#[derive(Debug)]
pub struct Watch {
    applied: Applied,
    ended: Arc<AtomicBool>,
    wake: SyncSender<()>,
}

impl Watch {
    /// What came of the first version.
    #[must_use]
    pub fn applied(&self) -> &Applied {
        &self.applied
    }

    /// Looks no more. What is in force stays so; what is applied after this is not replaced by it.
    pub fn end(self) {
        self.ended.store(true, Ordering::SeqCst);
        // Where there is no room, it is woken already.
        let _ = self.wake.try_send(());
    }
}

/// What is watched, and what was last seen of it.
struct Watched<S> {
    source: S,
    /// Of a file.
    eyes: Option<Eyes>,
    seen: Option<Result<String, String>>,
}

impl<S: Source> Watched<S> {
    fn new(source: S, eyes: Option<Eyes>) -> Self {
        Self { source, eyes, seen: None }
    }

    fn begin(mut self, every: Duration, wake: SyncSender<()>, woken: Receiver<()>) -> Result<Watch, ConfigError> {
        let ended = Arc::new(AtomicBool::new(false));
        let mut first = self.look();
        if self.eyes.is_some() {
            first = self.settled(first, &ended);
        }
        let applied = self.take(first.0, &ended)?;
        let (end, waker, origin) = (Arc::clone(&ended), wake.clone(), self.source.origin());
        let watching = move || {
            // Without one of its own it would not wait when the others are gone.
            let _waker = waker;
            self.go_on(every.max(REST), &woken, &end);
        };
        match thread::Builder::new().name("breaker-config".to_owned()).spawn(watching) {
            Ok(_) => Ok(Watch { applied, ended, wake }),
            Err(error) => {
                let text = format!("was applied, but cannot be watched: {error}");
                Err(ConfigError::new(&origin.into(), vec![Problem::of_all(text)]))
            }
        }
    }

    fn go_on(mut self, every: Duration, woken: &Receiver<()>, ended: &AtomicBool) {
        while !ended.load(Ordering::SeqCst) {
            // Woken, or after its time.
            let _ = woken.recv_timeout(every);
            // Whoever is told of a change, or the source itself, may panic: the next version is looked at all the same.
            let _ = catch_unwind(AssertUnwindSafe(|| self.look_again(ended)));
            thread::sleep(REST);
        }
    }

    fn look_again(&mut self, ended: &AtomicBool) {
        if let Some(eyes) = &mut self.eyes {
            eyes.follow();
        }
        let mut now = self.look();
        if self.seen.as_ref() == Some(&now.0) {
            return;
        }
        if self.eyes.is_some() {
            now = self.settled(now, ended);
        }
        if self.seen.as_ref() != Some(&now.0) {
            // Whoever listens has been told, also of a refusal.
            let _ = self.take(now.0, ended);
        }
    }

    /// What the source says, and of a file, which one it is.
    fn look(&mut self) -> Look {
        // Before the text: one that takes its place meanwhile is another one next time.
        let which = self.eyes.as_ref().and_then(Eyes::which);
        (config::text(&mut self.source), which)
    }

    /// What a file says when nobody writes to it any more.
    fn settled(&mut self, mut last: Look, ended: &AtomicBool) -> Look {
        let (mut of_others, mut of_itself) = (0, 0);
        while of_others < OF_OTHERS && of_itself < OF_ITSELF && !ended.load(Ordering::SeqCst) {
            thread::sleep(SETTLED);
            let now = self.look();
            if now.0 == last.0 {
                break;
            }
            if now.1 == last.1 {
                of_itself += 1;
            } else {
                of_others += 1;
            }
            last = now;
        }
        last
    }

    /// Puts in force what was seen, unless this has ended.
    fn take(&mut self, text: Result<String, String>, ended: &AtomicBool) -> Result<Applied, ConfigError> {
        let origin = self.source.origin();
        let parsed = match &text {
            Ok(text) => Config::parse(&origin, text),
            Err(why) => Err(ConfigError::new(&origin.into(), vec![Problem::of_all(why.clone())])),
        };
        self.seen = Some(text);
        put_in_force(parsed, || !ended.load(Ordering::SeqCst))
    }
}

/// What somebody saw, and of a file, which one it was.
type Look = (Result<String, String>, Option<Which>);
/// Device and number of a file.
type Which = (u64, u64);

/// Is told by the system when something happens where a file is: in its directory, and, where the file is a link, in that
/// of what the link leads to.
struct Eyes {
    path: PathBuf,
    watcher: Option<RecommendedWatcher>,
    watched: Vec<PathBuf>,
}

impl Eyes {
    /// Where the system has no room for one more, the file is read now and then all the same.
    fn new(path: &Path, wake: &SyncSender<()>) -> Self {
        let wake = wake.clone();
        let told = move |event: notify::Result<notify::Event>| {
            // To read it is no change, or it would be read for ever.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                // Where there is no room, somebody is woken already.
                let _ = wake.try_send(());
            }
        };
        let watcher = notify::recommended_watcher(told).ok();
        let mut eyes = Self { path: path.to_owned(), watcher, watched: Vec::new() };
        eyes.follow();
        eyes
    }

    /// Which file it is now; not known everywhere.
    fn which(&self) -> Option<Which> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            std::fs::metadata(&self.path).ok().map(|file| (file.dev(), file.ino()))
        }
        #[cfg(not(unix))]
        None
    }

    /// Looks where the file is now.
    fn follow(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        let place = |path: &Path| {
            path.parent().map(|parent| if parent == Path::new("") { Path::new(".") } else { parent }.to_owned())
        };
        let target = self.path.canonicalize().ok();
        let mut places: Vec<PathBuf> =
            [place(&self.path), target.as_deref().and_then(place)].into_iter().flatten().collect();
        places.dedup();
        if places == self.watched {
            return;
        }
        for gone in self.watched.iter().filter(|old| !places.contains(old)) {
            drop(watcher.unwatch(gone));
        }
        places.retain(|new| self.watched.contains(new) || watcher.watch(new, RecursiveMode::NonRecursive).is_ok());
        self.watched = places;
    }
}
