//! Values of the attribute's keys as tokens: literals, and expressions that the compiler checks at their place.

use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Ident};

use super::here;
use super::place::Place;
use crate::args::values::{Value, place};
use crate::plan::Plan;

/// Input: `self.breaker`
///
/// Output: `&self.breaker`, with parentheses where the expression needs them
pub(super) fn borrowed(expr: &Expr) -> TokenStream {
    let span = Place::of(expr).start();
    match place(expr) {
        inner @ (Expr::Path(_) | Expr::Field(_) | Expr::Call(_) | Expr::MethodCall(_) | Expr::Macro(_)) => {
            quote_spanned!(span=> &#inner)
        }
        inner => quote_spanned!(span=> &(#inner)),
    }
}

pub(super) fn count(plan: &Plan, value: &Value<u32>) -> TokenStream {
    known_or_checked(plan, "count", value, known_count)
}

pub(super) fn known_count(number: u32) -> TokenStream {
    Literal::u32_unsuffixed(number).into_token_stream()
}

pub(super) fn number(plan: &Plan, check: &str, value: &Value<f64>) -> TokenStream {
    known_or_checked(plan, check, value, |number| Literal::f64_unsuffixed(number).into_token_stream())
}

pub(super) fn time(plan: &Plan, value: &Value<Duration>) -> TokenStream {
    known_or_checked(plan, "duration", value, |time| known_time(plan, time))
}

pub(super) fn known_time(plan: &Plan, time: Duration) -> TokenStream {
    let p = &plan.runtime;
    let (seconds, nanos) = (Literal::u64_unsuffixed(time.as_secs()), Literal::u32_unsuffixed(time.subsec_nanos()));
    quote_spanned!(here()=> #p::Duration::new(#seconds, #nanos))
}

/// Output: the literal, or `P::count(LIMIT)` at `LIMIT`, where the compiler then reports a bad one
pub(super) fn known_or_checked<T: Copy>(
    plan: &Plan,
    check: &str,
    value: &Value<T>,
    literal: impl FnOnce(T) -> TokenStream,
) -> TokenStream {
    match value {
        Value::Literal(known, _) => literal(*known),
        Value::Constant(expr) => {
            let p = &plan.runtime;
            let check = Ident::new(check, here());
            Place::of(expr).call(quote_spanned!(here()=> #p::#check), expr.clone())
        }
    }
}
