//! Arguments and a signature become a plan, in which nothing is left to decide; or all the reasons why not.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath, FnArg, Ident, Pat, PatIdent, Signature, Token, parse_quote_spanned};

use crate::args::stack::{LastGood, Retry};
use crate::args::values::{self, Accessor, PerTime, Value, Window};
use crate::args::{Arguments, Errors, FallbackOn, OnCancel, Overflow};
use crate::problems::Problems;
use crate::rules::Doubt;
use crate::signature::Function;
use crate::{rules, types};

/// Everything that the templates put into tokens.
pub(crate) struct Plan {
    /// The path of the runtime's door for generated code.
    pub(crate) runtime: TokenStream,
    pub(crate) function: Function,
    pub(crate) breaker: Breaker,
    pub(crate) accessor: Option<Ident>,
    pub(crate) limit: Option<Value<Duration>>,
    pub(crate) total: Option<Value<Duration>>,
    pub(crate) retry: Option<Retry>,
    pub(crate) last_good: Option<LastGood>,
    pub(crate) ignore: Option<Errors>,
    pub(crate) failure_if: Option<Expr>,
    pub(crate) class: Option<Expr>,
    pub(crate) fallback: Option<Fallback>,
    /// Patterns that gave way to a name in the signature, and come back before the body.
    pub(crate) unpacked: Vec<Unpacked>,
    /// Arguments of which each attempt has its own.
    pub(crate) copied: Vec<Copied>,
    /// Arguments that the body may change a part of, so that it must have them as a whole.
    pub(crate) changed: Vec<Ident>,
    pub(crate) doubts: Vec<Doubt>,
}

/// Whose breaker it is.
pub(crate) enum Breaker {
    Own {
        name: Option<Value<()>>,
        settings: Vec<Setting>,
        dependency: Option<Value<()>>,
        note: Option<Value<()>>,
        family: Option<Box<Family>>,
    },
    /// `lasting` says that the same static is meant wherever the expression stands.
    Shared { expr: Expr, lasting: bool },
}

/// What makes it a breaker for each key.
pub(crate) struct Family {
    pub(crate) key: Expr,
    pub(crate) max_keys: Option<Value<u32>>,
    pub(crate) idle: Option<Value<Duration>>,
    pub(crate) overflow: Overflow,
}

/// One call on the runtime's `Settings`.
pub(crate) enum Setting {
    Consecutive(Value<u32>),
    Failures(Value<u32>),
    FailureRate(Value<f64>),
    SlowRate(Value<f64>),
    SlowCall(Value<Duration>),
    /// `count` is the number of failures that it must have room for.
    Window {
        window: Value<Window>,
        count: Option<Value<u32>>,
    },
    MinCalls(Value<u32>),
    OnCancel(OnCancel),
    Reset(Value<Duration>),
    Backoff(Value<f64>),
    MaxReset(Value<Duration>),
    Jitter(Value<f64>),
    Probes(Value<u32>),
    Successes(Value<u32>),
    ProbeFailureRate(Value<f64>),
    ProbeTimeout(Value<Duration>),
    Ramp(Value<Duration>),
    MaxConcurrent(Value<u32>),
    RateLimit(PerTime),
    Burst(Value<u32>),
    Latency(Value<bool>),
    Span(Value<bool>),
}

pub(crate) struct Fallback {
    pub(crate) answer: Answer,
    pub(crate) on: FallbackOn,
}

/// How the fallback is asked.
pub(crate) enum Answer {
    /// `path(arguments…)`
    Path { path: ExprPath, arguments: Vec<Ident> },
    /// `closure(cause)`; `waits` says that it returns a future.
    Closure { expr: Expr, waits: bool },
}

pub(crate) struct Unpacked {
    pub(crate) pattern: Pat,
    pub(crate) name: Ident,
}

pub(crate) struct Copied {
    pub(crate) mutability: Option<Token![mut]>,
    pub(crate) name: Ident,
}

/// The plan for a function; the problems say whether it may be carried out.
pub(crate) fn draw(mut arguments: Arguments, mut function: Function, problems: &mut Problems) -> Plan {
    rules::check_on(&arguments, &function, problems);
    let doubts = rules::doubts(&arguments, &function);
    let breaker = breaker(&mut arguments, &function.signature);
    let accessor = accessor(arguments.accessor.as_ref(), &breaker, &function.signature, problems);
    let mut unpacked = Vec::new();
    let names = match arguments.fallback {
        Some(values::Fallback::Path(_)) => by_name(&mut function.signature, &mut unpacked),
        _ => Vec::new(),
    };
    let copied = if arguments.retry.is_some() { copied(&mut function.signature, &mut unpacked) } else { Vec::new() };
    let changed = changed(&function.signature);
    let fallback = arguments.fallback.map(|written| {
        let answer = match written {
            values::Fallback::Closure { expr, waits } => Answer::Closure { expr, waits },
            values::Fallback::Path(path) => Answer::Path { path, arguments: names },
        };
        Fallback { answer, on: arguments.fallback_on.unwrap_or(FallbackOn::Rejection) }
    });
    let family_key = match &breaker {
        Breaker::Own { family: Some(family), .. } => Some(&family.key),
        _ => None,
    };
    let good_key = arguments.last_good.as_ref().and_then(|good| good.key.as_ref());
    for key in family_key.into_iter().chain(good_key) {
        rules::check_key(key, unpacked.iter().map(|Unpacked { pattern, .. }| pattern), problems);
    }
    let runtime = arguments.crate_path.unwrap_or_else(|| quote_spanned!(Span::mixed_site()=> ::breaker_runtime));
    let runtime = quote_spanned!(Span::mixed_site()=> #runtime::__private);
    Plan {
        runtime,
        function,
        breaker,
        accessor,
        limit: arguments.timeout,
        total: arguments.total_timeout,
        retry: arguments.retry,
        last_good: arguments.last_good,
        ignore: arguments.ignore,
        failure_if: arguments.failure_if,
        class: arguments.class,
        fallback,
        unpacked,
        copied,
        changed,
        doubts,
    }
}

fn breaker(arguments: &mut Arguments, signature: &Signature) -> Breaker {
    match arguments.breaker.take() {
        Some(expr) => Breaker::Shared { lasting: rules::is_lasting(&expr, signature), expr },
        None => Breaker::Own {
            name: arguments.name.take(),
            settings: settings(arguments),
            dependency: arguments.dependency.take(),
            note: arguments.note.take(),
            family: family(arguments),
        },
    }
}

fn family(arguments: &mut Arguments) -> Option<Box<Family>> {
    Some(Box::new(Family {
        key: arguments.key.take()?,
        max_keys: arguments.max_keys.take(),
        idle: arguments.idle.take(),
        overflow: arguments.overflow.unwrap_or(Overflow::MetricsOnly),
    }))
}

/// The window after the rules that look back on it, and `min_calls` after the window: only then can they be compared.
fn settings(arguments: &mut Arguments) -> Vec<Setting> {
    let window = arguments.window.take();
    let (in_a_row, within) = match (arguments.threshold.take(), &window) {
        (Some(threshold), None) => (Some(threshold), None),
        (threshold, _) => (None, threshold),
    };
    let failures = within.or(arguments.failures.take());
    let window = window.map(|window| Setting::Window { window, count: failures.clone() });
    [
        in_a_row.or(arguments.consecutive.take()).map(Setting::Consecutive),
        failures.map(Setting::Failures),
        arguments.failure_rate.take().map(Setting::FailureRate),
        arguments.slow_rate.take().map(Setting::SlowRate),
        arguments.slow_call.take().map(Setting::SlowCall),
        window,
        arguments.min_calls.take().map(Setting::MinCalls),
        arguments.on_cancel.map(Setting::OnCancel),
        arguments.reset.take().map(Setting::Reset),
        arguments.backoff.take().map(Setting::Backoff),
        arguments.max_reset.take().map(Setting::MaxReset),
        arguments.jitter.take().map(Setting::Jitter),
        arguments.probes.take().map(Setting::Probes),
        arguments.successes.take().map(Setting::Successes),
        arguments.probe_failure_rate.take().map(Setting::ProbeFailureRate),
        arguments.probe_timeout.take().map(Setting::ProbeTimeout),
        arguments.ramp.take().map(Setting::Ramp),
        arguments.max_concurrent.take().map(Setting::MaxConcurrent),
        arguments.rate_limit.map(Setting::RateLimit),
        arguments.burst.take().map(Setting::Burst),
        arguments.latency.take().map(Setting::Latency),
        arguments.span.take().map(Setting::Span),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn accessor(
    asked: Option<&Accessor>,
    breaker: &Breaker,
    signature: &Signature,
    problems: &mut Problems,
) -> Option<Ident> {
    if let Breaker::Shared { lasting: false, .. } = breaker {
        rules::refuse_accessor(asked, problems);
        return None;
    }
    match asked {
        Some(Accessor::None) => None,
        Some(Accessor::Named(name)) => Some(name.clone()),
        None => {
            let keyed = matches!(breaker, Breaker::Own { family: Some(_), .. });
            let ending = if keyed { "breakers" } else { "breaker" };
            Some(format_ident!("{}_{ending}", signature.ident.unraw(), span = Span::call_site()))
        }
    }
}

/// The names under which the arguments can be passed on. A parameter without one gets it:
///
/// Input: `(a, b): (A, B)`
///
/// Output: `__arg0: (A, B)`, and `(a, b)` to unpack it
fn by_name(signature: &mut Signature, unpacked: &mut Vec<Unpacked>) -> Vec<Ident> {
    let mut names = Vec::new();
    for (position, argument) in signature.inputs.iter_mut().enumerate() {
        let name = match argument {
            FnArg::Receiver(receiver) => Ident::new("self", receiver.self_token.span),
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => ident.clone(),
                _ => named(&mut typed.pat, position, unpacked),
            },
        };
        names.push(name);
    }
    names
}

/// Puts a name in the place of a pattern, which comes back before the body.
fn named(pattern: &mut Pat, position: usize, unpacked: &mut Vec<Unpacked>) -> Ident {
    let span = Span::mixed_site().located_at(pattern.span());
    let name = format_ident!("__arg{position}", span = span);
    let pattern = std::mem::replace(pattern, parse_quote_spanned!(span=> #name));
    // There is nothing to unpack in `_`, and to bind it would warn.
    if !matches!(pattern, Pat::Wild(_)) {
        unpacked.push(Unpacked { pattern, name: name.clone() });
    }
    name
}

/// The names of which each attempt has its own. What refers to an argument cannot be copied without it, so such a pattern
/// comes back in each attempt.
fn copied(signature: &mut Signature, unpacked: &mut Vec<Unpacked>) -> Vec<Copied> {
    let mut copied = Vec::new();
    for (position, argument) in signature.inputs.iter_mut().enumerate() {
        let FnArg::Typed(typed) = argument else { continue };
        if types::has_reference(&typed.pat) {
            named(&mut typed.pat, position, unpacked);
        }
        let mut changes = false;
        types::each_name(&typed.pat, &mut |mutability, name| {
            changes |= mutability.is_some();
            copied.push(Copied { mutability, name: name.clone() });
        });
        if changes {
            // The copies are changed; the argument itself by a fallback perhaps.
            typed.attrs.push(parse_quote_spanned!(Span::mixed_site()=> #[allow(unused_mut)]));
        }
    }
    copied
}

/// The arguments that are `mut`.
fn changed(signature: &Signature) -> Vec<Ident> {
    let mut changed = Vec::new();
    for argument in &signature.inputs {
        match argument {
            FnArg::Typed(typed) => types::each_name(&typed.pat, &mut |mutability, name| {
                changed.extend(mutability.map(|_| name.clone()));
            }),
            FnArg::Receiver(receiver) if rules::is_changed(receiver) => {
                changed.push(Ident::new("self", receiver.self_token.span));
            }
            FnArg::Receiver(_) => {}
        }
    }
    changed
}

impl Plan {
    /// Whether a call that did not succeed may be answered, or made again, by what stands around its breaker.
    pub(crate) fn is_stacked(&self) -> bool {
        self.retry.is_some() || self.last_good.is_some()
    }

    /// The breakers, where there is one for each key.
    pub(crate) fn family(&self) -> Option<&Family> {
        match &self.breaker {
            Breaker::Own { family, .. } => family.as_deref(),
            Breaker::Shared { .. } => None,
        }
    }
}

/// Whether an accessor beside this function would hinder `dyn Trait`, were it not excepted from it.
pub(crate) fn is_for_self(signature: &Signature) -> bool {
    signature.receiver().is_some()
        || types::mentions(&signature.inputs, &["Self"])
        || types::mentions(&signature.output, &["Self"])
        || types::mentions(&signature.generics, &["Self"])
        || types::mentions(&signature.generics.where_clause, &["Self"])
}
