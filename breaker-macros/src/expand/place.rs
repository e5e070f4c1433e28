//! Generated tokens that point at what the user wrote, so that the compiler's errors do.
//!
//! Only the place is the user's, the names stay the macro's: with the user's whole span, lints would take the tokens
//! for the user's code.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;

use super::{group, here};

/// From where to where the user's tokens reach.
#[derive(Clone, Copy)]
pub(super) struct Place {
    start: Span,
    end: Span,
}

impl Place {
    pub(super) fn of(tokens: &impl ToTokens) -> Self {
        let mut spans = tokens.to_token_stream().into_iter().map(|token| token.span());
        let start = spans.next().unwrap_or_else(here);
        Self { start, end: spans.last().unwrap_or(start) }
    }

    pub(super) fn start(self) -> Span {
        here().located_at(self.start)
    }

    /// A generated path, moved here as a whole.
    pub(super) fn put(self, path: TokenStream) -> TokenStream {
        let mut tokens: Vec<TokenTree> = path.into_iter().collect();
        let last = tokens.len().saturating_sub(1);
        for (position, token) in tokens.iter_mut().enumerate() {
            let place = if position == last && last > 0 { self.end } else { self.start };
            token.set_span(token.span().located_at(place));
        }
        tokens.into_iter().collect()
    }

    /// A generated call, moved here as a whole.
    pub(super) fn call(self, path: TokenStream, arguments: TokenStream) -> TokenStream {
        let mut tokens = self.put(path);
        tokens.extend(self.arguments(arguments));
        tokens
    }

    /// The parentheses of a generated call.
    pub(super) fn arguments(self, arguments: TokenStream) -> TokenStream {
        group(Delimiter::Parenthesis, here().located_at(self.end), arguments)
    }
}
