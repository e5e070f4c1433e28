//! What stands around the breaker: a limit for all attempts, attempts that are made again, answers that are kept.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{ConstParam, GenericParam, Pat};

use super::fallback::AfterFailure;
use super::place::Place;
use super::value::{borrowed, known_count, known_or_checked, time};
use super::{admission, fallback, here, limits, run};
use crate::args::stack::{LastGood, Retry, When};
use crate::args::{Errors, FallbackOn};
use crate::plan::{Answer, Breaker, Copied, Fallback, Plan};
use crate::site::Site;

/// Output:
/// ```text
/// let mut deadline = …;
/// let store = …; let ttl = …; let key = …;
/// let (breaker, cause) = 'given_up: { … };
/// LAST GOOD
/// P::without_answer(cause)
/// ```
/// or what stands there with a fallback, or with `retry`.
pub(super) fn statements(plan: &Plan, site: Site) -> TokenStream {
    let (deadline, answers) = (limits::deadline(plan), plan.last_good.as_ref().map(|good| answers(plan, good)));
    let attempts = match (&plan.retry, &plan.fallback) {
        (Some(retry), _) => retried(plan, retry, site),
        (None, Some(fallback)) if fallback.on == FallbackOn::Failure => answered_on_failure(plan, fallback, site),
        (None, Some(fallback)) => answered_on_rejection(plan, fallback, site),
        (None, None) => {
            let (attempt, last_good) = (attempt(plan, site, None), last_good(plan, &quote_spanned!(here()=> &breaker)));
            let otherwise = without_answer(plan);
            quote_spanned!(here()=> let (breaker, cause) = #attempt; #last_good #otherwise)
        }
    };
    quote_spanned!(here()=> #deadline #answers #attempts)
}

/// Output, where KEPT stands for `let kept = (…);` and `, kept`:
/// ```text
/// 'given_up: {
///     ADMISSION, where a rejection gives up with (breaker, P::Cause::Rejected(error) GIVEN)
///     KEPT
///     let a = P::again(&a);
///     RUN, which returns a success, and gives (breaker, CAUSE KEPT)
/// }
/// ```
fn attempt(plan: &Plan, site: Site, after: Option<&AfterFailure>) -> TokenStream {
    let p = &plan.runtime;
    let (mut rejected, mut keep) =
        (quote_spanned!(here()=> break 'given_up (breaker, #p::Cause::Rejected(error))), None);
    if let Some(AfterFailure { quiet, kept, given, .. }) = after.filter(|_| run::keeps(plan)) {
        rejected = quote_spanned! {here()=>
            #quiet let given = #given;
            break 'given_up (breaker, #p::Cause::Rejected(error), given)
        };
        keep = Some(quote_spanned!(here()=> #quiet let kept = #kept;));
    }
    let admission = admission(plan, site, &quote_spanned!(here()=> (breaker, error)), &rejected);
    let (copies, run) = (copies(plan), run::or_give_up(plan, &kept(plan)));
    quote_spanned!(here()=> 'given_up: { #admission #keep #copies #run })
}

/// Each attempt has copies of the arguments, so they are there when all have failed. In the inner block, since nothing of an
/// attempt is left while the next one is waited for.
///
/// Output:
/// ```text
/// let mut retries = P::Retries::new();
/// let (breaker, cause) = loop {
///     let (breaker, wait) = {
///         let (breaker, cause) = 'given_up: { … };
///         match AGAIN {
///             P::Option::Some(wait) => (breaker, wait),
///             P::Option::None => break (breaker, cause),
///         }
///     };
///     P::wait(&breaker, wait).await;
/// };
/// LAST GOOD
/// ANSWER
/// ```
fn retried(plan: &Plan, retry: &Retry, site: Site) -> TokenStream {
    let p = &plan.runtime;
    let attempts = again(plan, retry, &attempt(plan, site, None));
    let last_good = last_good(plan, &quote_spanned!(here()=> &breaker));
    let (breaker, otherwise) = match &plan.fallback {
        Some(fallback) => {
            let failed = (fallback.on == FallbackOn::Rejection).then(|| failed(plan));
            let AfterFailure { before, quiet, received, given, answer, .. } = fallback::after_failure(plan, fallback);
            let otherwise = quote_spanned! {here()=>
                #failed
                #before
                #quiet let #received = (breaker, cause, #given);
                #answer
            };
            (quote_spanned!(here()=> breaker), otherwise)
        }
        None if plan.last_good.is_some() => (quote_spanned!(here()=> breaker), without_answer(plan)),
        None => (quote_spanned!(here()=> _), without_answer(plan)),
    };
    quote_spanned! {here()=>
        let mut retries = #p::Retries::new();
        let (#breaker, cause) = #attempts;
        #last_good
        #otherwise
    }
}

/// Output:
/// ```text
/// let fallback = …;
/// let (breaker, cause, kept) = 'given_up: { … };
/// LAST GOOD
/// let (breaker, cause, (argument0,)) = (breaker, cause, kept);
/// ANSWER
/// ```
fn answered_on_failure(plan: &Plan, fallback: &Fallback, site: Site) -> TokenStream {
    let after = fallback::after_failure(plan, fallback);
    let (attempt, last_good) = (attempt(plan, site, Some(&after)), last_good(plan, &quote_spanned!(here()=> &breaker)));
    let AfterFailure { before, quiet, received, given, answer, .. } = after;
    let (pattern, given) = if run::keeps(plan) {
        (quote_spanned!(here()=> (breaker, cause, kept)), quote_spanned!(here()=> kept))
    } else {
        (quote_spanned!(here()=> (breaker, cause)), given)
    };
    quote_spanned! {here()=>
        #before
        let #pattern = #attempt;
        #last_good
        #quiet let #received = (breaker, cause, #given);
        #answer
    }
}

/// What the fallback needs is taken where the call is rejected, and nothing of it before the body has it.
///
/// Output:
/// ```text
/// let given_up = 'given_up: {
///     ADMISSION, where a rejection gives up with P::GivenUp::Rejected(breaker, error, GIVEN)
///     RUN, which returns a success, and gives P::GivenUp::Failed(breaker, output)
/// };
/// LAST GOOD
/// match given_up {
///     P::GivenUp::Failed(_, output) => output,
///     P::GivenUp::Rejected(breaker, error, GIVEN) => { ANSWER }
/// }
/// ```
fn answered_on_rejection(plan: &Plan, fallback: &Fallback, site: Site) -> TokenStream {
    let p = &plan.runtime;
    let AfterFailure { before, quiet, received, given, answer, .. } = fallback::after_failure(plan, fallback);
    let by_path = matches!(fallback.answer, Answer::Path { .. });
    let (given, taken) = if by_path {
        (given, quote_spanned!(here()=> #quiet let #received = (breaker, error, given);))
    } else {
        let taken = quote_spanned!(here()=> let (cause, fallback) = (#p::Cause::Rejected(error), given););
        (quote_spanned!(here()=> { #before fallback }), taken)
    };
    let rejected = quote_spanned! {here()=>
        #quiet let given = #given;
        break 'given_up #p::GivenUp::Rejected(breaker, error, given)
    };
    let admission = admission(plan, site, &quote_spanned!(here()=> (breaker, error)), &rejected);
    let run = run::or_fail(plan, &kept(plan));
    let last_good = last_good(plan, &quote_spanned!(here()=> given_up.breaker()));
    quote_spanned! {here()=>
        let given_up = 'given_up: { #admission #run };
        #last_good
        match given_up {
            #p::GivenUp::Failed(_, output) => output,
            #p::GivenUp::Rejected(breaker, error, given) => { #taken #answer }
        }
    }
}

/// Output: `P::without_answer(cause)`, at the return type
fn without_answer(plan: &Plan) -> TokenStream {
    let p = &plan.runtime;
    let place = Place::of(&plan.function.output.place);
    let span = place.start();
    place.call(quote_spanned!(here()=> #p::without_answer), quote_spanned!(span=> cause))
}

/// What a fallback does not answer that stands for rejections only.
///
/// Output:
/// ```text
/// let cause = match cause { P::Cause::Failed(output) => return output, cause => cause };
/// ```
/// and with a time limit its error too.
fn failed(plan: &Plan) -> TokenStream {
    let p = &plan.runtime;
    let timed_out = limits::is_limited(plan).then(|| {
        let from = Place::of(&plan.function.output.place);
        let from = from.call(quote_spanned!(here()=> #p::FromTimedOut::from_timed_out), quote_spanned!(here()=> error));
        quote_spanned!(here()=> #p::Cause::TimedOut(error) => return #from,)
    });
    quote_spanned! {here()=>
        let cause = match cause { #p::Cause::Failed(output) => return output, #timed_out cause => cause };
    }
}

/// Output:
/// ```text
/// let store = P::own_memory({ static __MEMORY: P::Memory = P::Memory::new().max(100); &__MEMORY });
/// let ttl = { const __TTL: P::Duration = …; __TTL };
/// let key = P::owned_key(P::key!(&KEY));
/// ```
fn answers(plan: &Plan, good: &LastGood) -> TokenStream {
    let p = &plan.runtime;
    let max = good.max.as_ref().map(|max| {
        let max = known_or_checked(plan, "answer_count", max, known_count);
        quote_spanned!(here()=> .max(#max))
    });
    let memory =
        || quote_spanned!(here()=> #p::own_memory({ static __MEMORY: #p::Memory = #p::Memory::new() #max; &__MEMORY }));
    let store = good.store.as_ref().map_or_else(memory, borrowed);
    let ttl = good.ttl.as_ref().map(|ttl| time(plan, ttl));
    let mut key = match &good.key {
        None => quote_spanned!(here()=> ()),
        Some(key) => {
            let place = Place::of(key);
            let found = place.call(quote_spanned!(here()=> #p::key!), borrowed(key));
            place.call(quote_spanned!(here()=> #p::owned_key), found)
        }
    };
    if good.store.is_none() {
        key = of_this_instance(plan, &key);
    }
    quote_spanned! {here()=>
        let store = #store;
        let ttl = { const __TTL: #p::Duration = #ttl; __TTL };
        let key = #key;
    }
}

/// All instances of a generic function share one static; the name of a type that each has for itself tells them apart. It has
/// all but the values of constants in it.
///
/// Output: `(KEY, P::type_name_of_val(&|| ()), N)`
fn of_this_instance(plan: &Plan, key: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    let constants = plan.function.signature.generics.params.iter().filter_map(|param| match param {
        GenericParam::Const(ConstParam { ident, .. }) => Some(ident),
        GenericParam::Type(_) | GenericParam::Lifetime(_) => None,
    });
    let key = quote_spanned!(here()=> (#key, #p::type_name_of_val(&|| ())));
    constants.fold(key, |key, constant| quote_spanned!(here()=> (#key, #constant)))
}

/// Output: `let mut a = P::again(&a);`, at the argument
fn copies(plan: &Plan) -> TokenStream {
    let p = &plan.runtime;
    let copy = |Copied { mutability, name }: &Copied| {
        let place = Place::of(name);
        let span = place.start();
        let again = place.call(quote_spanned!(here()=> #p::again), quote_spanned!(span=> &#name));
        // The name is the user's, and so is whether he uses it; that there are two of it is not.
        quote_spanned! {here()=>
            #[allow(
                unused_variables,
                clippy::collection_is_never_read,
                clippy::shadow_reuse,
                clippy::used_underscore_binding
            )]
            let #mutability #name = #again;
        }
    };
    plan.copied.iter().map(copy).collect()
}

fn again(plan: &Plan, retry: &Retry, attempt: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    let again = is_worth_it(plan, retry);
    // A breaker that is held elsewhere has other functions, too, so its settings say nothing of this one's attempts.
    let shared = matches!(plan.breaker, Breaker::Shared { .. });
    let left = match limits::total(plan) {
        None => quote_spanned!(here()=> #p::Option::None),
        Some(_) if !shared => quote_spanned!(here()=> #p::left(&breaker, &deadline)),
        Some(total) => quote_spanned!(here()=> deadline.left(#p::Option::Some(#total))),
    };
    let next = if shared {
        let settings = limits::retry_settings(plan, quote_spanned!(here()=> #p::Settings::new()));
        quote_spanned!(here()=> #p::next_by(&mut retries, { const __RETRY: &#p::Settings = &#settings; __RETRY }, #left))
    } else {
        quote_spanned!(here()=> #p::next(&mut retries, &breaker, #left))
    };
    let wait = if plan.function.is_async() {
        quote_spanned!(here()=> #p::wait(&breaker, wait).await;)
    } else {
        quote_spanned!(here()=> #p::wait_here(&breaker, wait);)
    };
    // Whoever woke too late has no time for an attempt, which would fail for that alone.
    let over = limits::total(plan).map(|total| {
        let over = if shared {
            quote_spanned!(here()=> #p::over_total(&breaker, &deadline, #total))
        } else {
            quote_spanned!(here()=> #p::over(&breaker, &deadline))
        };
        quote_spanned!(here()=> if let #p::Option::Some(error) = #over { break (breaker, #p::Cause::TimedOut(error)); })
    });
    quote_spanned! {here()=>
        loop {
            let (breaker, wait) = {
                let (breaker, cause) = #attempt;
                let again = #again;
                match if again { #next } else { #p::Option::None } {
                    #p::Option::Some(wait) => (breaker, wait),
                    #p::Option::None => break (breaker, cause),
                }
            };
            #wait
            #over
        }
    }
}

/// Output:
/// ```text
/// match &cause {
///     P::Cause::Rejected(_) => false,
///     P::Cause::Failed(_) | P::Cause::TimedOut(_) => true,
/// }
/// ```
/// and with `when`, which is asked about the error that the caller would get,
/// ```text
/// {
///     let when = |output: &R| WHEN;
///     match &cause {
///         P::Cause::Rejected(_) => false,
///         P::Cause::Failed(output) => when(output),
///         P::Cause::TimedOut(error) => when(&P::FromTimedOut::from_timed_out(P::Clone::clone(error))),
///     }
/// }
/// ```
fn is_worth_it(plan: &Plan, retry: &Retry) -> TokenStream {
    let p = &plan.runtime;
    let asked = match &retry.when {
        // `_` is all failures, also those that are no error.
        None | Some(When::Errors(Errors { pattern: Pat::Wild(_), guard: None })) => {
            return quote_spanned! {here()=>
                match &cause {
                    #p::Cause::Rejected(_) => false,
                    #p::Cause::Failed(_) | #p::Cause::TimedOut(_) => true,
                }
            };
        }
        Some(When::Errors(errors)) => run::is_one_of(plan, errors),
        Some(When::Closure(expr)) => {
            let place = Place::of(expr);
            let output = place.put(quote_spanned!(here()=> output));
            place.call(quote_spanned!(here()=> #p::when), quote_spanned!(here()=> #output, #expr))
        }
    };
    let output = &plan.function.output.ty;
    let timed_out = if limits::is_limited(plan) {
        let from =
            Place::of(&plan.function.output.place).put(quote_spanned!(here()=> #p::FromTimedOut::from_timed_out));
        quote_spanned!(here()=> #p::Cause::TimedOut(error) => when(&#from(#p::Clone::clone(error))))
    } else {
        quote_spanned!(here()=> #p::Cause::TimedOut(_) => true)
    };
    quote_spanned! {here()=>
        {
            let when = |output: &#output| -> #p::bool { #asked };
            match &cause {
                #p::Cause::Rejected(_) => false,
                #p::Cause::Failed(output) => when(output),
                #timed_out,
            }
        }
    }
}

/// What a call returns that has not failed, its answer kept.
///
/// Output: `output`, `{ P::keep_answer(store, key, &output, ttl); output }`, or
/// `P::keep_answer_async(store, key, output, ttl).await`
fn kept(plan: &Plan) -> TokenStream {
    let p = &plan.runtime;
    let Some(good) = &plan.last_good else { return quote_spanned!(here()=> output) };
    // The compiler has something to say at the arguments where they cannot be kept.
    let place = place_of_store(plan, good);
    let span = place.start();
    if waits_for_store(plan, good) {
        let keep = quote_spanned!(here()=> #p::keep_answer_async);
        let keep = place.call(keep, quote_spanned!(span=> store, key, output, ttl));
        quote_spanned!(here()=> #keep.await)
    } else {
        let keep =
            place.call(quote_spanned!(here()=> #p::keep_answer), quote_spanned!(span=> store, key, &output, ttl));
        quote_spanned!(here()=> { #keep; output })
    }
}

/// Output:
/// ```text
/// if let P::Option::Some(output) = P::last_good(store, &key, ttl, &breaker) { return output; }
/// ```
fn last_good(plan: &Plan, breaker: &TokenStream) -> Option<TokenStream> {
    let p = &plan.runtime;
    let good = plan.last_good.as_ref()?;
    let place = place_of_store(plan, good);
    let span = place.start();
    let mut arguments = quote_spanned!(span=> store, &key, ttl,);
    arguments.extend(breaker.clone());
    let found = if waits_for_store(plan, good) {
        let found = place.call(quote_spanned!(here()=> #p::last_good_async), arguments);
        quote_spanned!(here()=> #found.await)
    } else {
        place.call(quote_spanned!(here()=> #p::last_good), arguments)
    };
    Some(quote_spanned!(here()=> if let #p::Option::Some(output) = #found { return output; }))
}

/// Nothing is awaited for what is in memory.
fn waits_for_store(plan: &Plan, good: &LastGood) -> bool {
    plan.function.is_async() && good.store.is_some()
}

/// What the compiler points at where these answers cannot be kept.
fn place_of_store(plan: &Plan, good: &LastGood) -> Place {
    match &good.store {
        Some(store) => Place::of(store),
        None => Place::of(&plan.function.output.place),
    }
}
