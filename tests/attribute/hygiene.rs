//! Names: the user's may be anything, and none of the macro's is seen.

use crate::Error;

/// A module where nothing means what it usually does.
mod bare {
    #![no_implicit_prelude]
    #![allow(dead_code, clippy::upper_case_acronyms)]

    use ::std::string::String;

    pub(super) struct Ok;
    pub(super) struct Err;
    pub(super) struct Some;
    pub(super) struct None;
    pub(super) struct Option;
    pub(super) struct Sized;
    pub(super) struct FnOnce;
    pub(super) struct Box;
    pub(super) mod std {}
    pub(super) mod core {}
    pub(super) mod breaker_runtime {}

    pub(super) type Result<T> = ::std::result::Result<T, super::Error>;

    macro_rules! concat {
        () => {};
    }
    macro_rules! module_path {
        () => {};
    }
    macro_rules! option_env {
        () => {};
    }

    concat!();
    module_path!();
    option_env!();

    #[::breaker_runtime::circuit_breaker(threshold = 1)]
    pub(super) fn sync(ok: bool) -> Result<u32> {
        if ok { Result::Ok(1) } else { Result::Err(super::Error::Failed) }
    }

    #[::breaker_runtime::circuit_breaker(threshold = 1, timeout = "1s", ignore = super::Error::NotFound, fallback = cached)]
    pub(super) async fn asynchronous(ok: bool) -> Result<u32> {
        if ok { Result::Ok(1) } else { Result::Err(super::Error::Failed) }
    }

    async fn cached(_: bool) -> Result<u32> {
        Result::Ok(100)
    }

    #[::breaker_runtime::circuit_breaker(key = host, threshold = 1, class = |_| "any", fallback = |_| Result::Ok(100))]
    pub(super) fn keyed(host: &str, ok: bool) -> Result<u32> {
        if ok { Result::Ok(1) } else { Result::Err(super::Error::Failed) }
    }

    pub(super) struct Client(pub(super) String);

    impl Client {
        #[::breaker_runtime::circuit_breaker(
            threshold = 2, window = "1m", fallback = Self::cached, fallback_on = "failure",
            failure_if = |output| output.as_ref().is_ok_and(|length| *length == 0)
        )]
        pub(super) fn method(&self, ok: bool) -> Result<usize> {
            if ok { Result::Ok(self.0.len()) } else { Result::Err(super::Error::Failed) }
        }

        fn cached(&self, _: bool) -> Result<usize> {
            Result::Ok(100)
        }
    }
}

#[tokio::test]
async fn without_a_prelude() {
    assert_eq!(bare::sync(false), Err(Error::Failed));
    assert_eq!(bare::sync(true), Err(Error::Rejected));
    assert_eq!(bare::asynchronous(false).await, Err(Error::Failed));
    assert_eq!(bare::asynchronous(true).await, Ok(100));
    assert_eq!(bare::keyed("a", false), Err(Error::Failed));
    assert_eq!(bare::keyed("a", true), Ok(100));
    assert!(bare::keyed_breakers().get("a").is_some());
    let client = bare::Client(String::new());
    assert_eq!(client.method(true), Ok(100));
    assert_eq!(client.method(false), Err(Error::Failed));
    assert_eq!(client.method(true), Ok(100));
    assert_eq!(bare::Client::method_breaker().state(), breaker_runtime::State::Open);
    assert_eq!(bare::sync_breaker().state(), bare::asynchronous_breaker().state());
}

/// Parameters called like the locals of the expansion.
#[breaker_runtime::circuit_breaker(threshold = 2, timeout = "1s", fallback = same_names, fallback_on = "failure")]
async fn own_names(
    breaker: u32,
    permit: u32,
    output: u32,
    error: u32,
    cause: u32,
    kept: u32,
    limit: u32,
    body: u32,
) -> Result<u32, Error> {
    let never = breaker + permit + output + error + cause + kept + limit + body;
    if never == 0 { Err(Error::Failed) } else { Ok(never) }
}

async fn same_names(
    breaker: u32,
    permit: u32,
    output: u32,
    error: u32,
    cause: u32,
    kept: u32,
    limit: u32,
    body: u32,
) -> Result<u32, Error> {
    Ok(100 + breaker + permit + output + error + cause + kept + limit + body)
}

/// A key made of them, and a class.
#[breaker_runtime::circuit_breaker(
    key = found + breaker + admitted + key, threshold = 1, fallback = |cause| match cause { _ => Ok(100 + found) },
    class = |output| if output == &Error::Failed { "verdict" } else { "other" }
)]
fn names_of_a_family(found: u32, breaker: u32, admitted: u32, key: u32) -> Result<u32, Error> {
    let output = found + breaker + admitted + key;
    if output == 0 { Err(Error::Failed) } else { Ok(output) }
}

#[test]
fn parameters_are_the_users_in_keys_too() {
    assert_eq!(names_of_a_family(1, 2, 3, 4), Ok(10));
    assert_eq!(names_of_a_family(0, 0, 0, 0), Err(Error::Failed));
    assert_eq!(names_of_a_family(0, 0, 0, 0), Ok(100));
    assert!(names_of_a_family_breakers().get(&10_u32).is_some());
}

#[breaker_runtime::circuit_breaker(threshold = 1, fallback = |fallback| match fallback { _ => Ok(ticket + answer) })]
fn more_names(ticket: u32, answer: u32, arguments: u32, argument0: u32, __arg0: u32) -> Result<u32, Error> {
    let attempt = ticket + answer + arguments + argument0 + __arg0;
    if attempt == 0 { Err(Error::Failed) } else { Ok(attempt) }
}

#[tokio::test]
async fn parameters_named_like_the_macros_own() {
    assert_eq!(own_names(1, 1, 1, 1, 1, 1, 1, 1).await, Ok(8));
    assert_eq!(own_names(0, 0, 0, 0, 0, 0, 0, 0).await, Ok(100));
    assert_eq!(more_names(0, 0, 0, 0, 0), Err(Error::Failed));
    assert_eq!(more_names(1, 1, 1, 1, 1), Ok(2));
}

pub(crate) mod facade {
    pub(crate) mod deep {
        pub(crate) use breaker_runtime as path;
    }
}

#[breaker_runtime::circuit_breaker(crate = crate::hygiene::facade::deep::path, threshold = LIMIT, ignore = Error::NotFound)]
fn by_another_path(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

const LIMIT: u32 = 1;

#[test]
fn the_runtime_by_another_path() {
    assert_eq!(by_another_path(false), Err(Error::Failed));
    assert_eq!(by_another_path(true), Err(Error::Rejected));
}

mod a_method_of_every_type {
    use breaker_runtime::circuit_breaker;

    use crate::Error;

    #[expect(dead_code, reason = "in scope is enough")]
    pub(super) trait Judge: Sized {
        fn judge(self) -> u8 {
            0
        }
        fn settle(self) -> u8 {
            0
        }
        fn admit(self) -> u8 {
            0
        }
    }
    impl<T> Judge for T {}

    #[circuit_breaker(threshold = 1)]
    pub(super) fn protected(ok: bool) -> Result<u8, Error> {
        if ok { Ok(1.judge()) } else { Err(Error::Failed) }
    }

    #[circuit_breaker(threshold = 1, fallback = |_| 1, failure_if = |output| *output == 0)]
    pub(super) fn plain(output: u8) -> u8 {
        output
    }
}

#[test]
fn methods_that_every_type_has_are_not_in_the_way() {
    assert_eq!(a_method_of_every_type::protected(false), Err(Error::Failed));
    assert_eq!(a_method_of_every_type::protected(true), Err(Error::Rejected));
    assert_eq!(a_method_of_every_type::plain(0), 0);
    assert_eq!(a_method_of_every_type::plain(0), 1);
}
