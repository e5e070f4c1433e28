//! The routes that change something.

use axum::Json;
use axum::extract::{FromRequest, Query, Request};
use axum::http::StatusCode;
use serde::Deserialize;

use super::super::problem::Problem;
use super::super::routes::{ByName, OfKey, Row, query};
use super::Caller;
use super::body::{self, Accepted, ToBefore, ToClosed, ToMode, ToSettings, Why};
use super::target::Target;
use crate::breaker::NotSet;
use crate::config;
use crate::mode::Mode;
use crate::origin::Origin;

type Changed = Result<Json<[Row; 1]>, Problem>;

/// What is asked of whom, and by whom.
pub(super) struct Asked<T> {
    target: Target,
    body: T,
    caller: Caller,
}

/// Nothing else: a misspelled `?key=` would mean all keys of a family.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    key: Option<String>,
    location: Option<String>,
}

impl<T: Accepted, S: Send + Sync> FromRequest<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = parts.extensions.get::<Caller>().cloned();
        let Some(caller) = caller else { return Err(Problem::new(StatusCode::UNAUTHORIZED, "nobody asks")) };
        let name = ByName::of(&mut parts, state).await?;
        let Query(which): Query<Which> = query(&parts)?;
        let which = OfKey { key: which.key, location: which.location };
        let target = Target::find(&name, &which)?;
        let body = body::read(Request::from_parts(parts, body)).await?;
        Ok(Self { target, body, caller })
    }
}

impl Caller {
    fn origin(&self, reason: Option<&Why>) -> Origin {
        match reason.and_then(Why::text) {
            Some(reason) => Origin::from(format!("{self}: {reason}")),
            None => Origin::from(self.to_string()),
        }
    }
}

pub(super) async fn mode(Asked { target, body, caller }: Asked<ToMode>) -> Changed {
    let mode = config::mode(&body.mode).map_err(unprocessable)?;
    target.set_mode(mode, caller.origin(body.reason.as_ref()));
    Ok(Json([target.row()]))
}

pub(super) async fn close(Asked { target, body, caller }: Asked<ToClosed>) -> Changed {
    let Some(breaker) = target.breaker() else {
        let text = "a family is not closed as a whole, and no key is without a place now: say which key by `?key=`";
        return Err(Problem::new(StatusCode::BAD_REQUEST, text));
    };
    let mode = breaker.mode();
    if let Mode::Disabled | Mode::ForcedOpen = mode {
        let text = format!("the breaker is {mode}, whatever its state: set its mode instead");
        return Err(Problem::new(StatusCode::CONFLICT, text));
    }
    breaker.close_by(caller.origin(body.reason.as_ref()));
    Ok(Json([target.row()]))
}

pub(super) async fn settings(Asked { target, body, caller }: Asked<ToSettings>) -> Changed {
    // What is wrong with a change of other settings is not worth telling.
    if target.revision() != body.revision {
        return Err(not_set(NotSet::Stale { present: target.revision() }, body.revision));
    }
    let settings = config::changed(target.name(), target.settings(), &body.settings.0).map_err(unprocessable)?;
    let origin = caller.origin(body.reason.as_ref());
    let set = target.set_settings_if(body.revision, settings, origin);
    set.map_err(|why| not_set(why, body.revision))?;
    Ok(Json([target.row()]))
}

pub(super) async fn rollback(Asked { target, body, caller }: Asked<ToBefore>) -> Changed {
    let taken_back = target.rollback_if(body.revision, caller.origin(body.reason.as_ref()));
    taken_back.map_err(|why| not_set(why, body.revision))?;
    Ok(Json([target.row()]))
}

fn unprocessable(text: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text)
}

fn not_set(why: NotSet, meant: u64) -> Problem {
    match why {
        NotSet::Stale { present } => Problem::new(
            StatusCode::CONFLICT,
            format!("the settings in force have revision {present}, and not {meant}: look at them again"),
        )
        .with_revision(present),
        NotSet::NothingBefore => Problem::new(StatusCode::CONFLICT, "there is no change of the settings to take back"),
        NotSet::Refused(refused) => unprocessable(refused.to_string()),
    }
}
