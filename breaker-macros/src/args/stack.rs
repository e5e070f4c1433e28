//! The arguments with keys of their own: `retry(…)` and `last_good(…)`.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, Ident, Result};

use super::keys::{Id, Key, LAST_GOOD, RETRY};
use super::values::{self, Value};
use super::{Errors, Given, Raw, ident_of, read};
use crate::problems::Problems;

/// How a failed call is made again.
#[derive(Default)]
pub(crate) struct Retry {
    pub(crate) attempts: Option<Value<u32>>,
    pub(crate) backoff: Option<Value<Duration>>,
    pub(crate) factor: Option<Value<f64>>,
    pub(crate) max: Option<Value<Duration>>,
    pub(crate) jitter: Option<Value<bool>>,
    pub(crate) when: Option<When>,
}

/// After which failures.
pub(crate) enum When {
    Errors(Errors),
    Closure(Expr),
}

/// Where good answers are kept, and for how long.
#[derive(Default)]
pub(crate) struct LastGood {
    given: Vec<Given>,
    pub(crate) key: Option<Expr>,
    pub(crate) ttl: Option<Value<Duration>>,
    pub(crate) max: Option<Value<u32>>,
    pub(crate) store: Option<Expr>,
}

const MOST_ATTEMPTS: u32 = 100;

pub(super) fn retry(tokens: TokenStream, problems: &mut Problems) -> Retry {
    let mut retry = Retry::default();
    read(tokens, &RETRY, problems, |key, value, _| retry.set(key, value));
    retry
}

pub(super) fn last_good(tokens: TokenStream, problems: &mut Problems) -> LastGood {
    let mut good = LastGood::default();
    good.given = read(tokens, &LAST_GOOD, problems, |key, value, _| good.set(key, value));
    good
}

impl Retry {
    fn set(&mut self, key: &Key, value: Raw) -> Result<()> {
        let expr = match value {
            Raw::Pattern(errors) => {
                errors.refuse_binding("write `_` for all of them")?;
                self.when = Some(When::Errors(errors));
                return Ok(());
            }
            Raw::List(_) => {
                self.jitter = Some(Value::Literal(true, quote!(true)));
                return Ok(());
            }
            Raw::Expr(expr) => expr,
        };
        match key.id {
            Id::RetryAttempts => self.attempts = Some(values::count(key, &expr, MOST_ATTEMPTS)?),
            Id::RetryBackoff => self.backoff = Some(values::time(key, &expr)?),
            Id::RetryFactor => self.factor = Some(values::small_factor(key, &expr)?),
            Id::RetryMax => self.max = Some(values::time(key, &expr)?),
            Id::RetryJitter => self.jitter = Some(values::flag(key, &expr)?),
            _ => self.when = Some(When::Closure(values::judge(key, expr)?)),
        }
        Ok(())
    }
}

impl LastGood {
    /// The key as it was written, to point at.
    pub(crate) fn given(&self, id: Id) -> Option<&Ident> {
        ident_of(&self.given, id)
    }

    fn set(&mut self, key: &Key, value: Raw) -> Result<()> {
        let Raw::Expr(expr) = value else { return Ok(()) };
        match key.id {
            Id::GoodKey => self.key = Some(values::key(key, expr)?),
            Id::GoodTtl => self.ttl = Some(values::time(key, &expr)?),
            Id::GoodMax => self.max = Some(values::count(key, &expr, values::MOST_IN_TIME)?),
            _ => self.store = Some(values::store(key, expr)?),
        }
        Ok(())
    }
}
