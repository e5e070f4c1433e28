//! What stands after `=`: literals are read and checked here, constants are left to the compiler.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Error, Expr, ExprLit, ExprPath, Ident, Lit, LitInt, LitStr, Result, UnOp};

use super::keys::Key;
use crate::types::joined;

/// A value whose number is known here, or an expression that only the compiler can evaluate.
#[derive(Clone)]
pub(crate) enum Value<T> {
    Literal(T, TokenStream),
    Constant(TokenStream),
}

impl<T: Copy> Value<T> {
    pub(crate) fn known(&self) -> Option<T> {
        match self {
            Self::Literal(value, _) => Some(*value),
            Self::Constant(_) => None,
        }
    }
}

impl<T> Value<T> {
    /// What the user wrote.
    pub(crate) fn tokens(&self) -> &TokenStream {
        match self {
            Self::Literal(_, tokens) | Self::Constant(tokens) => tokens,
        }
    }
}

/// Looks through parentheses, and through the invisible ones around a fragment of `macro_rules!`.
pub(crate) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => bare(&group.expr),
        Expr::Paren(paren) => bare(&paren.expr),
        other => other,
    }
}

/// Looks through a reference as well: where a breaker is wanted, `&PRICING` is as good as `PRICING`.
pub(crate) fn place(expr: &Expr) -> &Expr {
    match bare(expr) {
        Expr::Reference(reference) if reference.mutability.is_none() => place(&reference.expr),
        other => other,
    }
}

/// The largest number of calls in a rule, or in a window.
pub(crate) const MOST_CALLS: u32 = 65_535;
/// The largest number of probes.
pub(crate) const MOST_PROBES: u32 = 255;
/// The largest number of keys in a family.
pub(crate) const MOST_KEYS: u32 = 1_000_000;

/// The largest number of calls in a rate.
pub(crate) const MOST_IN_TIME: u32 = 1_000_000_000;

/// How many times longer a wait between attempts can be than the one before.
const MOST_TIMES_LONGER: f64 = 655.0;

/// So many calls in a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PerTime {
    pub(crate) calls: u32,
    pub(crate) time: Duration,
}

/// A literal as written, with its sign.
struct Written<'a> {
    negative: bool,
    lit: &'a Lit,
}

/// The literal in `expr`; `None` where it is an expression for the compiler.
fn literal(expr: &Expr) -> Option<Written<'_>> {
    match bare(expr) {
        Expr::Lit(ExprLit { lit, .. }) => Some(Written { negative: false, lit }),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            literal(&unary.expr).map(|inner| Written { negative: !inner.negative, lit: inner.lit })
        }
        _ => None,
    }
}

/// Turns a literal into a value with `read`, which may add what is wrong with it.
fn value<T>(key: &Key, expr: &Expr, read: impl FnOnce(&Written) -> std::result::Result<T, String>) -> Result<Value<T>> {
    let tokens = expr.to_token_stream();
    match literal(expr) {
        None if is_value(bare(expr)) => Ok(Value::Constant(tokens)),
        None => Err(refused(key, expr, "")),
        Some(written) => match read(&written) {
            Ok(value) => Ok(Value::Literal(value, tokens)),
            Err(hint) => Err(refused(key, expr, &hint)),
        },
    }
}

/// Whether an expression can be a number, a time or a text at all.
fn is_value(expr: &Expr) -> bool {
    !matches!(
        expr,
        Expr::Array(_) | Expr::Async(_) | Expr::Closure(_) | Expr::Infer(_) | Expr::Range(_) | Expr::Tuple(_)
    )
}

fn refused(key: &Key, at: impl ToTokens, hint: &str) -> Error {
    Error::new_spanned(at, format!("`{}` accepts {}{hint}", key.name, key.accepts))
}

/// A number of calls, from 1 to `most`.
pub(crate) fn count(key: &Key, expr: &Expr, most: u32) -> Result<Value<u32>> {
    value(key, expr, |written| match written.lit {
        Lit::Int(number) if matches!(number.suffix(), "" | "u32") => number_of_calls(written, number, most),
        Lit::Int(number) => Err(format!(": write `{}`", number.base10_digits())),
        Lit::Str(text) if text.value().parse::<u32>().is_ok() => {
            Err(format!(": write `{}`, without quotes", text.value()))
        }
        _ => Err(String::new()),
    })
}

fn number_of_calls(written: &Written, number: &LitInt, most: u32) -> std::result::Result<u32, String> {
    let number: u32 = number.base10_parse().unwrap_or(u32::MAX);
    let fits = !written.negative && (1..=most).contains(&number);
    if fits { Ok(number) } else { Err(String::new()) }
}

/// Calls in a time, always literal: the time is a unit, or a number and a unit.
pub(crate) fn rate_limit(key: &Key, expr: &Expr) -> Result<PerTime> {
    let known = match literal(expr) {
        Some(Written { negative: false, lit: Lit::Str(text) }) => per_time(&text.value()).ok_or_else(String::new),
        Some(Written { negative: false, lit: Lit::Int(number) })
            if number.base10_parse::<u32>().is_ok_and(|n| n > 0) =>
        {
            Err(format!(": write `\"{}/s\"`", number.base10_digits()))
        }
        _ => Err(String::new()),
    };
    known.map_err(|hint| refused(key, expr, &hint))
}

fn per_time(text: &str) -> Option<PerTime> {
    let (calls, time) = text.split_once('/')?;
    let (calls, time) = (calls.trim().parse().ok()?, time.trim());
    let one = if time.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "1" };
    let time = humantime::parse_duration(&format!("{one}{time}")).ok()?;
    let fits = (1..=MOST_IN_TIME).contains(&calls) && time.as_nanos() >= u128::from(calls);
    fits.then_some(PerTime { calls, time })
}

/// What a rule looks back on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Window {
    Time(Duration),
    Calls(u32),
}

/// A time as text, or a number of calls.
pub(crate) fn window(key: &Key, expr: &Expr) -> Result<Value<Window>> {
    value(key, expr, |written| match written.lit {
        Lit::Int(number) if matches!(number.suffix(), "" | "u32") => {
            number_of_calls(written, number, MOST_CALLS).map(Window::Calls)
        }
        // A number in quotes is as near to the one as to the other.
        Lit::Str(text) if !written.negative => time_text(text).map(Window::Time).map_err(|hint| {
            let digits = text.value();
            let digits = digits.trim();
            match digits.parse::<u32>() {
                Ok(1..) => format!(": write `\"{digits}s\"` for a time, or `{digits}` for calls"),
                _ => hint,
            }
        }),
        Lit::Int(number) => Err(match missing_unit(&as_written(number.base10_digits(), number.suffix())) {
            none if none.is_empty() => format!(": write `{}`", number.base10_digits()),
            unit => unit,
        }),
        Lit::Float(number) => Err(missing_unit(&as_written(number.base10_digits(), number.suffix()))),
        _ => Err(String::new()),
    })
}

/// A time longer than zero.
pub(crate) fn time(key: &Key, expr: &Expr) -> Result<Value<Duration>> {
    value(key, expr, |written| match written.lit {
        Lit::Str(text) if !written.negative => time_text(text),
        Lit::Int(number) => Err(missing_unit(&as_written(number.base10_digits(), number.suffix()))),
        Lit::Float(number) => Err(missing_unit(&as_written(number.base10_digits(), number.suffix()))),
        _ => Err(String::new()),
    })
}

fn time_text(text: &LitStr) -> std::result::Result<Duration, String> {
    match humantime::parse_duration(text.value().trim()) {
        Ok(Duration::ZERO) => Err(", and it must be longer than zero".to_owned()),
        Ok(time) => Ok(time),
        Err(_) => Err(missing_unit(&text.value())),
    }
}

fn as_written(digits: &str, suffix: &str) -> String {
    format!("{digits}{suffix}")
}

/// Proposes what a time without quotes, or without a unit, was meant to be.
fn missing_unit(written: &str) -> String {
    let written = written.trim();
    [written.to_owned(), format!("{written}s")]
        .into_iter()
        .find(|text| humantime::parse_duration(text).is_ok_and(|time| !time.is_zero()))
        .map_or_else(String::new, |text| format!(": write `\"{text}\"`"))
}

/// A number of at least one.
pub(crate) fn factor(key: &Key, expr: &Expr) -> Result<Value<f64>> {
    value(key, expr, |written| match number(written) {
        Some(factor) if factor >= 1.0 => Ok(factor),
        _ => Err(String::new()),
    })
}

/// The same up to what a wait between attempts can be multiplied by.
pub(crate) fn small_factor(key: &Key, expr: &Expr) -> Result<Value<f64>> {
    value(key, expr, |written| match number(written) {
        Some(factor) if (1.0..=MOST_TIMES_LONGER).contains(&factor) => Ok(factor),
        _ => Err(String::new()),
    })
}

/// A share, from nothing to all.
pub(crate) fn fraction(key: &Key, expr: &Expr) -> Result<Value<f64>> {
    value(key, expr, share)
}

/// A share of the calls: no rule is to be reached by none of them.
pub(crate) fn rate(key: &Key, expr: &Expr) -> Result<Value<f64>> {
    value(key, expr, |written| match share(written)? {
        share if share > 0.0 => Ok(share),
        _ => Err(String::new()),
    })
}

fn share(written: &Written) -> std::result::Result<f64, String> {
    let share = match written.lit {
        Lit::Str(text) if !written.negative => percentage(&text.value()),
        _ => number(written),
    };
    match share {
        Some(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Some(percent) if (1.0..=100.0).contains(&percent) && matches!(written.lit, Lit::Int(_)) => {
            Err(format!(": write `\"{percent}%\"`"))
        }
        _ => Err(match written.lit {
            Lit::Str(text) => meant_as_share(text.value().trim()),
            _ => String::new(),
        }),
    }
}

/// Proposes what a number in quotes was meant to be.
fn meant_as_share(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share <= 1.0 => format!(": write `{text}`, without quotes"),
        Ok(percent) if percent > 1.0 && percent <= 100.0 => format!(": write `\"{text}%\"`"),
        _ => String::new(),
    }
}

/// A hundredth by the decimal point, so that `"33.3%"` is the very number that `0.333` is.
fn percentage(text: &str) -> Option<f64> {
    format!("{}e-2", text.trim().strip_suffix('%')?.trim_end()).parse().ok()
}

fn number(written: &Written) -> Option<f64> {
    let (digits, suffix) = match written.lit {
        Lit::Int(number) => (number.base10_digits(), number.suffix()),
        Lit::Float(number) => (number.base10_digits(), number.suffix()),
        _ => return None,
    };
    let number: f64 = digits.parse().ok()?;
    let usable = number.is_finite() && matches!(suffix, "" | "f64");
    usable.then_some(if written.negative { -number } else { number })
}

/// A name for people; the text itself is only needed as tokens.
pub(crate) fn text(key: &Key, expr: &Expr) -> Result<Value<()>> {
    value(key, expr, |written| match written.lit {
        Lit::Str(text) if text.value().trim().is_empty() => Err(", and it must not be empty".to_owned()),
        Lit::Str(_) if !written.negative => Ok(()),
        _ => Err(String::new()),
    })
}

/// Yes or no.
pub(crate) fn flag(key: &Key, expr: &Expr) -> Result<Value<bool>> {
    value(key, expr, |written| match written.lit {
        Lit::Bool(flag) if !written.negative => Ok(flag.value),
        Lit::Str(text) if matches!(text.value().as_str(), "true" | "false") => {
            Err(format!(": write `{}`, without quotes", text.value()))
        }
        _ => Err(String::new()),
    })
}

/// One of a few words in quotes.
pub(crate) fn choice<T: Copy>(key: &Key, expr: &Expr, choices: &[(&str, T)]) -> Result<T> {
    let Some(Written { negative: false, lit: Lit::Str(text) }) = literal(expr) else {
        return Err(refused(key, expr, ""));
    };
    let text = text.value();
    let chosen = choices.iter().find(|(word, _)| *word == text);
    chosen.map(|(_, choice)| *choice).ok_or_else(|| refused(key, expr, ""))
}

/// What `accessor` was set to.
pub(crate) enum Accessor {
    Named(Ident),
    None,
}

pub(crate) fn accessor(key: &Key, expr: &Expr) -> Result<Accessor> {
    match bare(expr) {
        Expr::Lit(ExprLit { lit: Lit::Bool(answer), .. }) if !answer.value => Ok(Accessor::None),
        Expr::Path(path) => match path.path.get_ident() {
            Some(name) if path.qself.is_none() && !is_keyword(name) => Ok(Accessor::Named(name.clone())),
            _ => Err(refused(key, expr, "")),
        },
        _ => Err(refused(key, expr, "")),
    }
}

/// Words that stand as a path by themselves and cannot be a function's name.
fn is_keyword(name: &Ident) -> bool {
    ["self", "Self", "super", "crate", "$crate"].iter().any(|word| name == word)
}

/// A path that means the same wherever it stands.
pub(crate) fn absolute_path(key: &Key, expr: &Expr) -> Result<TokenStream> {
    let Expr::Path(ExprPath { qself: None, path, .. }) = bare(expr) else {
        return Err(refused(key, expr, ""));
    };
    let first = path.segments.first().map(|segment| segment.ident.to_string());
    let absolute = path.leading_colon.is_some() || matches!(first.as_deref(), Some("crate" | "$crate"));
    let plain = path.segments.iter().all(|segment| segment.arguments.is_none());
    if absolute && plain {
        return Ok(path.to_token_stream());
    }
    let hint = match first {
        Some(first) if plain && !matches!(&*first, "self" | "super" | "Self") => {
            format!(": write `::{0}` for a dependency, or `crate::{0}` for a module", joined(path))
        }
        _ => String::new(),
    };
    Err(refused(key, expr, &hint))
}

/// What tells the breakers of a family apart: an expression, evaluated for each call.
pub(crate) fn key(key: &Key, expr: Expr) -> Result<Expr> {
    let hint = match place(&expr) {
        Expr::Lit(_) => ", and a literal is the same key for every call",
        Expr::Closure(_) => ": write what it returns, without `|…|`",
        Expr::Array(_) | Expr::Async(_) | Expr::Infer(_) | Expr::Range(_) => "",
        _ => return Ok(expr),
    };
    Err(refused(key, &expr, hint))
}

/// Where answers are kept.
pub(crate) fn store(key: &Key, expr: Expr) -> Result<Expr> {
    match place(&expr) {
        Expr::Lit(_) | Expr::Closure(_) | Expr::Array(_) | Expr::Async(_) | Expr::Infer(_) | Expr::Range(_) => {
            Err(refused(key, &expr, ""))
        }
        _ => Ok(expr),
    }
}

/// What judges an output: a closure or a function's path.
pub(crate) fn judge(key: &Key, expr: Expr) -> Result<Expr> {
    match bare(&expr) {
        Expr::Closure(_) | Expr::Path(_) => Ok(expr),
        Expr::Call(call) => Err(refused(key, &expr, &called(call))),
        _ => Err(refused(key, &expr, "")),
    }
}

/// How a fallback is written.
pub(crate) enum Fallback {
    Path(ExprPath),
    /// `waits` says that the closure returns a future.
    Closure {
        expr: Expr,
        waits: bool,
    },
}

pub(crate) fn fallback(key: &Key, expr: Expr) -> Result<Fallback> {
    match bare(&expr) {
        Expr::Path(path) => Ok(Fallback::Path(path.clone())),
        Expr::Call(call) => Err(refused(key, &expr, &called(call))),
        inner => match closure(inner) {
            Some(waits) => Ok(Fallback::Closure { expr, waits }),
            None if matches!(inner, Expr::Lit(_) | Expr::Macro(_)) => Err(refused(key, &expr, ": write `|_| …`")),
            None => Err(refused(key, &expr, "")),
        },
    }
}

/// Whether the closure that `expr` is, or that the block `expr` ends with, returns a future.
fn closure(expr: &Expr) -> Option<bool> {
    match bare(expr) {
        Expr::Closure(closure) => Some(closure.asyncness.is_some() || ends_async(&closure.body)),
        Expr::Block(block) => match block.block.stmts.last()? {
            syn::Stmt::Expr(last, None) => closure(last),
            _ => None,
        },
        _ => None,
    }
}

/// What to write instead of a call: the function itself, where the call looks like one of a fallback.
fn called(call: &syn::ExprCall) -> String {
    let Expr::Path(path) = bare(&call.func) else { return String::new() };
    let last = path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
    if last.starts_with(char::is_uppercase) {
        return format!(": write `|_| {}(…)`", joined(&path.path));
    }
    format!(": write `{}`, without calling it", joined(&path.path))
}

/// Whether what a closure runs ends with an async block.
fn ends_async(body: &Expr) -> bool {
    match bare(body) {
        Expr::Async(_) => true,
        Expr::Block(block) => match block.block.stmts.last() {
            Some(syn::Stmt::Expr(last, None)) => ends_async(last),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::{Id, get};
    use super::*;

    fn parsed(text: &str) -> Expr {
        syn::parse_str(text).expect("an expression")
    }

    fn said<T>(result: Result<T>) -> String {
        result.err().expect("a refusal").to_string()
    }

    #[test]
    fn counts() {
        let key = get(Id::Threshold);
        for (text, number) in [("1", 1), ("3u32", 3), ("0x10", 16), ("(65_535)", 65_535), ("1_0", 10)] {
            assert_eq!(count(key, &parsed(text), 65_535).ok().and_then(|count| count.known()), Some(number), "{text}");
        }
        for text in ["0", "-1", "-(3)", "65536", "99999999999999999999", "3.0", "true", "|x| x", "..", "b'3'", "-0"] {
            assert!(
                said(count(key, &parsed(text), 65_535)).starts_with("`threshold` accepts a whole number from 1"),
                "{text}"
            );
        }
        for text in
            ["LIMIT", "limits::LIMIT", "2 + 1", "-LIMIT", "limit()", "{ 3 }", "LIMIT as u32", "3 as u32", "max!(1)"]
        {
            assert!(count(key, &parsed(text), 65_535).is_ok_and(|count| count.known().is_none()), "{text}");
        }
        assert!(said(count(key, &parsed("\"3\""), 9)).ends_with(": write `3`, without quotes"));
        assert!(said(count(key, &parsed("3usize"), 9)).ends_with(": write `3`"));
    }

    #[test]
    fn times() {
        let key = get(Id::Reset);
        for (text, millis) in [("\"250ms\"", 250), ("\"60s\"", 60_000), ("\"1m 30s\"", 90_000), ("(\" 5m \")", 300_000)]
        {
            let known = time(key, &parsed(text)).ok().and_then(|time| time.known());
            assert_eq!(known, Some(Duration::from_millis(millis)), "{text}");
        }
        for (text, hint) in [
            ("60", ": write `\"60s\"`"),
            ("60s", ": write `\"60s\"`"),
            ("5m", ": write `\"5m\"`"),
            ("\"60\"", ": write `\"60s\"`"),
            ("\"0s\"", ", and it must be longer than zero"),
            ("\"0\"", ", and it must be longer than zero"),
            ("\"soon\"", "or a `Duration` constant"),
            ("\"\"", "or a `Duration` constant"),
            ("-\"1s\"", "or a `Duration` constant"),
            ("true", "or a `Duration` constant"),
        ] {
            let text = said(time(key, &parsed(text)));
            assert!(text.ends_with(hint), "{text}");
        }
    }

    #[test]
    fn factors_and_fractions() {
        let (backoff, jitter) = (get(Id::Backoff), get(Id::Jitter));
        for (text, number) in [("2", 2.0), ("1.5", 1.5), ("1f64", 1.0), ("1e3", 1000.0), ("(2.)", 2.0)] {
            assert_eq!(factor(backoff, &parsed(text)).ok().and_then(|factor| factor.known()), Some(number), "{text}");
        }
        for text in ["0.5", "-2.0", "0", "\"2\"", "1e999", "2f32"] {
            assert!(said(factor(backoff, &parsed(text))).contains("accepts a number of at least 1"), "{text}");
        }
        for (text, share) in [("0.2", 0.2), ("\"20%\"", 0.2), ("1", 1.0), ("0", 0.0), ("\" 50 % \"", 0.5)] {
            assert_eq!(fraction(jitter, &parsed(text)).ok().and_then(|share| share.known()), Some(share), "{text}");
        }
        for text in ["1.1", "-0.1", "\"120%\"", "\"half\"", "50", "\"NaN%\"", "\"inf%\""] {
            assert!(said(fraction(jitter, &parsed(text))).contains("accepts a fraction"), "{text}");
        }
    }

    #[test]
    fn rates() {
        let key = get(Id::FailureRate);
        for (text, share) in
            [("0.5", 0.5), ("\"50%\"", 0.5), ("1", 1.0), ("1.0", 1.0), ("\"100%\"", 1.0), ("\"33.3%\"", 0.333)]
        {
            assert_eq!(rate(key, &parsed(text)).ok().and_then(|share| share.known()), Some(share), "{text}");
        }
        for text in ["0", "0.0", "-0.0", "\"0%\"", "1.1", "-0.5", "\"half\"", "\"0.5\"", "true", "0.5f32"] {
            let said = said(rate(key, &parsed(text)));
            assert!(said.starts_with("`failure_rate` accepts a share above 0 and up to 1"), "{text}: {said}");
        }
        for (text, hint) in [
            ("50", ": write `\"50%\"`"),
            ("\"50\"", ": write `\"50%\"`"),
            ("\"0.5\"", ": write `0.5`, without quotes"),
            ("\"0\"", "`f64` constant"),
            ("\"half\"", "`f64` constant"),
        ] {
            let text = said(rate(key, &parsed(text)));
            assert!(text.ends_with(hint), "{text}");
        }
        for text in ["RATE", "limits::RATE", "1.0 / 3.0", "Self::RATE"] {
            assert!(rate(key, &parsed(text)).is_ok_and(|rate| rate.known().is_none()), "{text}");
        }
    }

    #[test]
    fn rate_limits() {
        let key = get(Id::RateLimit);
        let second = Duration::from_secs(1);
        for (text, calls, time) in [
            ("\"100/s\"", 100, second),
            ("\" 30 / m \"", 30, 60 * second),
            ("\"5/h\"", 5, 3_600 * second),
            ("(\"10/250ms\")", 10, second / 4),
            ("\"1000000000/s\"", 1_000_000_000, second),
        ] {
            assert_eq!(rate_limit(key, &parsed(text)).ok(), Some(PerTime { calls, time }), "{text}");
        }
        for text in [
            "\"0/s\"",
            "\"100\"",
            "\"/s\"",
            "\"100/\"",
            "\"1/0s\"",
            "\"2/1ns\"",
            "\"-1/s\"",
            "\"1/s/s\"",
            "1.5",
            "LIMIT",
        ] {
            let said = rate_limit(key, &parsed(text)).unwrap_err().to_string();
            assert!(said.starts_with("`rate_limit` accepts calls in a time as text"), "{text}: {said}");
        }
        let said = rate_limit(key, &parsed("100")).unwrap_err().to_string();
        assert!(said.ends_with(": write `\"100/s\"`"), "{said}");
    }

    #[test]
    fn windows() {
        let key = get(Id::Window);
        for (text, known) in [
            ("\"30s\"", Window::Time(Duration::from_secs(30))),
            ("\" 5m \"", Window::Time(Duration::from_secs(300))),
            ("20", Window::Calls(20)),
            ("(20)", Window::Calls(20)),
            ("1u32", Window::Calls(1)),
            ("65_535", Window::Calls(65_535)),
        ] {
            assert_eq!(window(key, &parsed(text)).ok().and_then(|window| window.known()), Some(known), "{text}");
        }
        for (text, hint) in [
            ("30s", ": write `\"30s\"`"),
            ("1.5", ": write `\"1.5s\"`"),
            ("\"20\"", ": write `\"20s\"` for a time, or `20` for calls"),
            ("20usize", ": write `20`"),
            ("\"0s\"", ", and it must be longer than zero"),
            ("\"0\"", ", and it must be longer than zero"),
            ("0", "`u32` constant"),
            ("-20", "`u32` constant"),
            ("65_536", "`u32` constant"),
            ("5_000_000_000", "`u32` constant"),
            ("\"20 calls\"", "`u32` constant"),
            ("true", "`u32` constant"),
        ] {
            let text = said(window(key, &parsed(text)));
            assert!(text.starts_with("`window` accepts a time as text") && text.ends_with(hint), "{text}");
        }
        for text in ["WINDOW", "2 * 10", "Duration::from_secs(30)"] {
            assert!(window(key, &parsed(text)).is_ok_and(|window| window.known().is_none()), "{text}");
        }
    }

    #[test]
    fn names_paths_and_closures() {
        assert!(text(get(Id::Name), &parsed("\"pricing\"")).is_ok());
        assert!(text(get(Id::Name), &parsed("NAME")).is_ok());
        assert!(said(text(get(Id::Name), &parsed("\" \""))).ends_with("must not be empty"));
        assert!(said(text(get(Id::Name), &parsed("5"))).contains("accepts a text"));
        for text in ["false", "other", "r#try"] {
            assert!(accessor(get(Id::Accessor), &parsed(text)).is_ok(), "{text}");
        }
        for text in ["true", "a::b", "\"x\"", "self", "crate", "f::<u8>", "3"] {
            assert!(accessor(get(Id::Accessor), &parsed(text)).is_err(), "{text}");
        }
        for text in ["::renamed", "crate::a::b", "crate"] {
            assert!(absolute_path(get(Id::Crate), &parsed(text)).is_ok(), "{text}");
        }
        let hint = said(absolute_path(get(Id::Crate), &parsed("a::b")));
        assert!(hint.ends_with("write `::a::b` for a dependency, or `crate::a::b` for a module"), "{hint}");
        for text in ["self::a", "super::a", "\"a\"", "::a::<u8>", "<A>::b"] {
            assert!(absolute_path(get(Id::Crate), &parsed(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn fallbacks() {
        let key = get(Id::Fallback);
        let kind = |text: &str| match fallback(key, parsed(text)) {
            Ok(Fallback::Path(_)) => "path",
            Ok(Fallback::Closure { waits: false, .. }) => "closure",
            Ok(Fallback::Closure { waits: true, .. }) => "async closure",
            Err(_) => "refused",
        };
        for (text, expected) in [
            ("cached", "path"),
            ("Self::cached", "path"),
            ("f::<T>", "path"),
            ("<Self as Tr>::f", "path"),
            ("|cause| Ok(3)", "closure"),
            ("(move |_| Ok(3))", "closure"),
            ("{ let sku = sku.clone(); move |cause| other(sku) }", "closure"),
            ("async |cause| other().await", "async closure"),
            ("|cause| async move { Ok(3) }", "async closure"),
            ("{ let sku = sku.clone(); async move |cause| other(sku).await }", "async closure"),
            ("cached()", "refused"),
            ("3", "refused"),
            ("{}", "refused"),
            ("{ |x| x; }", "refused"),
            ("self.cached", "refused"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
        assert!(said(fallback(key, parsed("cached(1)"))).ends_with(": write `cached`, without calling it"));
        assert!(judge(get(Id::FailureIf), parsed("is_bad")).is_ok());
        assert!(judge(get(Id::FailureIf), parsed("|o| o.bad")).is_ok());
        assert!(judge(get(Id::FailureIf), parsed("is_bad()")).is_err());
        assert!(judge(get(Id::Class), parsed("Self::class")).is_ok());
        assert!(said(judge(get(Id::Class), parsed("class(1)"))).ends_with(": write `class`, without calling it"));
    }

    #[test]
    fn keys_of_a_family() {
        let id = get(Id::Key);
        for text in ["host", "&order.tenant", "self.host", "sku.len()", "(host)", "{ let x = 3; x }", "a[0]", "&*host"]
        {
            assert!(key(id, parsed(text)).is_ok(), "{text}");
        }
        for (text, hint) in [
            ("\"host\"", ", and a literal is the same key for every call"),
            ("&3", ", and a literal is the same key for every call"),
            ("|host| host", ": write what it returns, without `|…|`"),
            ("[host]", "or `&order.tenant`"),
            ("_", "or `&order.tenant`"),
            ("..", "or `&order.tenant`"),
        ] {
            let said = said(key(id, parsed(text)));
            assert!(said.starts_with("`key` accepts an expression") && said.ends_with(hint), "{text}: {said}");
        }
        let most = get(Id::MaxKeys);
        assert!(count(most, &parsed("1_000_000"), MOST_KEYS).is_ok());
        assert!(said(count(most, &parsed("1_000_001"), MOST_KEYS)).starts_with("`max_keys` accepts a whole number"));
    }
}
