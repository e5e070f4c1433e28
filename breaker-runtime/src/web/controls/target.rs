//! The breaker, or the family, that a request means: exactly one.

use std::panic::Location;

use axum::http::StatusCode;

use super::super::problem::Problem;
use super::super::routes::{OfKey, Row};
use crate::breaker::{CircuitBreaker, NotSet};
use crate::keyed::{Breakers, Member};
use crate::mode::Mode;
use crate::origin::Origin;
use crate::policy::Settings;
use crate::registry;

pub(super) enum Target {
    One(&'static CircuitBreaker),
    Family(&'static Breakers),
    /// One key of a family.
    Key(Member<'static>),
}

impl Target {
    /// The only one that is meant, or the answer that there is none, or that there are several.
    pub(super) fn find(name: &str, which: &OfKey) -> Result<Self, Problem> {
        let mut found = Vec::new();
        let families = registry::families().into_iter();
        let families = families.filter(|family| family.name() == name && which.is_at(family.location()));
        if which.key.is_some() {
            found.extend(families.flat_map(Breakers::iter).filter(|member| which.is(member)).map(Self::Key));
        } else {
            let breakers = registry::all().into_iter();
            let breakers = breakers.filter(|breaker| breaker.name() == name && which.is_at(breaker.location()));
            found.extend(breakers.map(Self::One));
            found.extend(families.map(Self::Family));
        }
        let Some(last) = found.pop() else { return Err(Problem::new(StatusCode::NOT_FOUND, which.unknown(name))) };
        if found.is_empty() {
            return Ok(last);
        }
        found.push(last);
        let mut places: Vec<String> = found.iter().map(|target| target.location().to_string()).collect();
        places.dedup();
        let (name, number) = (name.escape_debug(), found.len());
        let text = if places.len() == number {
            format!("{number} breakers are called `{name}`: say which by `?location=`, one of {}", places.join(", "))
        } else {
            format!(
                "{number} breakers are called `{name}`, at {}, and some were made at one place: give them names of their own",
                places.join(", ")
            )
        };
        Err(Problem::new(StatusCode::CONFLICT, text))
    }

    fn location(&self) -> &'static Location<'static> {
        match self {
            Self::One(breaker) => breaker.location(),
            Self::Family(family) => family.location(),
            Self::Key(member) => member.location(),
        }
    }

    /// Of a family without its keys, of which there may be thousands.
    pub(super) fn row(&self) -> Row {
        match self {
            Self::One(breaker) => Row::of(breaker),
            Self::Family(family) => Row::of_family(family),
            Self::Key(member) => Row::of(member),
        }
    }

    pub(super) fn set_mode(&self, mode: Mode, origin: Origin) {
        match self {
            Self::One(breaker) => breaker.set_mode_by(mode, origin),
            Self::Family(family) => family.set_mode_by(mode, origin),
            Self::Key(member) => member.set_mode_by(mode, origin),
        }
    }

    /// The one breaker that is meant: of a family that of the keys without a place, `None` while there are none.
    pub(super) fn breaker(&self) -> Option<&CircuitBreaker> {
        match self {
            Self::One(breaker) => Some(breaker),
            Self::Family(family) => family.overflow_breaker(),
            Self::Key(member) => Some(member),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::One(breaker) => breaker.name(),
            Self::Family(family) => family.name(),
            Self::Key(member) => member.name(),
        }
    }

    pub(super) fn settings(&self) -> Settings {
        match self {
            Self::One(breaker) => breaker.settings(),
            Self::Family(family) => family.settings(),
            Self::Key(member) => member.settings(),
        }
    }

    pub(super) fn revision(&self) -> u64 {
        match self {
            Self::One(breaker) => breaker.revision(),
            Self::Family(family) => family.revision(),
            Self::Key(member) => member.revision(),
        }
    }

    pub(super) fn set_settings_if(&self, revision: u64, settings: Settings, origin: Origin) -> Result<u64, NotSet> {
        match self {
            Self::One(breaker) => breaker.set_settings_if(revision, settings, origin),
            Self::Family(family) => family.set_settings_if(revision, settings, origin),
            Self::Key(member) => member.set_settings_if(revision, settings, origin),
        }
    }

    pub(super) fn rollback_if(&self, revision: u64, origin: Origin) -> Result<u64, NotSet> {
        match self {
            Self::One(breaker) => breaker.rollback_if(revision, origin),
            Self::Family(family) => family.rollback_if(revision, origin),
            Self::Key(member) => member.rollback_if(revision, origin),
        }
    }
}
