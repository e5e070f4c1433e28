//! Bearer tokens of [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750), each of one person.
//!
//! A token is compared with all that there are, in a time that says nothing of what they are: each is kept in as many bytes
//! as the longest may have, so that lengths are no shortcut, and no comparison ends the next one.

use std::error::Error;
use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

const SHORTEST: usize = 16;
const LONGEST: usize = 256;

/// A token that is none, or that nobody can be known by. Prints as one line, which does not contain the token.
///
/// ```
/// use breaker_runtime::web::Controls;
///
/// let refused = Controls::by_token("ann", "secret").unwrap_err();
/// assert_eq!(refused.to_string(), "the token of `ann` must have 16 to 256 characters");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRefused(String);

impl fmt::Display for TokenRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for TokenRefused {}

/// A token, and zeros behind it, which no token contains.
struct Token([u8; LONGEST]);

impl Token {
    /// `None` for what can be no token.
    fn of(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        text.iter().all(u8::is_ascii_graphic).then_some(Self(bytes))
    }

    fn is(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

/// Whose tokens there are.
#[derive(Default)]
pub(super) struct Tokens(Vec<(String, Token)>);

impl Tokens {
    pub(super) fn add(&mut self, who: &str, text: &str) -> Result<(), TokenRefused> {
        let whose = || format!("the token of `{}`", who.escape_debug());
        if who.trim().is_empty() {
            return Err(TokenRefused("a token needs the name of whose it is".to_owned()));
        }
        if !(SHORTEST..=LONGEST).contains(&text.len()) {
            return Err(TokenRefused(format!("{} must have {SHORTEST} to {LONGEST} characters", whose())));
        }
        let Some(token) = Token::of(text.as_bytes()) else {
            let must = "must be of visible ASCII characters, without spaces and line ends";
            return Err(TokenRefused(format!("{} {must}", whose())));
        };
        if let Some(other) = self.whose(&token) {
            return Err(TokenRefused(format!("{} is that of `{}`, too", whose(), other.escape_debug())));
        }
        self.0.push((who.to_owned(), token));
        Ok(())
    }

    /// Who sends the only token of these headers.
    pub(super) fn sender(&self, headers: &HeaderMap) -> Option<&str> {
        self.whose(&Token::of(presented(headers)?)?)
    }

    fn whose(&self, token: &Token) -> Option<&str> {
        // One beyond the last is nobody's.
        let mut found = 0_u64;
        for (number, (_, known)) in (1..).zip(&self.0) {
            found.conditional_assign(&number, known.is(token));
        }
        let place = usize::try_from(found).ok()?.checked_sub(1)?;
        self.0.get(place).map(|(who, _)| who.as_str())
    }
}

/// Only whose tokens there are.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(who, _)| who)).finish()
    }
}

/// What follows the word `Bearer`, where there is one such header, and no other kind of it.
pub(super) fn presented(headers: &HeaderMap) -> Option<&[u8]> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = only.as_bytes().split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: &str = "0123456789abcdef";
    const BEA: &str = "0123456789abcdeg-and-more~+/=";

    fn tokens() -> Tokens {
        let mut tokens = Tokens::default();
        tokens.add("ann", ANN).unwrap();
        tokens.add("bea", BEA).unwrap();
        tokens
    }

    fn sender(all: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for one in all {
            headers.append(AUTHORIZATION, one.parse().unwrap());
        }
        tokens().sender(&headers).map(str::to_owned)
    }

    #[test]
    fn each_is_known_by_the_own_token() {
        assert_eq!(sender(&[&format!("Bearer {ANN}")]).as_deref(), Some("ann"));
        assert_eq!(sender(&[&format!("bEARER   {BEA}")]).as_deref(), Some("bea"));
    }

    #[test]
    fn nobody_is_known_by_anything_else() {
        let longest = "x".repeat(LONGEST + 1);
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            ANN,
            &format!("Bearer{ANN}"),
            &format!("Basic {ANN}"),
            &format!("Bearer {ANN} "),
            &format!("Bearer {ANN},"),
            &format!("Bearer {ANN} {ANN}"),
            &format!("Bearer \"{ANN}\""),
            &format!("Bearer {}", &ANN[1..]),
            &format!("Bearer {}", &ANN[..15]),
            &format!("Bearer {ANN}0"),
            &format!("Bearer {}", ANN.to_uppercase()),
            &format!("Bearer {longest}"),
        ] {
            // Spaces at the end of a field are no part of it.
            if wrong.trim_end() != format!("Bearer {ANN}") {
                assert_eq!(sender(&[wrong]), None, "{wrong}");
            }
        }
        assert_eq!(sender(&[]), None);
        let right = format!("Bearer {ANN}");
        assert_eq!(sender(&[&right, &right]), None, "two headers");
        assert_eq!(Tokens::default().whose(&Token::of(ANN.as_bytes()).unwrap()), None);
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_and_not_quoted() {
        let mut tokens = tokens();
        let (long, short) = ("x".repeat(257), "x".repeat(15));
        for (who, text, why) in [
            ("bob", &*short, "the token of `bob` must have 16 to 256 characters"),
            ("bob", &*long, "the token of `bob` must have 16 to 256 characters"),
            (
                "bob",
                "0123456789abcdef\n",
                "the token of `bob` must be of visible ASCII characters, without spaces and line ends",
            ),
            (
                "bob",
                "sixteen of these é",
                "the token of `bob` must be of visible ASCII characters, without spaces and line ends",
            ),
            ("b\n", ANN, "the token of `b\\n` is that of `ann`, too"),
            (" ", "another-long-token", "a token needs the name of whose it is"),
        ] {
            let refused = tokens.add(who, text).unwrap_err();
            assert_eq!(refused.to_string(), why);
            assert!(!format!("{refused:?}").contains(text));
        }
        tokens.add("bob", &long[1..]).unwrap();
        assert_eq!(format!("{tokens:?}"), r#"["ann", "bea", "bob"]"#);
    }
}
