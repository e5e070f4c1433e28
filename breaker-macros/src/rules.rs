//! What must hold between the keys of an attribute, and between the keys and the function.

use std::time::Duration;

use humantime::format_duration;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Expr, FnArg, GenericParam, Ident, Pat, Receiver, ReceiverKind, Signature, Token};

use crate::args::keys::{Group, Id};
use crate::args::values::{Accessor, Fallback, Value, Window, place};
use crate::args::{Arguments, FallbackOn, OnCancel};
use crate::problems::Problems;
use crate::signature::Function;
use crate::types;

/// Something that the compiler should warn of.
pub(crate) struct Doubt {
    /// What to point at.
    pub(crate) at: TokenStream,
    /// What the compiler calls it.
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// What is wrong with the arguments, whatever they stand on.
pub(crate) fn check(arguments: &Arguments, problems: &mut Problems) {
    if arguments.given(Id::Breaker).is_some() {
        refuse_beside_breaker(arguments, problems);
    } else {
        check_trip(arguments, problems);
        check_rates(arguments, problems);
        check_window_of_calls(arguments, problems);
        check_reset(arguments, problems);
        check_limits(arguments, problems);
        check_probes(arguments, problems);
    }
    check_family(arguments, problems);
    check_stack(arguments, problems);
    if let (Some(key), true) = (arguments.given(Id::Span), cfg!(not(feature = "tracing"))) {
        let text = "`span` needs somebody to tell: switch on the feature `tracing` of `breaker-runtime` \
                    (`cargo add breaker-runtime --features tracing`)";
        problems.at(key, text);
    }
    if let (Some(key), None) = (arguments.given(Id::FallbackOn), arguments.given(Id::Fallback)) {
        problems.at(key, "`fallback_on` says when a `fallback` answers: add `fallback = …`");
    }
}

fn refuse_beside_breaker(arguments: &Arguments, problems: &mut Problems) {
    for given in &arguments.given {
        if matches!(given.key.group, Group::Trip | Group::Recovery | Group::Limit | Group::Seeing)
            || matches!(given.key.id, Id::Name | Id::Dependency | Id::Note)
        {
            let name = given.key.name;
            let text =
                format!("`{name}` belongs to the breaker that `breaker` names: set it where that breaker is made");
            problems.at(&given.ident, text);
        }
    }
}

fn check_family(arguments: &Arguments, problems: &mut Problems) {
    let shared = arguments.given(Id::Breaker).is_some();
    if let Some(key) = arguments.given(Id::Key) {
        if shared {
            let text = "`key` makes a breaker for each value, and `breaker` names one that is there: \
                        keep only one of the two";
            problems.at(key, text);
        }
        return;
    }
    for given in arguments.given.iter().filter(|given| given.key.group == Group::Family) {
        let name = given.key.name;
        let remedy = if shared {
            format!("`breaker` names a single one: leave `{name}` out")
        } else {
            format!("this function has a single one: add `key = …`, or leave `{name}` out")
        };
        problems.at(&given.ident, format!("`{name}` is for a family of breakers, one for each `key`, and {remedy}"));
    }
}

/// A key that names what is taken out of an argument only after the call was admitted.
pub(crate) fn check_key<'a>(key: &Expr, unpacked: impl Iterator<Item = &'a Pat>, problems: &mut Problems) {
    for name in unpacked.flat_map(types::bound_names) {
        if types::names(key, &name) {
            let text = format!(
                "`{name}` does not exist yet when the key is needed, because the `fallback` is given the whole argument: \
                 give the argument a name and write the key as a part of it, or write the fallback as a closure"
            );
            problems.at(key, text);
        }
    }
}

fn check_trip(arguments: &Arguments, problems: &mut Problems) {
    let [threshold, consecutive, failures, window] =
        [Id::Threshold, Id::Consecutive, Id::Failures, Id::Window].map(|id| arguments.given(id));
    let rate = a_rate(arguments);
    let beside = match (rate, failures, consecutive, window) {
        (Some(rate), ..) => Some(format!(
            "`threshold` has no clear meaning beside `{rate}`: \
             write `consecutive` for failures in a row, or `failures` for failures within `window`"
        )),
        (None, Some(_), ..) => Some("`threshold` with a `window` is `failures`: keep only `failures`".to_owned()),
        (None, None, Some(_), Some(_)) => {
            Some("beside `consecutive`, write `failures` instead of `threshold`".to_owned())
        }
        (None, None, Some(_), None) => {
            Some("`threshold` without a `window` is `consecutive`: keep only one of the two".to_owned())
        }
        (None, None, None, _) => None,
    };
    if let (Some(threshold), Some(text)) = (threshold, beside) {
        problems.at(threshold, text);
    }
    if let (Some(window), None, None, None) = (window, threshold, failures, rate) {
        let text = "`window` is what a rule looks back on, and no rule here does: \
                    add `failures = …`, `failure_rate = …` or `slow_rate = …`";
        problems.at(window, text);
    }
    if let (Some(failures), None) = (failures, window) {
        let text =
            "`failures` needs a `window`, such as `window = \"30s\"`; for failures in a row, write `consecutive`";
        problems.at(failures, text);
    }
}

/// A key that asks for a share of the calls in the window.
fn a_rate(arguments: &Arguments) -> Option<&Ident> {
    arguments.given(Id::FailureRate).or(arguments.given(Id::SlowRate))
}

fn check_rates(arguments: &Arguments, problems: &mut Problems) {
    let [slow_rate, slow_call, min_calls] = [Id::SlowRate, Id::SlowCall, Id::MinCalls].map(|id| arguments.given(id));
    if let (Some(slow_rate), None) = (slow_rate, slow_call) {
        let text = "`slow_rate` needs to know from which time on a call is slow: add `slow_call`, such as \
                    `slow_call = \"2s\"`";
        problems.at(slow_rate, text);
    }
    if let (None, Some(slow_call)) = (slow_rate, slow_call) {
        let text = "`slow_call` only says which calls are slow: add the share of them that opens the breaker, such as \
                    `slow_rate = 0.5`";
        problems.at(slow_call, text);
    }
    if let (Some(min_calls), None) = (min_calls, a_rate(arguments)) {
        let text = "`min_calls` says how many calls a rate needs, and no rate is given: add `failure_rate = …` or \
                    `slow_rate = …`, or leave `min_calls` out";
        problems.at(min_calls, text);
    }
}

/// What can never happen among so few calls.
fn check_window_of_calls(arguments: &Arguments, problems: &mut Problems) {
    let Some(Window::Calls(calls)) = arguments.window.as_ref().and_then(Value::known) else { return };
    let within = [
        ("threshold", arguments.threshold.as_ref()),
        ("failures", arguments.failures.as_ref()),
        ("min_calls", arguments.min_calls.as_ref()),
    ];
    for (key, value) in within {
        if let Some((value, count)) = value.and_then(|value| value.known().map(|count| (value, count))) {
            if count > calls {
                let text = format!(
                    "`{key}` must not be more than `window` holds, which is the last {calls} calls: \
                     set `window = {count}` or more, or `{key} = {calls}` or less"
                );
                problems.at(value.tokens(), text);
            }
        }
    }
}

/// What says something of another key, which is not there.
fn check_limits(arguments: &Arguments, problems: &mut Problems) {
    if let (Some(burst), None) = (arguments.given(Id::Burst), arguments.given(Id::RateLimit)) {
        let text = "`burst` says how many calls may come at once under a `rate_limit`: add `rate_limit = \"100/s\"` or the \
                    like, or leave `burst` out";
        problems.at(burst, text);
    }
}

/// What stands around the breaker.
fn check_stack(arguments: &Arguments, problems: &mut Problems) {
    if let (Some(key), true) = (arguments.given(Id::Retry), cfg!(not(feature = "retry"))) {
        let text =
            "`retry` needs the feature `retry` of `breaker-runtime` (`cargo add breaker-runtime --features retry`)";
        problems.at(key, text);
    }
    if let (Some(key), true) = (arguments.given(Id::LastGood), cfg!(not(feature = "last_good"))) {
        let text = "`last_good` needs the feature `last_good` of `breaker-runtime` \
                    (`cargo add breaker-runtime --features last_good`)";
        problems.at(key, text);
    }
    if let Some(retry) = &arguments.retry {
        let backoff = retry.backoff.as_ref().map_or(Some(Duration::from_millis(100)), Value::known);
        not_shorter("max", retry.max.as_ref(), "backoff", backoff, problems);
    }
    let limit = arguments.timeout.as_ref().and_then(Value::known);
    not_shorter("total_timeout", arguments.total_timeout.as_ref(), "timeout", limit, problems);
    let Some(good) = &arguments.last_good else { return };
    if let (Some(key), None) = (arguments.given(Id::LastGood), good.given(Id::GoodTtl)) {
        let text =
            "`last_good` needs to know how old an answer may be that is given: add `ttl`, such as `ttl = \"1h\"`";
        problems.at(key, text);
    }
    if let (Some(max), Some(_)) = (good.given(Id::GoodMax), good.given(Id::GoodStore)) {
        let text = "`max` is for answers in memory, and `store` names another place: keep only one of the two";
        problems.at(max, text);
    }
}

fn check_reset(arguments: &Arguments, problems: &mut Problems) {
    let lengthens = arguments.given(Id::Backoff).or(arguments.given(Id::Jitter));
    if let (Some(key), None) = (arguments.given(Id::MaxReset), lengthens) {
        let text =
            "`max_reset` limits what `backoff` and `jitter` lead to: add `backoff = 2.0`, or leave `max_reset` out";
        problems.at(key, text);
    }
    let reset = known(arguments.given(Id::Reset), arguments.reset.as_ref(), Duration::from_secs(60));
    not_shorter("max_reset", arguments.max_reset.as_ref(), "reset", reset, problems);
    let slow_call = arguments.slow_call.as_ref().and_then(Value::known);
    not_shorter("timeout", arguments.timeout.as_ref(), "slow_call", slow_call, problems);
    let limit = arguments.timeout.as_ref().and_then(Value::known);
    not_shorter("probe_timeout", arguments.probe_timeout.as_ref(), "timeout", limit, problems);
}

fn not_shorter(
    key: &str,
    value: Option<&Value<Duration>>,
    than: &str,
    least: Option<Duration>,
    problems: &mut Problems,
) {
    let (Some(value), Some(least)) = (value, least) else { return };
    if let Some(time) = value.known().filter(|time| *time < least) {
        let (time, least) = (format_duration(time), format_duration(least));
        problems.at(value.tokens(), format!("`{key}` must not be shorter than `{than}`: {time} is less than {least}"));
    }
}

fn check_probes(arguments: &Arguments, problems: &mut Problems) {
    if let (Some(successes), Some(_)) = (arguments.given(Id::Successes), arguments.given(Id::ProbeFailureRate)) {
        let text = "`successes` has no place beside `probe_failure_rate`, by which all `probes` decide together: \
                    keep only one of the two";
        problems.at(successes, text);
        return;
    }
    let Some(value) = &arguments.successes else { return };
    let probes = known(arguments.given(Id::Probes), arguments.probes.as_ref(), 1);
    if let Some((successes, probes)) = value.known().zip(probes).filter(|(successes, probes)| successes > probes) {
        let default = if arguments.given(Id::Probes).is_none() { " by default" } else { "" };
        let text = format!(
            "`successes` must not be more than `probes`, which is {probes}{default}: set `probes = {successes}` or more"
        );
        problems.at(value.tokens(), text);
    }
}

/// The value of a key; its default where it is not given, nothing where only the compiler knows it.
fn known<T: Copy>(key: Option<&Ident>, value: Option<&Value<T>>, default: T) -> Option<T> {
    match key {
        Some(_) => value?.known(),
        None => Some(default),
    }
}

/// What is allowed, and seldom meant. Constants are left alone: only the compiler knows what they are.
pub(crate) fn doubts(arguments: &Arguments, function: &Function) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if arguments.given(Id::Breaker).is_some() {
        return doubts;
    }
    let counts = [
        ("threshold", arguments.threshold.as_ref()),
        ("consecutive", arguments.consecutive.as_ref()),
        ("failures", arguments.failures.as_ref()),
    ];
    for (key, value) in counts {
        if let Some(value) = value.filter(|value| value.known() == Some(1)) {
            let text = format!(
                "one failure alone opens this breaker, so a single bad answer turns every caller away until `reset` is \
                 over: write `{key} = 2` or more; if one is meant, put `#[allow(deprecated)]` on the function"
            );
            doubts.push(Doubt { at: value.tokens().clone(), name: "ONE_FAILURE_OPENS", text });
        }
    }
    doubts.extend(short_reset(arguments));
    doubts.extend(nobody_counts(arguments, function));
    doubts
}

fn short_reset(arguments: &Arguments) -> Option<Doubt> {
    let timeout = arguments.timeout.as_ref()?;
    let limit = timeout.known()?;
    let reset = known(arguments.given(Id::Reset), arguments.reset.as_ref(), Duration::from_secs(60))?;
    if reset >= limit {
        return None;
    }
    let (at, which) = match &arguments.reset {
        Some(reset) => (reset.tokens(), ""),
        None => (timeout.tokens(), " by default"),
    };
    let (reset, limit) = (format_duration(reset), format_duration(limit));
    let text = format!(
        "`reset` is {reset}{which}, and a call may take {limit}: when the first probe goes out, calls from before the \
         breaker opened may still be under way, so the dependency has had no rest: write `reset = \"{limit}\"` or \
         more; if the shorter one is meant, put `#[allow(deprecated)]` on the function"
    );
    Some(Doubt { at: at.clone(), name: "RESET_SHORTER_THAN_TIMEOUT", text })
}

fn nobody_counts(arguments: &Arguments, function: &Function) -> Option<Doubt> {
    let ignores = matches!(arguments.on_cancel, Some(OnCancel::Ignore));
    let limited = arguments.timeout.is_some() || arguments.slow_call.is_some();
    if !ignores || limited || !function.is_async() {
        return None;
    }
    let text = "`on_cancel = \"ignore\"` with neither `timeout` nor `slow_call`: where callers alone hold the clock, a dependency \
                that hangs is never noticed: add `timeout = \"2s\"` or the like, or leave `on_cancel` out; if it is meant, \
                put `#[allow(deprecated)]` on the function";
    let at = arguments.given(Id::OnCancel)?.to_token_stream();
    Some(Doubt { at, name: "NOBODY_COUNTS_HUNG_CALLS", text: text.to_owned() })
}

/// What is wrong with these arguments on this function.
pub(crate) fn check_on(arguments: &Arguments, function: &Function, problems: &mut Problems) {
    for id in [Id::Timeout, Id::TotalTimeout] {
        if let Some(key) = arguments.given(id) {
            check_time_limit(key, function, problems);
        }
    }
    if let Some(key) = arguments.given(Id::Retry) {
        check_retry(key, function, problems);
    }
    if let (Some(key), Some(good)) = (arguments.given(Id::LastGood), &arguments.last_good) {
        if !function.signature.inputs.is_empty() && good.given(Id::GoodKey).is_none() {
            let text = "`last_good` needs to know what the answer depends on: add `key = …`, or `key = ()` where one answer is \
                        good for all arguments, `self` included";
            problems.at(key, text);
        }
    }
    let after_failures = arguments.fallback_on == Some(FallbackOn::Failure);
    if function.output.opaque && arguments.given(Id::Fallback).is_none() {
        let text = "a rejected call needs a value of this type, too: add `fallback = …`, or return a `Result`";
        problems.at(&function.output.place, text);
    } else if function.output.opaque
        && (arguments.timeout.is_some() || arguments.total_timeout.is_some())
        && !after_failures
    {
        let text = "a call that runs out of time needs a value of this type, too: add `fallback_on = \"failure\"`";
        problems.at(&function.output.place, text);
    }
    match &arguments.fallback {
        Some(Fallback::Path(_)) => {
            let remedy = "to a `fallback`: write the fallback as a closure, or make the whole function conditional";
            refuse_conditional(&function.signature, remedy, problems);
            if arguments.retry.is_none() && after_failures {
                refuse_mutable(&function.signature, problems);
            }
        }
        Some(Fallback::Closure { expr, waits: true }) if !function.is_async() => {
            problems
                .at(expr, "a sync function cannot wait for an async fallback: write a closure that returns the value");
        }
        _ => {}
    }
}

fn check_time_limit(key: &Ident, function: &Function, problems: &mut Problems) {
    if !function.is_async() {
        let text = format!(
            "`{key}` works on async functions only: a running sync call cannot be stopped from outside; \
             set a time limit in the client that it uses"
        );
        problems.at(key, text);
    } else if cfg!(not(feature = "tokio")) {
        let text = format!(
            "`{key}` needs a timer: switch on the feature `tokio` of `breaker-runtime` \
             (`cargo add breaker-runtime --features tokio`)"
        );
        problems.at(key, text);
    }
}

/// Each attempt needs the arguments for itself.
fn check_retry(key: &Ident, function: &Function, problems: &mut Problems) {
    if function.is_async() && cfg!(not(feature = "tokio")) {
        let text = "`retry` needs a timer on async functions: switch on the feature `tokio` of `breaker-runtime` \
                    (`cargo add breaker-runtime --features retry,tokio`)";
        problems.at(key, text);
    }
    refuse_conditional(&function.signature, "to a second attempt: make the whole function conditional", problems);
    for argument in &function.signature.inputs {
        if let Some(mutable) = mutability(argument) {
            let text = "the first attempt may have changed what is behind a mutable reference, so a second one would not be \
                        the same call: leave `retry` out, or retry a function within that takes none";
            problems.at(mutable, text);
        } else if let FnArg::Receiver(receiver) = argument {
            if !is_shared(receiver) {
                let text = "the first attempt uses up an owned `self`, and a second one would have none: take `&self`, or leave \
                            `retry` out";
                problems.at(receiver, text);
            }
        }
    }
}

fn attributes(argument: &FnArg) -> &[Attribute] {
    match argument {
        FnArg::Receiver(receiver) => &receiver.attrs,
        FnArg::Typed(typed) => &typed.attrs,
    }
}

/// Whether such a parameter exists is not known yet, so the fallback's arguments are not either.
fn refuse_conditional(signature: &Signature, remedy: &str, problems: &mut Problems) {
    for attribute in signature.inputs.iter().flat_map(attributes) {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            problems.at(attribute, format!("a conditional parameter cannot be passed on {remedy}"));
        }
    }
}

/// A mutable reference cannot be in the body's hands and kept for the fallback at the same time.
fn refuse_mutable(signature: &Signature, problems: &mut Problems) {
    for argument in &signature.inputs {
        if let Some(mutable) = mutability(argument) {
            let text = "a mutable reference cannot be kept for a fallback after a failure: \
                        write the fallback as a closure, or leave `fallback_on = \"failure\"` out";
            problems.at(mutable, text);
        }
    }
}

fn mutability(argument: &FnArg) -> Option<&Token![mut]> {
    match argument {
        FnArg::Typed(typed) => types::mutable_reference(&typed.ty),
        FnArg::Receiver(receiver) => match &receiver.kind {
            ReceiverKind::Reference(_, _, mutability) => mutability.as_ref(),
            ReceiverKind::Typed(_, ty) => types::mutable_reference(ty),
            _ => None,
        },
    }
}

/// Whether it is `&self`, in any way of writing, so that several attempts can have it.
fn is_shared(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(..) => true,
        ReceiverKind::Typed(_, ty) => types::is_reference(ty),
        _ => false,
    }
}

/// Whether it is `mut self`, or `mut self: …`.
pub(crate) fn is_changed(receiver: &Receiver) -> bool {
    receiver.to_token_stream().into_iter().next().is_some_and(|first| first.to_string() == "mut")
}

/// A name for an accessor that would have nothing to return.
pub(crate) fn refuse_accessor(accessor: Option<&Accessor>, problems: &mut Problems) {
    if let Some(Accessor::Named(name)) = accessor {
        let text = "an accessor returns a `&'static CircuitBreaker`, and this `breaker` is not the path of a static: \
                    leave `accessor` out";
        problems.at(name, text);
    }
}

/// Whether an expression is the path of a static: the same breaker wherever it stands.
pub(crate) fn is_lasting(expr: &Expr, signature: &Signature) -> bool {
    let Expr::Path(path) = place(expr) else { return false };
    let Some(first) = path.path.segments.first() else { return false };
    let first = first.ident.to_string();
    let parameter = signature.inputs.iter().any(|argument| match argument {
        FnArg::Typed(typed) => types::mentions(&typed.pat, &[&first]),
        FnArg::Receiver(_) => false,
    });
    let generic = signature.generics.params.iter().any(|param| match param {
        GenericParam::Type(ty) => ty.ident == first,
        GenericParam::Const(constant) => constant.ident == first,
        GenericParam::Lifetime(_) => false,
    });
    !parameter && !generic && !types::mentions(path, &["self", "Self"])
}
