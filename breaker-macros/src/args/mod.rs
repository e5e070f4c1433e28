//! The text between the attribute's parentheses, as arguments that remember where they stand.

pub(crate) mod keys;
pub(crate) mod stack;
pub(crate) mod values;

use std::time::Duration;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Ident, Pat, PatIdent, Result, Token, token};

use crate::problems::Problems;
use keys::{Form, Id, KEYS, Key};
use stack::{LastGood, Retry};
use values::{Accessor, Fallback, PerTime, Value, Window};

/// What a dropped call counts as.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OnCancel {
    Unanswered,
    Failure,
    Ignore,
}

/// What protects keys beyond `max_keys`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Overflow {
    MetricsOnly,
    Shared,
}

/// When the fallback answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FallbackOn {
    Rejection,
    Failure,
}

/// A pattern of errors and its guard.
pub(crate) struct Errors {
    pub(crate) pattern: Pat,
    pub(crate) guard: Option<Expr>,
}

impl Errors {
    /// The name that is all of the pattern: of a constant or a variant in scope, or else a binding that matches everything.
    pub(crate) fn name_alone(&self) -> Option<&Ident> {
        match &self.pattern {
            Pat::Ident(PatIdent { by_ref: None, mutability: None, subpat: None, ident, .. })
                if self.guard.is_none() =>
            {
                Some(ident)
            }
            _ => None,
        }
    }

    /// A name in lower case is a binding for certain.
    fn refuse_binding(&self, remedy: &str) -> Result<()> {
        match self.name_alone() {
            Some(name) if name.to_string().starts_with(char::is_lowercase) => {
                let text = format!("`{name}` matches every error: {remedy}, or add a guard: `{name} if …`");
                Err(Error::new_spanned(name, text))
            }
            _ => Ok(()),
        }
    }
}

/// A key that was written, whether its value could be read or not.
pub(crate) struct Given {
    pub(crate) key: &'static Key,
    pub(crate) ident: Ident,
}

/// The arguments that could be read; a missing one was not written, or is among the problems.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) given: Vec<Given>,
    pub(crate) name: Option<Value<()>>,
    pub(crate) accessor: Option<Accessor>,
    pub(crate) crate_path: Option<TokenStream>,
    pub(crate) breaker: Option<Expr>,
    pub(crate) dependency: Option<Value<()>>,
    pub(crate) note: Option<Value<()>>,
    pub(crate) key: Option<Expr>,
    pub(crate) max_keys: Option<Value<u32>>,
    pub(crate) idle: Option<Value<Duration>>,
    pub(crate) overflow: Option<Overflow>,
    pub(crate) threshold: Option<Value<u32>>,
    pub(crate) consecutive: Option<Value<u32>>,
    pub(crate) failures: Option<Value<u32>>,
    pub(crate) failure_rate: Option<Value<f64>>,
    pub(crate) slow_rate: Option<Value<f64>>,
    pub(crate) slow_call: Option<Value<Duration>>,
    pub(crate) window: Option<Value<Window>>,
    pub(crate) min_calls: Option<Value<u32>>,
    pub(crate) on_cancel: Option<OnCancel>,
    pub(crate) reset: Option<Value<Duration>>,
    pub(crate) backoff: Option<Value<f64>>,
    pub(crate) max_reset: Option<Value<Duration>>,
    pub(crate) jitter: Option<Value<f64>>,
    pub(crate) probes: Option<Value<u32>>,
    pub(crate) successes: Option<Value<u32>>,
    pub(crate) probe_failure_rate: Option<Value<f64>>,
    pub(crate) probe_timeout: Option<Value<Duration>>,
    pub(crate) ramp: Option<Value<Duration>>,
    pub(crate) timeout: Option<Value<Duration>>,
    pub(crate) max_concurrent: Option<Value<u32>>,
    pub(crate) rate_limit: Option<PerTime>,
    pub(crate) burst: Option<Value<u32>>,
    pub(crate) ignore: Option<Errors>,
    pub(crate) failure_if: Option<Expr>,
    pub(crate) class: Option<Expr>,
    pub(crate) fallback: Option<Fallback>,
    pub(crate) fallback_on: Option<FallbackOn>,
    pub(crate) latency: Option<Value<bool>>,
    pub(crate) span: Option<Value<bool>>,
    pub(crate) total_timeout: Option<Value<Duration>>,
    pub(crate) retry: Option<Retry>,
    pub(crate) last_good: Option<LastGood>,
}

/// What a value looks like before its key is asked about it.
enum Raw {
    Expr(Expr),
    Pattern(Errors),
    /// What stands between the parentheses; nothing, where the key stands alone.
    List(TokenStream),
}

pub(crate) fn parse(tokens: TokenStream, problems: &mut Problems) -> Arguments {
    let mut arguments = Arguments::default();
    let given = read(tokens, &KEYS, problems, |key, value, problems| arguments.set(key, value, problems));
    arguments.given = given;
    arguments
}

/// Reads all that can be read: after a mistake it goes on with the next key.
fn read(
    tokens: TokenStream,
    keys: &'static [Key],
    problems: &mut Problems,
    mut set: impl FnMut(&'static Key, Raw, &mut Problems) -> Result<()>,
) -> Vec<Given> {
    let mut given = Vec::new();
    let read = |input: ParseStream| {
        while !input.is_empty() {
            let set_it = argument(input, keys, &mut given).and_then(|(key, value)| set(key, value, problems));
            if let Err(error) = set_it {
                problems.add(error);
                skip_to_comma(input);
            }
            if let Err(error) = separator(input) {
                problems.add(error);
            }
        }
        Ok(())
    };
    if let Err(error) = read.parse2(tokens) {
        problems.add(error);
    }
    given
}

fn argument(input: ParseStream, keys: &'static [Key], given: &mut Vec<Given>) -> Result<(&'static Key, Raw)> {
    let Ok(ident) = input.call(Ident::parse_any) else {
        return Err(input.error("expected a key and its value, such as `threshold = 3`"));
    };
    let refuse = |text: String| {
        skip_value(input, keys);
        Err(Error::new_spanned(&ident, text))
    };
    let Some(key) = keys::find(keys, &ident.to_string()) else {
        return refuse(keys::unknown(keys, &ident.to_string()));
    };
    if given.iter().any(|given| given.key.id == key.id) {
        return refuse(format!("`{}` is given twice", key.name));
    }
    given.push(Given { key, ident: ident.clone() });
    let form = key.id.form();
    if matches!(form, Form::Flag | Form::List) && (input.is_empty() || input.peek(Token![,])) {
        return Ok((key, Raw::List(TokenStream::new())));
    }
    if form == Form::List {
        return list(key, &ident, input).map(|list| (key, list));
    }
    let missing = format!("`{}` needs a value after `=`: it accepts {}", key.name, key.accepts);
    if !input.peek(Token![=]) || input.peek(Token![==]) {
        return Err(Error::new_spanned(&ident, missing));
    }
    let equals: Token![=] = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        let mut tokens = ident.to_token_stream();
        equals.to_tokens(&mut tokens);
        return Err(Error::new_spanned(tokens, missing));
    }
    Ok((key, raw_value(key, input, keys)?))
}

fn list(key: &Key, ident: &Ident, input: ParseStream) -> Result<Raw> {
    if !input.peek(token::Paren) {
        return Err(Error::new_spanned(ident, format!("`{}` accepts {}", key.name, key.accepts)));
    }
    match input.parse()? {
        TokenTree::Group(group) => Ok(Raw::List(group.stream())),
        other => Ok(Raw::List(other.into())),
    }
}

impl Arguments {
    /// The key as it was written, to point at.
    pub(crate) fn given(&self, id: Id) -> Option<&Ident> {
        ident_of(&self.given, id)
    }

    fn set(&mut self, key: &Key, value: Raw, problems: &mut Problems) -> Result<()> {
        let expr = match value {
            Raw::Pattern(errors) => {
                errors.refuse_binding("write `_` to ignore all of them")?;
                self.ignore = Some(errors);
                return Ok(());
            }
            Raw::List(list) => {
                self.set_list(key, list, problems);
                return Ok(());
            }
            Raw::Expr(expr) => expr,
        };
        match key.id {
            Id::Name => self.name = Some(values::text(key, &expr)?),
            Id::Accessor => self.accessor = Some(values::accessor(key, &expr)?),
            Id::Crate => self.crate_path = Some(values::absolute_path(key, &expr)?),
            Id::Breaker => self.breaker = Some(expr),
            Id::Dependency => self.dependency = Some(values::text(key, &expr)?),
            Id::Note => self.note = Some(values::text(key, &expr)?),
            Id::Key => self.key = Some(values::key(key, expr)?),
            Id::MaxKeys => self.max_keys = Some(values::count(key, &expr, values::MOST_KEYS)?),
            Id::Idle => self.idle = Some(values::time(key, &expr)?),
            Id::Overflow => self.overflow = Some(values::choice(key, &expr, &OVERFLOW)?),
            Id::Threshold => self.threshold = Some(values::count(key, &expr, values::MOST_CALLS)?),
            Id::Consecutive => self.consecutive = Some(values::count(key, &expr, values::MOST_CALLS)?),
            Id::Failures => self.failures = Some(values::count(key, &expr, values::MOST_CALLS)?),
            Id::FailureRate => self.failure_rate = Some(values::rate(key, &expr)?),
            Id::SlowRate => self.slow_rate = Some(values::rate(key, &expr)?),
            Id::SlowCall => self.slow_call = Some(values::time(key, &expr)?),
            Id::Window => self.window = Some(values::window(key, &expr)?),
            Id::MinCalls => self.min_calls = Some(values::count(key, &expr, values::MOST_CALLS)?),
            Id::OnCancel => self.on_cancel = Some(values::choice(key, &expr, &ON_CANCEL)?),
            Id::Reset => self.reset = Some(values::time(key, &expr)?),
            Id::Backoff => self.backoff = Some(values::factor(key, &expr)?),
            Id::MaxReset => self.max_reset = Some(values::time(key, &expr)?),
            Id::Jitter => self.jitter = Some(values::fraction(key, &expr)?),
            Id::Probes => self.probes = Some(values::count(key, &expr, values::MOST_PROBES)?),
            Id::Successes => self.successes = Some(values::count(key, &expr, values::MOST_PROBES)?),
            Id::ProbeFailureRate => self.probe_failure_rate = Some(values::rate(key, &expr)?),
            Id::ProbeTimeout => self.probe_timeout = Some(values::time(key, &expr)?),
            Id::Ramp => self.ramp = Some(values::time(key, &expr)?),
            Id::Timeout => self.timeout = Some(values::time(key, &expr)?),
            Id::MaxConcurrent => self.max_concurrent = Some(values::count(key, &expr, values::MOST_CALLS)?),
            Id::RateLimit => self.rate_limit = Some(values::rate_limit(key, &expr)?),
            Id::Burst => self.burst = Some(values::count(key, &expr, values::MOST_IN_TIME)?),
            Id::FailureIf => self.failure_if = Some(values::judge(key, expr)?),
            Id::Class => self.class = Some(values::judge(key, expr)?),
            Id::Fallback => self.fallback = Some(values::fallback(key, expr)?),
            Id::FallbackOn => self.fallback_on = Some(values::choice(key, &expr, &FALLBACK_ON)?),
            Id::Latency => self.latency = Some(values::flag(key, &expr)?),
            Id::Span => self.span = Some(values::flag(key, &expr)?),
            Id::TotalTimeout => self.total_timeout = Some(values::time(key, &expr)?),
            // Read as a pattern, as a list, or within one.
            _ => {}
        }
        Ok(())
    }

    fn set_list(&mut self, key: &Key, list: TokenStream, problems: &mut Problems) {
        match key.id {
            Id::Retry => self.retry = Some(stack::retry(list, problems)),
            _ => self.last_good = Some(stack::last_good(list, problems)),
        }
    }
}

fn ident_of(given: &[Given], id: Id) -> Option<&Ident> {
    given.iter().find(|given| given.key.id == id).map(|given| &given.ident)
}

const ON_CANCEL: [(&str, OnCancel); 3] =
    [("unanswered", OnCancel::Unanswered), ("failure", OnCancel::Failure), ("ignore", OnCancel::Ignore)];

const OVERFLOW: [(&str, Overflow); 2] = [("metrics_only", Overflow::MetricsOnly), ("shared", Overflow::Shared)];

const FALLBACK_ON: [(&str, FallbackOn); 2] = [("rejection", FallbackOn::Rejection), ("failure", FallbackOn::Failure)];

/// A whole value; what is not one is passed over and reported as a whole.
fn raw_value(key: &Key, input: ParseStream, keys: &'static [Key]) -> Result<Raw> {
    let form = key.id.form();
    let closure = input.peek(Token![|]) || input.peek(Token![||]) || input.peek(Token![move]);
    if form == Form::Pattern && input.peek(Token![|]) {
        let text = "`ignore` is a pattern, not a closure: write `error if …`, or several patterns without a first `|`";
        return Err(Error::new_spanned(skip_value(input, keys), text));
    }
    let ahead = input.fork();
    let as_pattern = form == Form::Pattern || form == Form::PatternOrClosure && !closure;
    let parsed = if as_pattern { pattern(&ahead) } else { ahead.parse().map(Raw::Expr) };
    let whole = ahead.is_empty() || ahead.peek(Token![,]) || at_key(&ahead);
    match parsed {
        Ok(value) if whole => {
            input.advance_to(&ahead);
            Ok(value)
        }
        _ => {
            let unread = skip_value(input, keys);
            Err(Error::new_spanned(unread, format!("`{}` accepts {}", key.name, key.accepts)))
        }
    }
}

fn pattern(input: ParseStream) -> Result<Raw> {
    let pattern = Pat::parse_multi(input)?;
    let guard = if input.peek(Token![if]) {
        input.parse::<Token![if]>()?;
        Some(input.parse()?)
    } else {
        None
    };
    Ok(Raw::Pattern(Errors { pattern, guard }))
}

fn separator(input: ParseStream) -> Result<()> {
    if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    let error = input.error("expected `,` between two arguments");
    if !at_key(input) {
        skip_to_comma(input);
        input.parse::<Option<Token![,]>>()?;
    }
    Err(error)
}

/// Whether the next argument begins here.
fn at_key(input: ParseStream) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

fn at_known_key(input: ParseStream, keys: &'static [Key]) -> bool {
    input.fork().call(Ident::parse_any).is_ok_and(|word| keys::find(keys, &word.to_string()).is_some())
}

/// Passes over what is no argument.
fn skip_to_comma(input: ParseStream) {
    skip(input, |input| input.peek(Token![,]));
}

/// Passes over a value that is not looked at, or cannot be read: a comma may be one of a closure's or of a generic
/// path's, so only one before a key, or at the end, ends it.
fn skip_value(input: ParseStream, keys: &'static [Key]) -> TokenStream {
    if input.peek(Token![,]) {
        return TokenStream::new();
    }
    skip(input, |input| {
        let ahead = input.fork();
        ahead.parse::<Token![,]>().is_ok() && (ahead.is_empty() || at_key(&ahead) || at_known_key(&ahead, keys))
    })
}

fn skip(input: ParseStream, at_end: impl Fn(ParseStream) -> bool) -> TokenStream {
    let mut passed = TokenStream::new();
    while !input.is_empty() && !at_end(input) {
        match input.parse::<TokenTree>() {
            Ok(token) => passed.extend([token]),
            Err(_) => break,
        }
    }
    passed
}
