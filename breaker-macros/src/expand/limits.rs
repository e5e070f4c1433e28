//! How long attempts may take, and how often they are made.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::here;
use super::place::Place;
use super::value::{known_count, known_or_checked, number, time};
use crate::plan::Plan;

/// Whether an attempt may be stopped: by its own limit, or by that of all.
pub(super) fn is_limited(plan: &Plan) -> bool {
    plan.limit.is_some() || plan.total.is_some()
}

/// Output: `limit`, which is a time, or with a limit for all attempts `limit.time`
pub(super) fn limit(plan: &Plan) -> TokenStream {
    if plan.total.is_some() { quote_spanned!(here()=> limit.time) } else { quote_spanned!(here()=> limit) }
}

/// Output: `let mut deadline = P::Deadline::new(true);`, which says whether there may be another attempt
pub(super) fn deadline(plan: &Plan) -> Option<TokenStream> {
    let p = &plan.runtime;
    plan.total.as_ref()?;
    let again = plan.retry.is_some();
    Some(quote_spanned!(here()=> let mut deadline = #p::Deadline::new(#again);))
}

/// Output: `{ const __TOTAL: P::Duration = …; __TOTAL }`
pub(super) fn total(plan: &Plan) -> Option<TokenStream> {
    let p = &plan.runtime;
    let total = time(plan, plan.total.as_ref()?);
    Some(quote_spanned!(here()=> { const __TOTAL: #p::Duration = #total; __TOTAL }))
}

/// Input: `SETTINGS`
///
/// Output: `SETTINGS.retry_attempts(3)…`, and around it `P::consistent(…)` where constants may contradict each other
pub(super) fn retry_settings(plan: &Plan, before: TokenStream) -> TokenStream {
    let p = &plan.runtime;
    let Some(retry) = &plan.retry else { return before };
    let attempts = retry.attempts.as_ref().map_or_else(
        || known_count(DEFAULT_ATTEMPTS),
        |attempts| known_or_checked(plan, "attempt_count", attempts, known_count),
    );
    let mut settings = quote_spanned!(here()=> #before.retry_attempts(#attempts));
    if let Some(wait) = &retry.backoff {
        let wait = time(plan, wait);
        settings.extend(quote_spanned!(here()=> .retry_backoff(#wait)));
    }
    if let Some(factor) = &retry.factor {
        let factor = number(plan, "retry_factor", factor);
        settings.extend(quote_spanned!(here()=> .retry_factor(#factor)));
    }
    if let Some(jitter) = &retry.jitter {
        let jitter = jitter.tokens();
        settings.extend(quote_spanned!(here()=> .retry_jitter(#jitter)));
    }
    if let Some(wait) = &retry.max {
        let longest = time(plan, wait);
        settings.extend(quote_spanned!(here()=> .retry_max(#longest)));
        settings = Place::of(wait.tokens()).call(quote_spanned!(here()=> #p::consistent), settings);
    }
    settings
}

/// How often a call is made, where only `retry` is said.
const DEFAULT_ATTEMPTS: u32 = 3;
