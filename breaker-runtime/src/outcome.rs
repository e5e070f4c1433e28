//! What counts as success, failure, ignored.

use std::fmt::{self, Write};

/// What a call said about its dependency, judged by its output.
#[derive(Clone, Copy)]
pub enum Verdict<'a> {
    /// The dependency works.
    Success,
    /// It does not; with what is known of the failure.
    Failure(Fault<'a>),
    /// The output says nothing about it.
    Ignored,
}

impl fmt::Debug for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "Success",
            Self::Failure(_) => "Failure(..)",
            Self::Ignored => "Ignored",
        })
    }
}

/// What is known of a failure.
#[derive(Clone, Copy, Debug)]
pub struct Fault<'a> {
    /// What the report may quote.
    pub quote: Quote<'a>,
    /// How it is sorted; `None` where nobody says.
    pub class: Option<&'static str>,
}

impl Fault<'static> {
    /// Of an output that is a failure by what the user says alone.
    pub(crate) const BY_FAILURE_IF: Self = Self::new(Quote::Plain("failed by `failure_if`"));
}

impl<'a> Fault<'a> {
    /// Of no class.
    pub(crate) const fn new(quote: Quote<'a>) -> Self {
        Self { quote, class: None }
    }

    /// Of this class.
    pub(crate) const fn of(class: &'static str, quote: Quote<'a>) -> Self {
        Self { quote, class: Some(class) }
    }
}

/// How a failure can be described.
#[derive(Clone, Copy)]
pub enum Quote<'a> {
    /// By an error that has a text.
    Display(&'a dyn fmt::Display),
    /// By an error that only developers can read.
    Debug(&'a dyn fmt::Debug),
    /// By the name of a type that has no text, or by what happened.
    Plain(&'static str),
    /// By the status of a response.
    Status(u16),
}

impl fmt::Debug for Quote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Quote(..)")
    }
}

/// The longest text of one error that is kept, in bytes.
pub(crate) const QUOTE_LIMIT: usize = 200;

impl Quote<'_> {
    /// Puts the text in the place of what `into` holds, cut at [`QUOTE_LIMIT`].
    pub(crate) fn write_to(self, into: &mut String) {
        into.clear();
        let mut text = Cut(into);
        // A text that does not fit ends as an error of ours, which is no news.
        let _ = match self {
            Self::Display(error) => write!(text, "{error}"),
            Self::Debug(error) => write!(text, "{error:?}"),
            Self::Plain(name) => text.write_str(name),
            Self::Status(status) => write!(text, "HTTP status {status}"),
        };
    }
}

/// Stops a text at the limit, between two characters, and says so by an ellipsis.
struct Cut<'a>(&'a mut String);

impl Write for Cut<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        const ELLIPSIS: &str = "…";
        if self.0.len() + part.len() <= QUOTE_LIMIT {
            self.0.push_str(part);
            return Ok(());
        }
        let room = (QUOTE_LIMIT - ELLIPSIS.len()).saturating_sub(self.0.len());
        let end = (0..=room).rev().find(|&at| part.is_char_boundary(at)).unwrap_or(0);
        self.0.push_str(&part[..end]);
        while self.0.len() > QUOTE_LIMIT - ELLIPSIS.len() {
            self.0.pop();
        }
        self.0.push_str(ELLIPSIS);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let mut text = String::new();
        for length in 0..=3 {
            let long = format!("{}{}", "x".repeat(QUOTE_LIMIT - length), "äöü€");
            Quote::Display(&long).write_to(&mut text);
            assert!(text.len() <= QUOTE_LIMIT, "{}", text.len());
            assert!(text.ends_with('…'));
        }
        assert_eq!(QUOTE_LIMIT, 200, "which the documentation promises");
        Quote::Display(&"x".repeat(QUOTE_LIMIT)).write_to(&mut text);
        assert_eq!(text, "x".repeat(QUOTE_LIMIT));
    }

    #[test]
    fn a_text_in_many_parts_is_cut_too() {
        let mut text = String::new();
        Quote::Debug(&vec!["part"; 100]).write_to(&mut text);
        assert!(text.len() <= QUOTE_LIMIT && text.ends_with('…'), "{text}");
    }

    #[test]
    fn without_an_error_the_name_is_quoted() {
        let mut text = String::from("before");
        Quote::Plain("panicked").write_to(&mut text);
        assert_eq!(text, "panicked");
        Quote::Status(503).write_to(&mut text);
        assert_eq!(text, "HTTP status 503");
    }
}
