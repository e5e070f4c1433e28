//! A plan becomes tokens. These are templates: what can be wrong was found before, and what happens is the runtime's.
//!
//! Names in the templates belong to this macro alone (`mixed_site`), so that they never meet a name of the user's.
//! `P` in the comments stands for the path of the runtime's door.

mod breaker;
mod fallback;
mod limits;
mod place;
mod run;
mod stack;
mod value;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use crate::args::FallbackOn;
use crate::plan::{Fallback, Plan};
use crate::signature::Shape;
use crate::site::Site;

/// The function first, its accessor after it: editors take the first for what the name means.
pub(crate) fn function(plan: &Plan, site: Site) -> TokenStream {
    let function = &plan.function;
    let mut tokens = TokenStream::new();
    if plan.retry.is_some() {
        // What each attempt has a copy of is needed as a whole, whether the body uses it up or not. What the user says of it
        // comes after this, and so is stronger.
        tokens.extend(quote_spanned!(here()=> #[allow(clippy::needless_pass_by_value)]));
    }
    tokens.extend(function.attributes.clone());
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
/// let permit = match P::admit(breaker, LIMIT) {
///     P::Result::Ok(permit) => permit,
///     P::Result::Err((breaker, error)) => { return ANSWER }
/// };
/// RUN
/// ```
/// where it waits, so that the future need not keep what was matched:
/// ```text
/// let (breaker, error) = 'rejected: {
///     let breaker = …;
///     let permit = match P::admit(breaker, LIMIT) {
///         P::Result::Ok(permit) => permit,
///         P::Result::Err(rejected) => break 'rejected rejected,
///     };
///     return { RUN };
/// };
/// ANSWER
/// ```
/// where it answers failures as well:
/// ```text
/// let (breaker, cause, arguments) = 'given_up: {
///     let breaker = …;
///     let permit = match P::admit(breaker, LIMIT) {
///         P::Result::Ok(permit) => permit,
///         P::Result::Err((breaker, error)) => {
///             let given = (…);
///             break 'given_up (breaker, P::Cause::Rejected(error), given)
///         }
///     };
///     let kept = (…);
///     RUN, which returns a success
/// };
/// ANSWER
/// ```
fn statements(plan: &Plan, site: Site) -> TokenStream {
    let p = &plan.runtime;
    let deadline = limits::deadline(plan);
    if plan.is_stacked() {
        return stack::statements(plan, site);
    }
    if let Some(fallback @ Fallback { on: FallbackOn::Failure, .. }) = &plan.fallback {
        let fallback::AfterFailure { before, quiet, kept, received, given, answer } =
            fallback::after_failure(plan, fallback);
        let rejected = quote_spanned! {here()=>
            #quiet let given = #given;
            break 'given_up (breaker, #p::Cause::Rejected(error), given)
        };
        let admission = admission(plan, site, &quote_spanned!(here()=> (breaker, error)), &rejected);
        let run = run::or_give_up(plan, &quote_spanned!(here()=> output));
        return quote_spanned! {here()=>
            #deadline
            #before
            let #received = 'given_up: {
                #admission
                #quiet let kept = #kept;
                #run
            };
            #answer
        };
    }
    let fallback::Rejected { breaker, error, answer, value, waits } = fallback::on_rejection(plan);
    let run = run::to_the_end(plan);
    let rejection = quote_spanned!(here()=> (#breaker, #error));
    if !waits {
        let admission = admission(plan, site, &rejection, &quote_spanned!(here()=> #answer return #value));
        return quote_spanned!(here()=> #deadline #admission #run);
    }
    let rejected = quote_spanned!(here()=> rejected);
    let admission = admission(plan, site, &rejected, &quote_spanned!(here()=> break 'rejected #rejected));
    quote_spanned! {here()=>
        #deadline
        let #rejection = 'rejected: {
            #admission
            return { #run };
        };
        #answer
        #value
    }
}

/// Output, with REJECTION for the pattern and REJECTED for what follows:
/// ```text
/// let breaker = …;
/// let permit = match P::admit(breaker, LIMIT) {
///     P::Result::Ok(permit) => permit,
///     P::Result::Err(REJECTION) => { REJECTED }
/// };
/// ```
/// of a family, whose breaker is found together with its answer:
/// ```text
/// let permit = match FOUND {
///     P::Result::Ok(permit) => permit,
///     P::Result::Err(REJECTION) => { REJECTED }
/// };
/// ```
/// and with a time limit `let (permit, limit) = match FOUND { (P::Result::Ok(permit), limit) => (permit, limit), … };`.
/// To have the answer in a variable would cost an async function its room until the end. With a limit for all attempts,
/// `limit` is what is left of it where that is shorter.
fn admission(plan: &Plan, site: Site, rejection: &TokenStream, rejected: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    let permit =
        if run::borrows_permit(plan) { quote_spanned!(here()=> mut permit) } else { quote_spanned!(here()=> permit) };
    let found = breaker::found(plan, site);
    let (ok, err) =
        (quote_spanned!(here()=> #p::Result::Ok(permit)), quote_spanned!(here()=> #p::Result::Err(#rejection)));
    let time = limits::limit(plan);
    match (plan.family().is_some(), limits::is_limited(plan)) {
        (true, true) => quote_spanned! {here()=>
            let (#permit, limit) = match #found { (#ok, limit) => (permit, limit), (#err, _) => { #rejected } };
        },
        (true, false) => quote_spanned!(here()=> let #permit = match #found { #ok => permit, #err => { #rejected } };),
        (false, limited) => {
            let (handle, limit) = if limited {
                (quote_spanned!(here()=> (breaker, limit)), quote_spanned!(here()=> #p::Option::Some(#time)))
            } else {
                (quote_spanned!(here()=> breaker), quote_spanned!(here()=> #p::Option::None))
            };
            quote_spanned! {here()=>
                let #handle = #found;
                let #permit = match #p::admit(breaker, #limit) { #ok => permit, #err => { #rejected } };
            }
        }
    }
}
