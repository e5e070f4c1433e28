//! Where the text of a configuration comes from.

use std::error::Error;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::document::MOST_BYTES;

/// Somewhere a configuration can be had: a file, a service of your own.
///
/// ```
/// use std::error::Error;
/// use breaker_runtime::config::Source;
///
/// /// A row of a table.
/// struct Row;
///
/// impl Source for Row {
///     fn origin(&self) -> String {
///         "the table `limits`".to_owned()
///     }
///
///     fn read(&mut self) -> Result<String, Box<dyn Error + Send + Sync>> {
///         Ok("[breaker.pricing]\nreset = \"30s\"".to_owned())
///     }
/// }
///
/// let config = breaker_runtime::registry::watch_source(Row, std::time::Duration::from_secs(10))?;
/// config.end();
/// # Ok::<(), breaker_runtime::config::ConfigError>(())
/// ```
pub trait Source: Send + 'static {
    /// Where it is, for people: changes and messages show it.
    fn origin(&self) -> String;

    /// The text as it is now, in TOML. Called by whoever begins to watch, then on a thread of its own. It may wait; set
    /// yourself a limit.
    ///
    /// # Errors
    ///
    /// Why it cannot be had: nothing changes then, and the message is told as it prints.
    fn read(&mut self) -> Result<String, Box<dyn Error + Send + Sync>>;
}

/// What a source says, or why it says nothing. A panic of its own is such a reason, too.
pub(crate) fn text(source: &mut dyn Source) -> Result<String, String> {
    match catch_unwind(AssertUnwindSafe(|| source.read())) {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err("the source panicked".to_owned()),
    }
}

/// A file as a source. Its text is read at once, so of a file that is put in its place by renaming, it is always the whole.
#[derive(Clone, Debug)]
pub struct File {
    /// As it was given.
    name: PathBuf,
    path: PathBuf,
}

impl File {
    /// The file at this path, from where the program is now. It need not exist yet.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        // Though the program may go elsewhere.
        Self { name: path.to_owned(), path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()) }
    }
}

impl File {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Source for File {
    fn origin(&self) -> String {
        self.name.display().to_string()
    }

    fn read(&mut self) -> Result<String, Box<dyn Error + Send + Sync>> {
        // Opening something else, such as a pipe, could wait for ever.
        let kind = std::fs::metadata(&self.path)?;
        if !kind.is_file() {
            return Err(if kind.is_dir() { "is a directory" } else { "is no regular file" }.into());
        }
        let mut bytes = Vec::new();
        // One more than is allowed, to know of it.
        std::fs::File::open(&self.path)?.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > MOST_BYTES {
            return Err(format!("is longer than the {MOST_BYTES} bytes that are read").into());
        }
        String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.split(|byte| *byte == b'\n').count();
            format!("is not UTF-8 in line {line}").into()
        })
    }
}
