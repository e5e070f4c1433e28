//! What the caller gets where the body gives nothing.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{Expr, ExprPath};

use super::here;
use super::place::Place;
use super::run::default_verdict;
use crate::plan::{Answer, Fallback, Plan};

/// What the caller of a rejected call gets.
pub(super) struct Rejected {
    /// The name of the breaker, or `_` where it is not needed.
    pub(super) breaker: TokenStream,
    /// The same of the error.
    pub(super) error: TokenStream,
    /// ANSWER, where there is a fallback.
    pub(super) answer: Option<TokenStream>,
    /// `answer`, or `P::FromRejected::from_rejected(error)`
    pub(super) value: TokenStream,
    /// Whether something is awaited there.
    pub(super) waits: bool,
}

pub(super) fn on_rejection(plan: &Plan) -> Rejected {
    let p = &plan.runtime;
    let (breaker, error) = (quote_spanned!(here()=> breaker), quote_spanned!(here()=> error));
    let (nothing, value) = (quote_spanned!(here()=> _), quote_spanned!(here()=> answer));
    match plan.fallback.as_ref().map(|fallback| &fallback.answer) {
        None => {
            let place = Place::of(&plan.function.output.place);
            let value = place.call(quote_spanned!(here()=> #p::FromRejected::from_rejected), error.clone());
            Rejected { breaker: nothing, error, answer: None, value, waits: false }
        }
        Some(Answer::Path { path, arguments }) => {
            let answer = answer(plan, &path_call(plan, path, arguments), quiet(arguments).as_ref());
            Rejected { breaker, error: nothing, answer: Some(answer), value, waits: plan.function.is_async() }
        }
        Some(Answer::Closure { expr, waits }) => {
            let closure = closure(plan, expr, *waits);
            let called = closure_call(&closure, &quote_spanned!(here()=> #p::Cause::Rejected(error)), *waits);
            let answer = answer(plan, &called, None);
            Rejected { breaker, error, answer: Some(answer), value, waits: *waits }
        }
    }
}

/// The parts of a function whose fallback answers failures, too.
pub(super) struct AfterFailure {
    /// What is evaluated before the call is admitted.
    pub(super) before: TokenStream,
    /// What a `let` needs that names the arguments.
    pub(super) quiet: Option<TokenStream>,
    /// Copies of the arguments, made once the call is admitted.
    pub(super) kept: TokenStream,
    /// The pattern for the breaker, the cause and the arguments.
    pub(super) received: TokenStream,
    /// The arguments themselves, where the call was rejected.
    pub(super) given: TokenStream,
    pub(super) answer: TokenStream,
}

pub(super) fn after_failure(plan: &Plan, fallback: &Fallback) -> AfterFailure {
    let p = &plan.runtime;
    match &fallback.answer {
        Answer::Closure { expr, waits } => {
            let closure = closure(plan, expr, *waits);
            let called = closure_call(&quote_spanned!(here()=> fallback), &quote_spanned!(here()=> cause), *waits);
            let answer = answer(plan, &called, None);
            AfterFailure {
                quiet: None,
                before: quote_spanned!(here()=> let fallback = #closure;),
                kept: quote_spanned!(here()=> ()),
                received: quote_spanned!(here()=> (breaker, cause, ())),
                given: quote_spanned!(here()=> ()),
                answer: quote_spanned!(here()=> #answer answer),
            }
        }
        Answer::Path { path, arguments } => {
            let copies = arguments.iter().map(|argument| {
                let place = Place::of(argument);
                let span = place.start();
                place.call(quote_spanned!(here()=> #p::keep), quote_spanned!(span=> &#argument))
            });
            let names: Vec<Ident> = arguments
                .iter()
                .enumerate()
                .map(|(position, argument)| format_ident!("argument{position}", span = Place::of(argument).start()))
                .collect();
            let answer = answer(plan, &path_call(plan, path, &names), None);
            AfterFailure {
                quiet: quiet(arguments),
                before: TokenStream::new(),
                kept: quote_spanned!(here()=> (#(#copies,)*)),
                received: quote_spanned!(here()=> (breaker, _, (#(#names,)*))),
                given: quote_spanned!(here()=> (#(#arguments,)*)),
                answer: quote_spanned!(here()=> #answer answer),
            }
        }
    }
}

/// Output:
/// ```text
/// let ticket = P::falling_back(breaker);
/// let answer: R = CALL;
/// ticket.answered(P::judge!(&answer));
/// ```
fn answer(plan: &Plan, call: &TokenStream, quiet: Option<&TokenStream>) -> TokenStream {
    let p = &plan.runtime;
    let output = &plan.function.output.ty;
    let verdict = default_verdict(plan, &quote_spanned!(here()=> &answer));
    quote_spanned! {here()=>
        let ticket = #p::falling_back(breaker);
        #quiet
        let answer: #output = #call;
        ticket.answered(#verdict);
    }
}

/// A parameter that the user does not use is used here, and keeps its span, so that lints take it for the user's.
fn quiet(arguments: &[Ident]) -> Option<TokenStream> {
    let unused = arguments.iter().any(|argument| argument.to_string().starts_with('_'));
    unused.then(|| quote_spanned!(here()=> #[allow(clippy::used_underscore_binding)]))
}

/// Output: `cached_price(sku, at).await`, all of it at the path, where a signature that drifted is reported
fn path_call(plan: &Plan, path: &ExprPath, arguments: &[Ident]) -> TokenStream {
    let place = Place::of(path);
    let span = place.start();
    let call = quote_spanned!(span=> (#(#arguments),*));
    let mut tokens = path.to_token_stream();
    tokens.extend(call);
    if plan.function.is_async() {
        tokens.extend(quote_spanned!(span=> .await));
    }
    tokens
}

/// Output: `P::fallback::<R, _>(CLOSURE)`, which tells the closure its types
fn closure(plan: &Plan, expr: &Expr, waits: bool) -> TokenStream {
    let p = &plan.runtime;
    let output = &plan.function.output.ty;
    let place = Place::of(expr);
    let span = place.start();
    let (path, types) = if waits {
        (quote_spanned!(here()=> #p::fallback_async), quote_spanned!(span=> ::<#output, _, _>))
    } else {
        (quote_spanned!(here()=> #p::fallback), quote_spanned!(span=> ::<#output, _>))
    };
    let mut call = place.put(path);
    call.extend(types);
    call.extend(place.arguments(expr.to_token_stream()));
    call
}

fn closure_call(closure: &TokenStream, cause: &TokenStream, waits: bool) -> TokenStream {
    let wait = waits.then(|| quote_spanned!(here()=> .await));
    quote_spanned!(here()=> #closure(#cause) #wait)
}
