//! Durations, shares and texts of others as people read them.

use std::fmt::{self, Write};
use std::time::Duration;

/// Prints `250 ms`, `1.5 s`, `60 s`, `10 min`: rounded up, so that whoever waits that long waits long enough.
pub(crate) struct Plain(pub(crate) Duration);

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_nanos().div_ceil(1_000_000);
        let tenths = self.0.as_nanos().div_ceil(100_000_000);
        let seconds = self.0.as_nanos().div_ceil(1_000_000_000);
        match seconds {
            _ if millis < 1_000 => write!(f, "{millis} ms"),
            _ if tenths < 100 && tenths % 10 != 0 => write!(f, "{}.{} s", tenths / 10, tenths % 10),
            _ if tenths < 100 => write!(f, "{} s", tenths / 10),
            0..=120 => write!(f, "{seconds} s"),
            _ if seconds % 60 == 0 => write!(f, "{} min", seconds / 60),
            _ => write!(f, "{} min {} s", seconds / 60, seconds % 60),
        }
    }
}

/// `1 failure`, `2 failures`.
pub(crate) struct Counted(pub(crate) u64, pub(crate) &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// Prints a share as `50 %`, `33.3 %`.
pub(crate) struct Percent(pub(crate) f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = |digits: i32| {
            let unit = 10_f64.powi(digits);
            (self.0 * 100.0 * unit).round() / unit
        };
        // As many digits as keep a share from reading as none or all.
        let is_between = |percent: &f64| *percent > 0.0 && *percent < 100.0;
        let percent = (1..6).map(rounded).find(is_between).unwrap_or_else(|| rounded(6));
        write!(f, "{percent} %")
    }
}

/// Prints what somebody said as one line that shows all there is: what nobody sees is escaped, quotes and backslashes are not.
pub(crate) struct Line<'a>(pub(crate) &'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_seen = |c| matches!(c, '\'' | '"' | '\\');
        for part in self.0.split_inclusive(is_seen) {
            let last = part.chars().next_back().filter(|last| is_seen(*last));
            let before = &part[..part.len() - last.map_or(0, char::len_utf8)];
            write!(f, "{}", before.escape_debug())?;
            last.map_or(Ok(()), |last| f.write_char(last))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well_and_are_never_rounded_down() {
        for (millis, text) in [
            (0, "0 ms"),
            (250, "250 ms"),
            (1_000, "1 s"),
            (1_420, "1.5 s"),
            (9_990, "10 s"),
            (10_001, "11 s"),
            (60_000, "60 s"),
            (600_000, "10 min"),
            (125_500, "2 min 6 s"),
        ] {
            assert_eq!(Plain(Duration::from_millis(millis)).to_string(), text);
        }
        assert_eq!(Plain(Duration::from_nanos(1)).to_string(), "1 ms");
        assert_eq!(Plain(Duration::from_nanos(999_000_001)).to_string(), "1 s");
    }

    #[test]
    fn a_line_is_one_and_hides_nothing() {
        for (text, line) in [
            ("", ""),
            ("it's \"x\"", "it's \"x\""),
            (r"C:\new\'", r"C:\new\'"),
            ("größer, 東京, e\u{301}, 🦀", "größer, 東京, e\u{301}, 🦀"),
            ("a\nb\r\t\0\u{1b}[31m\u{7f}\u{85}", r"a\nb\r\t\0\u{1b}[31m\u{7f}\u{85}"),
            ("\u{202e}x\u{2066}\u{200f}\u{61c}", r"\u{202e}x\u{2066}\u{200f}\u{61c}"),
            ("\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}", r"\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}"),
            ("'\u{2028}\"\u{2029}\\\u{a0}", r#"'\u{2028}"\u{2029}\\u{a0}"#),
        ] {
            assert_eq!(Line(text).to_string(), line, "{text:?}");
        }
    }

    #[test]
    fn shares_read_as_percentages() {
        assert_eq!([0.999_6, 0.000_4].map(|share| Percent(share).to_string()), ["99.96 %", "0.04 %"]);
        assert_eq!(
            [0.5, 1.0, 1.0 / 3.0, 0.0041].map(|share| Percent(share).to_string()),
            ["50 %", "100 %", "33.3 %", "0.4 %"]
        );
    }
}
