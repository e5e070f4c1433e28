//! A plan becomes tokens. These are templates: what can be wrong was found before, and what happens is the runtime's.
//!
//! Names in the templates belong to this macro alone (`mixed_site`), so that they never meet a name of the user's.
//! `P` in the comments stands for the path of the runtime's door.

mod breaker;
mod fallback;
mod place;
mod run;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use crate::args::FallbackOn;
use crate::plan::{Fallback, Plan};
use crate::signature::Shape;
use crate::site::Site;

/// The function first, its accessor after it: editors take the first for what the name means.
pub(crate) fn function(plan: &Plan, site: Site) -> TokenStream {
    let function = &plan.function;
    let mut tokens = function.attributes.clone();
    function.visibility.to_tokens(&mut tokens);
    function.signature.to_tokens(&mut tokens);
    let statements = statements(plan, site);
    let body = match &function.shape {
        Shape::Sync | Shape::Async => statements,
        Shape::Boxed(boxed) => {
            let mut future = boxed.keywords.clone();
            future.extend(group(Delimiter::Brace, boxed.braces, statements));
            let mut body = boxed.constructor.clone();
            body.extend(group(Delimiter::Parenthesis, boxed.parentheses, future));
            body
        }
    };
    tokens.extend(group(Delimiter::Brace, function.braces, body));
    tokens.extend(breaker::accessor(plan, site));
    tokens
}

/// The span of everything generated that does not stand for something the user wrote.
fn here() -> Span {
    Span::mixed_site()
}

fn group(delimiter: Delimiter, span: Span, tokens: TokenStream) -> TokenStream {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(span);
    TokenTree::from(group).into()
}

/// Output, where there is no fallback, or one that answers rejections and does not wait:
/// ```text
/// let breaker = …;
/// let permit = match P::admit(&breaker, LIMIT) {
///     P::Result::Ok(permit) => permit,
///     P::Result::Err(error) => { return ANSWER }
/// };
/// RUN
/// ```
/// of a family, whose breaker is found together with its answer:
/// ```text
/// let permit = match FOUND {
///     (_, P::Result::Ok(permit)) => permit,
///     (breaker, P::Result::Err(error)) => { return ANSWER }
/// };
/// RUN
/// ```
/// where it waits, so that the future need not keep what was matched:
/// ```text
/// let breaker = …;
/// let error = 'rejected: {
///     let permit = match P::admit(&breaker, LIMIT) {
///         P::Result::Ok(permit) => permit,
///         P::Result::Err(error) => break 'rejected error,
///     };
///     return { RUN };
/// };
/// ANSWER
/// ```
/// where it answers failures as well:
/// ```text
/// let breaker = …;
/// let (cause, arguments) = 'given_up: {
///     let permit = match P::admit(&breaker, LIMIT) {
///         P::Result::Ok(permit) => permit,
///         P::Result::Err(error) => { let given = (…); break 'given_up (P::Cause::Rejected(error), given) }
///     };
///     let kept = (…);
///     RUN, which returns a success
/// };
/// ANSWER
/// ```
fn statements(plan: &Plan, site: Site) -> TokenStream {
    let p = &plan.runtime;
    let permit =
        if plan.function.is_async() { quote_spanned!(here()=> mut permit) } else { quote_spanned!(here()=> permit) };
    if let Some(fallback @ Fallback { on: FallbackOn::Failure, .. }) = &plan.fallback {
        let breaker = breaker::handle(plan, site);
        let admitted = run::admission(plan);
        let parts = fallback::after_failure(plan, fallback);
        let fallback::AfterFailure { before, quiet, kept, received, given, answer } = parts;
        let run = run::or_give_up(plan);
        return quote_spanned! {here()=>
            #breaker
            #before
            let #received = 'given_up: {
                let #permit = match #admitted {
                    #p::Result::Ok(permit) => permit,
                    #p::Result::Err(error) => {
                        #quiet let given = #given;
                        break 'given_up (#p::Cause::Rejected(error), given)
                    }
                };
                #quiet let kept = #kept;
                #run
            };
            #answer
        };
    }
    let fallback::Rejected { error, answer, value, waits } = fallback::on_rejection(plan);
    let run = run::to_the_end(plan);
    let rejected = |taken: &TokenStream| {
        if waits {
            quote_spanned!(here()=> break 'rejected #taken)
        } else {
            quote_spanned!(here()=> #answer return #value)
        }
    };
    let name = error.clone().unwrap_or_else(|| quote_spanned!(here()=> _));
    let (before, admission, taken) = if plan.family().is_some() {
        // To have the answer in a variable would cost an async function its room until the end.
        let found = breaker::found(plan, site);
        let breaker = plan.fallback.as_ref().map(|_| quote_spanned!(here()=> breaker));
        let taken = match (&breaker, &error) {
            (Some(breaker), Some(error)) => quote_spanned!(here()=> (#breaker, #error)),
            (breaker, error) => quote_spanned!(here()=> #breaker #error),
        };
        let (breaker, rejected) = (breaker.unwrap_or_else(|| quote_spanned!(here()=> _)), rejected(&taken));
        let (ok, err) = (
            quote_spanned!(here()=> (_, #p::Result::Ok(permit))),
            quote_spanned!(here()=> (#breaker, #p::Result::Err(#name))),
        );
        let admission = if plan.limit.is_some() {
            quote_spanned! {here()=>
                let (#permit, limit) = match #found { (#ok, limit) => (permit, limit), (#err, _) => { #rejected } };
            }
        } else {
            quote_spanned!(here()=> let #permit = match #found { #ok => permit, #err => { #rejected } };)
        };
        (TokenStream::new(), admission, taken)
    } else {
        let (breaker, admitted) = (breaker::handle(plan, site), run::admission(plan));
        let taken = error.unwrap_or_default();
        let rejected = rejected(&taken);
        let admission = quote_spanned! {here()=>
            let #permit = match #admitted {
                #p::Result::Ok(permit) => permit,
                #p::Result::Err(#name) => { #rejected }
            };
        };
        (breaker, admission, taken)
    };
    if !waits {
        return quote_spanned!(here()=> #before #admission #run);
    }
    let received = (!taken.is_empty()).then(|| quote_spanned!(here()=> let #taken =));
    let end = received.as_ref().map(|_| quote_spanned!(here()=> ;));
    quote_spanned! {here()=>
        #before
        #received 'rejected: {
            #admission
            return { #run };
        } #end
        #answer
        #value
    }
}
