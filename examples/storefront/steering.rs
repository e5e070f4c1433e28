//! The breakers of the shop are steered by a file while it runs.

use std::io;
use std::path::Path;
use std::sync::Arc;

use breaker_runtime::{Event, Reason, registry};

/// Puts the file in force, and goes on doing so when it changes. What comes of that is printed.
pub(crate) fn begin(path: &Path) -> io::Result<String> {
    registry::listen(Arc::new(|event: &Event| match event {
        Event::Changed(change) => {
            if let Reason::SettingsSet(_) | Reason::ModeSet(_) = change.reason {
                println!("{event}");
            }
        }
        other => println!("{other}"),
    }))?;
    let watch = registry::watch(path).map_err(io::Error::other)?;
    Ok(format!("{} is watched", watch.applied().origin()))
}
