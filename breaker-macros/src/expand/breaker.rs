//! The breaker that a function asks, and the accessor through which others reach it.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote_spanned};
use syn::ext::IdentExt;
use syn::{Expr, Ident};

use super::place::Place;
use super::value::{borrowed, count, known_count, known_or_checked, known_time, number, time};
use super::{here, limits};
use crate::args::values::{PerTime, Value, Window};
use crate::args::{OnCancel, Overflow};
use crate::plan::{self, Breaker, Family, Plan, Setting};
use crate::rules::Doubt;
use crate::site::Site;

/// The handle of the breaker that is asked, or of a family the answer itself.
///
/// Output:
/// ```text
/// {
///     static __BREAKER: P::CircuitBreaker = P::CircuitBreaker::new(NAME, P::Settings::new()…);
///     P::inventory::submit! { P::Site::new(SITE, || &__BREAKER) }
///     P::own(&__BREAKER)
/// }
/// ```
/// or `P::own_here(&__BREAKER)` where the function is not async;
/// with a time limit `{ const __LIMIT: … = …; …; P::with_limit(P::own(&__BREAKER)) }`, which gives both, since the limit
/// is one of the breaker's settings, which may have changed; of a breaker held elsewhere, `(…, __LIMIT)`. Items are not
/// hygienic, so they stand in a block of their own, under names that nobody writes.
///
/// Of a family:
/// ```text
/// {
///     static __BREAKERS: P::Breakers = P::Breakers::new(NAME, P::Settings::new()…)…;
///     P::inventory::submit! { P::Site::family(SITE, || &__BREAKERS) }
///     let family = P::own_family(&__BREAKERS);
///     let found = P::admit_keyed(family, P::key!(&KEY), P::Option::None);
///     found
/// }
/// ```
/// where the `let` ends the life of everything that KEY made, before a fallback takes the arguments.
pub(super) fn found(plan: &Plan, site: Site) -> TokenStream {
    let p = &plan.runtime;
    let (items, handle) = match &plan.breaker {
        Breaker::Own { family: Some(family), .. } => own_family(plan, family, site),
        Breaker::Own { .. } => own(plan, site),
        Breaker::Shared { expr, lasting } => shared(plan, expr, *lasting, site),
    };
    let warnings: TokenStream = plan.doubts.iter().map(warning).collect();
    if !limits::is_limited(plan) {
        return quote_spanned!(here()=> { #warnings #items #handle });
    }
    let constant = plan.limit.as_ref().map(|limit| {
        let limit = time(plan, limit);
        quote_spanned!(here()=> const __LIMIT: #p::Duration = #limit;)
    });
    let own = match (&plan.breaker, &plan.limit) {
        (Breaker::Own { family: Some(_), .. }, _) => {
            return quote_spanned!(here()=> { #constant #warnings #items (#handle, limit) });
        }
        (Breaker::Own { family: None, .. }, Some(_)) => quote_spanned!(here()=> #p::with_limit(#handle)),
        (Breaker::Shared { .. }, Some(_)) => quote_spanned!(here()=> (#handle, __LIMIT)),
        (_, None) => quote_spanned!(here()=> (#handle, #p::Duration::MAX)),
    };
    let both = within(plan, &own);
    quote_spanned!(here()=> { #constant #warnings #items #both })
}

/// Output: the same, or with a limit for all attempts `P::within(…, &mut deadline)`, where the limit is not longer than what is
/// left; of a breaker held elsewhere, `P::within_total(…, &mut deadline, TOTAL)`
fn within(plan: &Plan, both: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    match (limits::total(plan), &plan.breaker) {
        (None, _) => both.clone(),
        (Some(_), Breaker::Own { .. }) => quote_spanned!(here()=> #p::within(#both, &mut deadline)),
        (Some(total), Breaker::Shared { .. }) => {
            quote_spanned!(here()=> #p::within_total(#both, &mut deadline, #total))
        }
    }
}

/// Output, which is nothing at run time:
/// ```text
/// const _: () = { #[deprecated(note = TEXT)] const NAME: () = (); NAME };
/// ```
/// with the use at what is doubted. The compiler has no other warning that macros may give. It stands in the function,
/// so that `#[allow(deprecated)]` there silences it.
fn warning(doubt: &Doubt) -> TokenStream {
    let Doubt { at, name, text } = doubt;
    let name = Ident::new(name, here());
    let used = Place::of(at).put(name.to_token_stream());
    quote_spanned!(here()=> const _: () = { #[deprecated(note = #text)] const #name: () = (); #used };)
}

fn own(plan: &Plan, site: Site) -> (TokenStream, TokenStream) {
    let p = &plan.runtime;
    let made = made(plan, &Ident::new("CircuitBreaker", here()));
    let site = site_id(plan, site);
    let items = quote_spanned! {here()=>
        static __BREAKER: #p::CircuitBreaker = #made;
        #p::inventory::submit! { #p::Site::new(#site, || &__BREAKER) }
    };
    let own = if plan.function.is_async() { "own" } else { "own_here" };
    let own = Ident::new(own, here());
    (items, quote_spanned!(here()=> #p::#own(&__BREAKER)))
}

fn own_family(plan: &Plan, family: &Family, site: Site) -> (TokenStream, TokenStream) {
    let p = &plan.runtime;
    let made = made(plan, &Ident::new("Breakers", here()));
    let most = family.max_keys.as_ref().map(|most| {
        let most = known_or_checked(plan, "key_count", most, known_count);
        quote_spanned!(here()=> .max_keys(#most))
    });
    let idle = family.idle.as_ref().map(|idle| {
        let idle = time(plan, idle);
        quote_spanned!(here()=> .idle(#idle))
    });
    let overflow = (family.overflow == Overflow::Shared).then(|| quote_spanned!(here()=> .overflow_shared()));
    let site = site_id(plan, site);
    let place = Place::of(&family.key);
    let key = place.call(quote_spanned!(here()=> #p::key!), borrowed(&family.key));
    let own = quote_spanned!(here()=> #p::own_family(&__BREAKERS));
    let (family, limit) = if limits::is_limited(plan) {
        let both = if plan.limit.is_some() {
            quote_spanned!(here()=> #p::family_with_limit(#own))
        } else {
            quote_spanned!(here()=> (#own, #p::Duration::MAX))
        };
        let (both, time) = (within(plan, &both), limits::limit(plan));
        (quote_spanned!(here()=> let (family, limit) = #both;), quote_spanned!(here()=> #p::Option::Some(#time)))
    } else {
        (quote_spanned!(here()=> let family = #own;), quote_spanned!(here()=> #p::Option::None))
    };
    let admitted = place.call(quote_spanned!(here()=> #p::admit_keyed), quote_spanned!(here()=> family, #key, #limit));
    let items = quote_spanned! {here()=>
        static __BREAKERS: #p::Breakers = #made #most #idle #overflow;
        #p::inventory::submit! { #p::Site::family(#site, || &__BREAKERS) }
        #family
        let found = #admitted;
    };
    (items, quote_spanned!(here()=> found))
}

/// Output: `P::CircuitBreaker::new(NAME, SETTINGS).dependency("…").note("…")`, or the same of `P::Breakers`
fn made(plan: &Plan, ty: &Ident) -> TokenStream {
    let p = &plan.runtime;
    let Breaker::Own { name, settings, dependency, note, .. } = &plan.breaker else { return TokenStream::new() };
    let name = name.as_ref().map_or_else(|| default_name(plan), |name| name.tokens().clone());
    let settings = all_settings(plan, settings);
    let text = |method: &str, text: &Option<Value<()>>| {
        let text = text.as_ref()?.tokens();
        let method = Ident::new(method, here());
        Some(quote_spanned!(here()=> .#method(#text)))
    };
    let (dependency, note) = (text("dependency", dependency), text("note", note));
    quote_spanned!(here()=> #p::#ty::new(#name, #settings) #dependency #note)
}

fn shared(plan: &Plan, expr: &Expr, lasting: bool, site: Site) -> (TokenStream, TokenStream) {
    let p = &plan.runtime;
    let place = Place::of(expr);
    let items = lasting.then(|| {
        let site = site_id(plan, site);
        let found = place.call(quote_spanned!(here()=> #p::breaker_of), borrowed(expr));
        quote_spanned!(here()=> #p::inventory::submit! { #p::Site::new(#site, || #found) })
    });
    let handle = place.call(quote_spanned!(here()=> #p::shared), borrowed(expr));
    (items.unwrap_or_default(), handle)
}

/// Output: `P::concat!(P::module_path!(), "::fetch_price")`
fn default_name(plan: &Plan) -> TokenStream {
    let p = &plan.runtime;
    let function = format!("::{}", plan.function.signature.ident.unraw());
    quote_spanned!(here()=> #p::concat!(#p::module_path!(), #function))
}

/// What a breaker and its accessor have in common, and no two functions.
fn site_id(plan: &Plan, Site { item, nth }: Site) -> TokenStream {
    let p = &plan.runtime;
    quote_spanned! {here()=>
        #p::SiteId {
            module: #p::module_path!(),
            bin: #p::option_env!("CARGO_BIN_NAME"),
            test: #p::cfg!(test),
            version: #p::option_env!("CARGO_PKG_VERSION"),
            item: #item,
            nth: #nth,
        }
    }
}

/// Output:
/// ```text
/// #[doc = "The circuit breaker of `fetch_price`."]
/// pub fn fetch_price_breaker() -> &'static P::CircuitBreaker {
///     static __FOUND: P::Accessor = P::Accessor::new(SITE);
///     __FOUND.get()
/// }
/// ```
/// for a shared static `{ P::current(P::breaker_of(&PRICING)) }`, and for a family the same as for one with
/// `P::Breakers` and `__FOUND.family()`.
pub(super) fn accessor(plan: &Plan, site: Site) -> Option<TokenStream> {
    let name = plan.accessor.as_ref()?;
    let p = &plan.runtime;
    let keyed = plan.family().is_some();
    let (returned, get) = if keyed { ("Breakers", "family") } else { ("CircuitBreaker", "get") };
    let (returned, get) = (Ident::new(returned, here()), Ident::new(get, here()));
    let body = match &plan.breaker {
        Breaker::Own { .. } => {
            let site = site_id(plan, site);
            quote_spanned! {here()=>
                static __FOUND: #p::Accessor = #p::Accessor::new(#site);
                __FOUND.#get()
            }
        }
        Breaker::Shared { expr, .. } => {
            let found = Place::of(expr).call(quote_spanned!(here()=> #p::breaker_of), borrowed(expr));
            quote_spanned!(here()=> #p::current(#found))
        }
    };
    let visibility = &plan.function.visibility;
    let function = plan.function.signature.ident.unraw();
    let text = if keyed {
        format!("The circuit breakers of `{function}`, one for each key.")
    } else {
        format!("The circuit breaker of `{function}`.")
    };
    let sized =
        plan::is_for_self(&plan.function.signature).then(|| quote_spanned!(here()=> where Self: ::core::marker::Sized));
    Some(quote_spanned! {here()=>
        #[doc = #text]
        #[allow(dead_code, unreachable_pub)]
        #visibility fn #name() -> &'static #p::#returned #sized { #body }
    })
}

/// Output: `P::Settings::new().probes(PROBES)`, and around it `P::consistent(….successes(SUCCESSES))` at `SUCCESSES`, where the
/// compiler reports constants that contradict each other.
fn all_settings(plan: &Plan, settings: &[Setting]) -> TokenStream {
    let p = &plan.runtime;
    let limit = plan.limit.as_ref().map(|_| quote_spanned!(here()=> .timeout(__LIMIT)));
    let total = plan.total.as_ref().map(|total| {
        let total = time(plan, total);
        quote_spanned!(here()=> .total_timeout(#total))
    });
    let none = quote_spanned!(here()=> #p::Settings::new() #limit #total);
    settings.iter().fold(limits::retry_settings(plan, none), |before, one| {
        let all = setting(plan, &before, one);
        let place = match one {
            Setting::Window { count: Some(value), .. } | Setting::MinCalls(value) | Setting::Successes(value) => {
                Place::of(value.tokens())
            }
            Setting::Burst(value) => Place::of(value.tokens()),
            Setting::MaxReset(value) | Setting::ProbeTimeout(value) => Place::of(value.tokens()),
            _ => return all,
        };
        place.call(quote_spanned!(here()=> #p::consistent), all)
    })
}

/// Input: `SETTINGS`
///
/// Output: `SETTINGS.consecutive(3)`, and for a constant window, whose type only the compiler knows,
/// `P::with_window(SETTINGS, WINDOW)`
fn setting(plan: &Plan, before: &TokenStream, setting: &Setting) -> TokenStream {
    let p = &plan.runtime;
    let (method, values) = match setting {
        Setting::Consecutive(value) => ("consecutive", count(plan, value)),
        Setting::Failures(value) => ("failures", count(plan, value)),
        Setting::FailureRate(value) => ("failure_rate", number(plan, "rate", value)),
        Setting::SlowRate(value) => ("slow_rate", number(plan, "rate", value)),
        Setting::SlowCall(value) => ("slow_call", time(plan, value)),
        Setting::Window { window: Value::Literal(Window::Time(known), _), .. } => ("window", known_time(plan, *known)),
        Setting::Window { window: Value::Literal(Window::Calls(known), _), .. } => {
            ("window_calls", known_count(*known))
        }
        Setting::Window { window: Value::Constant(expr), .. } => {
            let window = constant_window(plan, expr);
            return quote_spanned!(here()=> #p::with_window(#before, #window));
        }
        Setting::MinCalls(value) => ("min_calls", count(plan, value)),
        Setting::OnCancel(what) => ("on_cancel", on_cancel(plan, *what)),
        Setting::Reset(value) => ("reset", time(plan, value)),
        Setting::Backoff(value) => ("backoff", number(plan, "factor", value)),
        Setting::MaxReset(value) => ("max_reset", time(plan, value)),
        Setting::Jitter(value) => ("jitter", number(plan, "fraction", value)),
        Setting::Probes(value) => ("probes", probe_count(plan, value)),
        Setting::Successes(value) => ("successes", probe_count(plan, value)),
        Setting::ProbeFailureRate(value) => ("probe_failure_rate", number(plan, "rate", value)),
        Setting::ProbeTimeout(value) => ("probe_timeout", time(plan, value)),
        Setting::Ramp(value) => ("ramp", time(plan, value)),
        Setting::MaxConcurrent(value) => ("max_concurrent", count(plan, value)),
        Setting::RateLimit(PerTime { calls, time }) => {
            let (calls, time) = (known_count(*calls), known_time(plan, *time));
            ("rate_limit", quote_spanned!(here()=> #calls, #time))
        }
        Setting::Burst(Value::Literal(calls, _)) => ("burst", known_count(*calls)),
        Setting::Burst(Value::Constant(expr)) => ("burst", expr.clone()),
        Setting::Latency(value) => ("latency", value.tokens().clone()),
        Setting::Span(value) => ("span", value.tokens().clone()),
    };
    let method = Ident::new(method, here());
    quote_spanned!(here()=> #before.#method(#values))
}

fn probe_count(plan: &Plan, value: &Value<u32>) -> TokenStream {
    known_or_checked(plan, "probe_count", value, known_count)
}

/// Output: `P::window(P::WindowOf(WINDOW).kind())`, at `WINDOW`: a method finds the type, of which there are two.
fn constant_window(plan: &Plan, expr: &TokenStream) -> TokenStream {
    let p = &plan.runtime;
    let place = Place::of(expr);
    let mut kind = place.call(quote_spanned!(here()=> #p::WindowOf), expr.clone());
    kind.extend(place.put(quote_spanned!(here()=> .kind)));
    kind.extend(place.arguments(TokenStream::new()));
    place.call(quote_spanned!(here()=> #p::window), kind)
}

fn on_cancel(plan: &Plan, what: OnCancel) -> TokenStream {
    let p = &plan.runtime;
    let variant = format_ident!("{what:?}", span = here());
    quote_spanned!(here()=> #p::OnCancel::#variant)
}
