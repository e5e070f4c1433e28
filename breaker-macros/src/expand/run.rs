//! The call itself: admission, the body, the judgement.

use proc_macro2::{Delimiter, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::place::Place;
use super::{group, here, limits};
use crate::args::{Errors, FallbackOn};
use crate::plan::{Answer, Fallback, Plan, Unpacked};
use crate::types;

/// Whether the call is awaited before its permit is given to what settles it.
pub(super) fn borrows_permit(plan: &Plan) -> bool {
    plan.function.is_async() && (limits::is_limited(plan) || gives_up(plan) || has_a_say(plan))
}

/// Whether something is kept of the arguments that the call uses up, for a fallback that answers failures.
pub(super) fn keeps(plan: &Plan) -> bool {
    let by_path = |fallback: &Fallback| matches!(fallback.answer, Answer::Path { .. });
    let for_it = |fallback: &Fallback| fallback.on == FallbackOn::Failure && by_path(fallback);
    !plan.is_stacked() || plan.retry.is_none() && plan.fallback.as_ref().is_some_and(for_it)
}

fn gives_up(plan: &Plan) -> bool {
    plan.is_stacked() || plan.fallback.as_ref().is_some_and(|fallback| fallback.on == FallbackOn::Failure)
}

/// Whether the user has a say in the judgement.
fn has_a_say(plan: &Plan) -> bool {
    plan.failure_if.is_some() || plan.ignore.is_some() || plan.class.is_some()
}

/// The call whose output goes to the caller, be it a success or a failure.
pub(super) fn to_the_end(plan: &Plan) -> TokenStream {
    let p = &plan.runtime;
    let place = Place::of(&plan.function.output.place);
    let from = if plan.fallback.is_some() {
        quote_spanned!(here()=> #p::FromTimedOut::from_timed_out)
    } else {
        quote_spanned!(here()=> #p::FromRejected::from_rejected)
    };
    let late = place.call(from, quote_spanned!(here()=> #p::timed_out(permit, limit).1));
    let settled = quote_spanned!(here()=> |output, permit| #p::settled!(output, permit));
    let ends = |what, judge| match what {
        Output::Of(body) => quote_spanned!(here()=> #p::run(permit, #body, #judge, #settled)),
        // What the user's own judgement borrows may be of a type that must not be kept while the call waits.
        Output::OfFuture(body) if has_a_say(plan) => {
            quote_spanned! {here()=>
                let output = #p::watch(&mut permit, #body).await;
                #p::settle(permit, output, #judge, #settled)
            }
        }
        Output::OfFuture(body) => quote_spanned! {here()=>
            #p::finish(permit, #body, #judge, #settled).await
        },
        Output::Known => quote_spanned!(here()=> #p::settle(permit, output, #judge, #settled)),
    };
    run(plan, ends, &late)
}

/// The call whose success is returned at once, as DONE says; otherwise it gives `P::GivenUp::Failed(breaker, output)`.
pub(super) fn or_fail(plan: &Plan, done: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    let from = Place::of(&plan.function.output.place);
    let from = from.call(quote_spanned!(here()=> #p::FromTimedOut::from_timed_out), quote_spanned!(here()=> error));
    let late = quote_spanned! {here()=>
        {
            let (breaker, error) = #p::timed_out(permit, limit);
            #p::GivenUp::Failed(breaker, #from)
        }
    };
    attempted(plan, done, &late, &quote_spanned!(here()=> #p::GivenUp::Failed(breaker, output)))
}

/// The call whose success is returned at once, as DONE says; otherwise it gives the cause, and what was kept for the fallback.
pub(super) fn or_give_up(plan: &Plan, done: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    let kept = keeps(plan).then(|| quote_spanned!(here()=> , kept));
    let late = quote_spanned! {here()=>
        {
            let (breaker, error) = #p::timed_out(permit, limit);
            (breaker, #p::Cause::TimedOut(error) #kept)
        }
    };
    attempted(plan, done, &late, &quote_spanned!(here()=> (breaker, #p::Cause::Failed(output) #kept)))
}

fn attempted(plan: &Plan, done: &TokenStream, late: &TokenStream, failed: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    let ends = |what, judge| {
        let attempt = match what {
            Output::Of(body) => quote_spanned!(here()=> #p::attempt(permit, #body, #judge)),
            Output::OfFuture(body) => quote_spanned! {here()=>
                {
                    let output = #p::watch(&mut permit, #body).await;
                    #p::settle_attempt(permit, output, #judge)
                }
            },
            Output::Known => quote_spanned!(here()=> #p::settle_attempt(permit, output, #judge)),
        };
        quote_spanned! {here()=>
            match #attempt {
                #p::Attempt::Done(output) => return #done,
                #p::Attempt::Failed(breaker, output) => #failed,
            }
        }
    };
    run(plan, ends, late)
}

/// What is judged.
enum Output {
    /// What this closure returns.
    Of(TokenStream),
    /// What this future gives.
    OfFuture(TokenStream),
    /// The variable `output`.
    Known,
}

/// Output, sync:
/// ```text
/// P::run(permit, move || -> R { BODY }, |output: &_| JUDGE, |output, permit| P::settled!(output, permit))
/// ```
/// async:
/// ```text
/// P::finish(permit, async move { BODY }, |output: &_| JUDGE, |output, permit| P::settled!(output, permit)).await
/// ```
/// or, where the user has a say in the judgement:
/// ```text
/// let output = P::watch(&mut permit, async move { BODY }).await;
/// P::settle(permit, output, |output: &_| JUDGE, |output, permit| P::settled!(output, permit))
/// ```
/// async with a time limit:
/// ```text
/// let outcome = P::watch_limited(&mut permit, limit, async move { BODY }).await;
/// match outcome { P::Result::Ok(output) => P::settle(…), P::Result::Err(_) => LATE }
/// ```
/// or with `P::attempt` and `P::settle_attempt`, where a failure is not the end.
fn run(plan: &Plan, ends: impl FnOnce(Output, TokenStream) -> TokenStream, late: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    let judge = judge(plan);
    if !plan.function.is_async() {
        let body = closure(plan);
        return ends(Output::Of(body), judge);
    }
    let body = future(plan);
    if !limits::is_limited(plan) {
        return ends(Output::OfFuture(body), judge);
    }
    let done = ends(Output::Known, judge);
    let time = limits::limit(plan);
    quote_spanned! {here()=>
        let outcome = #p::watch_limited(&mut permit, #time, #body).await;
        match outcome {
            #p::Result::Ok(output) => #done,
            #p::Result::Err(_) => #late,
        }
    }
}

/// Output: `move || -> R { BODY }`
fn closure(plan: &Plan) -> TokenStream {
    let output = &plan.function.output.ty;
    let mut closure = quote_spanned!(here()=> move || -> #output);
    closure.extend(group(Delimiter::Brace, plan.function.braces, body(plan)));
    closure
}

/// Output:
/// ```text
/// async move {
///     if false { let never: R = loop {}; return never; }
///     BODY
/// }
/// ```
/// The `return` that is never reached gives the block its type, so that coercions, early returns and the compiler's
/// messages are those of a plain function.
fn future(plan: &Plan) -> TokenStream {
    let output = &plan.function.output;
    let ty = &output.ty;
    let mut statements = if output.opaque {
        TokenStream::new()
    } else {
        let never = Place::of(&output.place).put(quote_spanned!(here()=> never));
        quote_spanned! {here()=>
            #[allow(unreachable_code)]
            if false { let never: #ty = loop {}; return #never; }
        }
    };
    statements.extend(body(plan));
    let mut future = quote_spanned!(here()=> async move);
    future.extend(group(Delimiter::Brace, plan.function.braces, statements));
    future
}

/// Output: `let _ = &c; let (a, b) = __arg0; BODY`
fn body(plan: &Plan) -> TokenStream {
    let p = &plan.runtime;
    let mut body = TokenStream::new();
    for name in &plan.changed {
        // Else a closure would have that part alone, and the compiler takes what becomes of it for lost.
        body.extend(quote_spanned!(here()=> let _ = &#name;));
    }
    for Unpacked { pattern, name } in &plan.unpacked {
        // A value of its own, which `ref mut` may refer to.
        let whole = if types::has_reference(pattern) {
            quote_spanned!(here()=> #p::identity(#name))
        } else {
            name.to_token_stream()
        };
        body.extend(quote_spanned!(here()=> let #pattern = #whole;));
    }
    body.extend(plan.function.body.clone());
    body
}

/// Output: `|output: &_| P::judge!(output)`, with `ignore` asked first, and then `failure_if`:
/// ```text
/// |output: &_| if match P::error_of(output) { P::Option::Some(PATTERN) if GUARD => true, _ => false } {
///     P::Verdict::Ignored
/// } else if P::failure_if(output, CLOSURE) { P::failed!(output) } else { P::Verdict::Success }
/// ```
/// and what is left a failure sorted by `class`: `P::classified(VERDICT, output, CLASS)`
fn judge(plan: &Plan) -> TokenStream {
    let p = &plan.runtime;
    let verdict = match &plan.failure_if {
        None => default_verdict(plan, &quote_spanned!(here()=> output)),
        Some(expr) => {
            let asked =
                Place::of(expr).call(quote_spanned!(here()=> #p::failure_if), quote_spanned!(here()=> output, #expr));
            quote_spanned!(here()=> if #asked { #p::failed!(output) } else { #p::Verdict::Success })
        }
    };
    let verdict = match &plan.class {
        None => verdict,
        Some(expr) => {
            let place = Place::of(expr);
            let output = place.put(quote_spanned!(here()=> output));
            place.call(quote_spanned!(here()=> #p::classified), quote_spanned!(here()=> #verdict, #output, #expr))
        }
    };
    let Some(ignore) = &plan.ignore else { return quote_spanned!(here()=> |output: &_| #verdict) };
    let ignored = is_one_of(plan, ignore);
    quote_spanned! {here()=>
        |output: &_| {
            if #ignored { #p::Verdict::Ignored } else { #verdict }
        }
    }
}

/// Output: `match P::error_of(output) { P::Option::Some(PATTERN) if GUARD => true, _ => false }`
pub(super) fn is_one_of(plan: &Plan, errors: &Errors) -> TokenStream {
    let p = &plan.runtime;
    let pattern = &errors.pattern;
    let guard = errors.guard.as_ref().map(|guard| quote_spanned!(here()=> if #guard));
    let place = Place::of(pattern);
    let output = place.put(quote_spanned!(here()=> output));
    let error = place.call(quote_spanned!(here()=> #p::error_of), output);
    let some = place.call(quote_spanned!(here()=> #p::Option::Some), quote_spanned!(here()=> #pattern));
    let found = quote_spanned!(here()=> match #error { #some #guard => true, _ => false });
    // Else a name that is not in scope would be a binding, which matches every error.
    let Some(name) = errors.name_alone() else { return found };
    let exists = place.call(quote_spanned!(here()=> #p::exists), quote_spanned!(here()=> &#name));
    quote_spanned!(here()=> { if false { #exists; } #found })
}

/// Output: `P::judge!(output)`, at the return type, about which the compiler may have something to say
pub(super) fn default_verdict(plan: &Plan, output: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    Place::of(&plan.function.output.place).put(quote_spanned!(here()=> #p::judge!(#output)))
}
