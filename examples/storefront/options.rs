//! The command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const USAGE: &str = "\
A shop with a circuit breaker beside one without, in front of the same failing pricing service.

Usage: storefront [OPTIONS]

Options:
  --picture PATH           where to write the picture of the run, an SVG
                           (else storefront.svg beside the program)
  --plain-timeout SECONDS  the time limit of the plain shop's calls to its pricing service
                           (else 30, a common default of HTTP clients)
  --config PATH            put this file in force and watch it: `breakers.toml` beside the source is one
                           to begin with
  --serve                  call a few other services, too, and after the run keep shops, services and
                           the breakers' own pages up until interrupted, without the crowd
  --no-run                 the same at once, without the run
  --token TEXT             whoever has it may change breakers by those pages: 16 letters or more
  --storm                  in its place, and without other options: a storm of retries in three shops,
                           one without retries, one with them, and one with the breaker inside them
  --help                   this text

The run takes half a minute, the storm a quarter. The exit status is 0 if the breaker did what it
promises and the shops without it suffered, 1 if not, 2 for options that are not these.";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) picture: Option<PathBuf>,
    pub(crate) plain_timeout: Duration,
    pub(crate) config: Option<PathBuf>,
    pub(crate) token: Option<String>,
    pub(crate) serve: bool,
    pub(crate) run: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            picture: None,
            plain_timeout: Duration::from_secs(30),
            config: None,
            token: None,
            serve: false,
            run: true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Run(Options),
    Storm,
    Help,
}

/// What to do, or what is wrong with the words.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut options = Options::default();
    let mut storm = false;
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let mut value = |what: &str| words.next().ok_or_else(|| format!("{} needs {what}", word.to_string_lossy()));
        match word.to_str() {
            Some("--help" | "-h") => return Ok(Command::Help),
            Some("--storm") => storm = true,
            Some("--serve") => options.serve = true,
            Some("--no-run") => (options.serve, options.run) = (true, false),
            Some("--token") => options.token = Some(value("a text")?.to_string_lossy().into_owned()),
            Some("--config") => options.config = Some(value("a path")?.into()),
            Some("--picture") => options.picture = Some(value("a path")?.into()),
            Some("--plain-timeout") => options.plain_timeout = seconds(&value("a number of seconds")?)?,
            _ => return Err(format!("unknown option `{}`", word.to_string_lossy())),
        }
    }
    match storm {
        false => Ok(Command::Run(options)),
        true if options == Options::default() => Ok(Command::Storm),
        true => Err("--storm goes with no other option".to_owned()),
    }
}

fn seconds(text: &OsStr) -> Result<Duration, String> {
    text.to_str()
        .and_then(|text| text.parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|limit| !limit.is_zero())
        .ok_or_else(|| format!("`{}` is no number of seconds above 0", text.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Command, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn without_options_it_just_runs() {
        assert_eq!(parsed(&[]), Ok(Command::Run(Options::default())));
    }

    #[test]
    fn every_option_is_taken() {
        let options = Options {
            picture: Some("p.svg".into()),
            plain_timeout: Duration::from_millis(1_500),
            config: Some("b.toml".into()),
            token: Some("0123456789abcdef".to_owned()),
            serve: true,
            run: true,
        };
        let words = [
            "--serve",
            "--picture",
            "p.svg",
            "--plain-timeout",
            "1.5",
            "--config",
            "b.toml",
            "--token",
            "0123456789abcdef",
        ];
        assert_eq!(parsed(&words), Ok(Command::Run(options)));
        let idle = Options { serve: true, run: false, ..Options::default() };
        assert_eq!(parsed(&["--no-run"]), Ok(Command::Run(idle)));
        assert_eq!(parsed(&["--storm"]), Ok(Command::Storm));
        assert_eq!(parsed(&["--serve", "--help"]), Ok(Command::Help));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let problem = |words: &[&str]| parsed(words).unwrap_err();
        assert_eq!(problem(&["--sevre"]), "unknown option `--sevre`");
        assert_eq!(problem(&["now"]), "unknown option `now`");
        assert_eq!(problem(&["--storm", "--serve"]), "--storm goes with no other option");
        assert_eq!(problem(&["--picture"]), "--picture needs a path");
        assert_eq!(problem(&["--config"]), "--config needs a path");
        assert_eq!(problem(&["--token"]), "--token needs a text");
        for bad in ["0", "-1", "soon", "nan", "inf", "1e300"] {
            assert_eq!(problem(&["--plain-timeout", bad]), format!("`{bad}` is no number of seconds above 0"));
        }
    }
}
