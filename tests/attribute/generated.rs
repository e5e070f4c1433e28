//! Functions that `macro_rules!` make.

use breaker_runtime::{State, circuit_breaker, registry};

use crate::Error;

macro_rules! protected {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty $body:block
        threshold $threshold:expr, reset $reset:literal, fallback $fallback:path, ignore $ignore:pat, name $title:expr
    ) => {
        $(#[$attribute])*
        #[circuit_breaker(threshold = $threshold, reset = $reset, fallback = $fallback, ignore = $ignore, name = $title)]
        $visibility fn $name($($argument: $type),*) -> $output $body
    };
}

protected! {
    fn by_fragments(name: &str, ok: bool) -> Result<String, Error> {
        match (name, ok) {
            ("", _) => Err(Error::NotFound),
            (_, false) => Err(Error::Failed),
            (_, true) => Ok(name.to_owned()),
        }
    }
    threshold 1, reset "5m", fallback self::cached, ignore Error::NotFound, name "by fragments"
}

fn cached(name: &str, _: bool) -> Result<String, Error> {
    Ok(format!("cached {name}"))
}

#[test]
fn arguments_may_be_fragments() {
    assert_eq!(by_fragments_breaker().name(), "by fragments");
    assert_eq!(by_fragments("", true), Err(Error::NotFound));
    assert_eq!(by_fragments("x", false), Err(Error::Failed));
    assert_eq!(by_fragments("x", true), Ok("cached x".to_owned()));
}

macro_rules! with_a_pattern {
    ($pattern:pat, $path:path) => {
        #[circuit_breaker(crate = $path, threshold = 1, fallback = |_| Ok(100))]
        fn pattern_from_a_fragment($pattern: (u32, u32), ok: bool) -> Result<u32, Error> {
            if ok { Ok(1) } else { Err(Error::Failed) }
        }
    };
}

with_a_pattern!((_, _), ::breaker_runtime);

#[test]
fn patterns_and_paths_may_be_fragments() {
    assert_eq!(pattern_from_a_fragment((1, 2), false), Err(Error::Failed));
    assert_eq!(pattern_from_a_fragment((1, 2), true), Ok(100));
}

macro_rules! two_clients {
    ($one:ident, $two:ident) => {
        struct $one;
        struct $two;

        impl $one {
            #[circuit_breaker(threshold = 1)]
            fn get(ok: bool) -> Result<u32, Error> {
                if ok { Ok(1) } else { Err(Error::Failed) }
            }
        }

        impl $two {
            #[circuit_breaker(threshold = 1)]
            fn get(ok: bool) -> Result<u32, Error> {
                if ok { Ok(1) } else { Err(Error::Failed) }
            }
        }
    };
}

two_clients!(One, Two);

#[test]
fn equal_functions_from_one_macro_have_breakers_of_their_own() {
    assert_eq!(One::get(false), Err(Error::Failed));
    assert_eq!(One::get_breaker().state(), State::Open);
    assert_eq!(Two::get_breaker().state(), State::Closed);
    assert_eq!(Two::get(true), Ok(1));
}

macro_rules! by_crate {
    () => {
        #[circuit_breaker(crate = $crate::hygiene::facade::deep::path, threshold = 1, fallback = $crate::generated::from_here)]
        fn by_dollar_crate(ok: bool) -> $crate::generated::Answer {
            if ok { Ok(1) } else { Err($crate::Error::Failed) }
        }
    };
}

type Answer = Result<u32, Error>;

fn from_here(_: bool) -> Answer {
    Ok(100)
}

by_crate!();

#[test]
fn dollar_crate_keeps_its_meaning() {
    assert_eq!(by_dollar_crate(false), Err(Error::Failed));
    assert_eq!(by_dollar_crate(true), Ok(100));
}

mod never_called {
    use super::*;

    #[circuit_breaker(name = "never called")]
    #[expect(dead_code, reason = "the registry knows it all the same")]
    fn never_called() -> Result<u32, Error> {
        Ok(1)
    }
}

#[test]
fn functions_that_nobody_calls_are_listed() {
    assert_eq!(registry::get("never called").unwrap().state(), State::Closed);
}
