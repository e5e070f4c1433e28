//! Everything that is wrong with one attribute, gathered before anything is reported.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// The mistakes found so far, each at the tokens it concerns.
#[derive(Default)]
pub(crate) struct Problems(Option<Error>);

impl Problems {
    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.add(Error::new_spanned(tokens, message));
    }

    /// One `compile_error! { … }` for each problem; nothing when there is none.
    pub(crate) fn into_tokens(self) -> Option<TokenStream> {
        self.0.map(|error| error.to_compile_error())
    }

    #[cfg(test)]
    pub(crate) fn texts(self) -> Vec<String> {
        self.0.map_or_else(Vec::new, |error| error.into_iter().map(|one| one.to_string()).collect())
    }
}
