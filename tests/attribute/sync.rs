//! Free sync functions.

use std::fmt::Display;
use std::rc::Rc;

use breaker_runtime::{State, circuit_breaker};

use crate::{Error, assert_opens};

#[circuit_breaker(threshold = 1)]
fn plain(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[test]
fn a_plain_function() {
    assert_eq!(plain(true), Ok(1));
    assert_eq!(plain_breaker().state(), State::Closed);
    assert_eq!(plain_breaker().name(), concat!(module_path!(), "::plain"));
    assert_opens!(plain(false), plain(true), plain_breaker());
}

#[circuit_breaker(threshold = 1)]
fn early(ok: bool) -> Result<u32, Error> {
    if !ok {
        return Err(Error::Failed);
    }
    let text = "1".parse::<u32>().map_err(|_| Error::NotFound)?;
    Ok(text)
}

#[test]
fn early_returns_and_question_marks() {
    assert_eq!(early(true), Ok(1));
    assert_opens!(early(false), early(true), early_breaker());
}

type Answer<T> = Result<T, Error>;

#[circuit_breaker(threshold = 1)]
fn aliased(ok: bool) -> Answer<u32> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[test]
fn an_alias_of_result() {
    assert_opens!(aliased(false), aliased(true), aliased_breaker());
}

#[circuit_breaker(threshold = 1)]
fn coerced(ok: bool) -> Result<Box<dyn Display>, Box<dyn std::error::Error + Send + Sync>> {
    if !ok {
        Err("failed")?;
    }
    Ok(Box::new(1))
}

#[test]
fn coercions_and_boxed_errors() {
    assert_eq!(coerced(true).unwrap().to_string(), "1");
    assert_eq!(coerced(false).err().unwrap().to_string(), "failed");
    assert!(coerced(true).err().unwrap().is::<breaker_runtime::CircuitBreakerError>());
}

#[circuit_breaker(threshold = 1)]
fn generic<'a, T: Display + ?Sized, const N: usize>(item: &T, text: &'a str) -> Result<(String, &'a str, usize), Error>
where
    T: Send,
{
    if N == 0 { Err(Error::Failed) } else { Ok((item.to_string(), text, N)) }
}

#[test]
fn all_instances_of_a_generic_function_share_one_breaker() {
    assert_eq!(generic::<u32, 3>(&1, "x"), Ok(("1".to_owned(), "x", 3)));
    assert_opens!(generic::<str, 0>("1", "x"), generic::<u32, 3>(&1, "x"), generic_breaker());
}

#[circuit_breaker(threshold = 1)]
fn opaque(items: impl IntoIterator<Item = u32>) -> Result<impl Iterator<Item = u32>, Error> {
    let mut items = items.into_iter().peekable();
    if items.peek().is_none() {
        return Err(Error::Failed);
    }
    Ok(items.map(|item| item * 2))
}

#[test]
fn impl_trait_in_and_out() {
    assert_eq!(opaque([1, 2]).unwrap().collect::<Vec<_>>(), [2, 4]);
    assert_opens!(opaque([]), opaque([1]), opaque_breaker());
}

#[circuit_breaker(threshold = 1)]
fn last(items: &mut Vec<u32>) -> Result<&mut u32, Error> {
    items.last_mut().ok_or(Error::Failed)
}

#[test]
fn a_result_that_borrows_mutably() {
    let mut items = vec![1, 2];
    *last(&mut items).unwrap() = 3;
    assert_eq!(items, [1, 3]);
    assert_opens!(last(&mut Vec::new()), last(&mut items), last_breaker());
}

#[circuit_breaker(threshold = 1)]
fn patterns((a, b): (u32, u32), [c, ..]: [u32; 2], mut d: u32, _: u32, Pair { x, y: _ }: Pair) -> Result<u32, Error> {
    d += a + b + c + x;
    if d == 0 { Err(Error::Failed) } else { Ok(d) }
}

struct Pair {
    x: u32,
    y: u32,
}

#[test]
fn patterns_without_a_fallback() {
    let pair = || Pair { x: 1, y: 1 };
    assert_eq!(patterns((1, 2), [3, 4], 5, 6, pair()), Ok(12));
    assert_eq!(pair().y, 1);
    let nothing = Pair { x: 0, y: 0 };
    assert_opens!(patterns((0, 0), [0, 0], 0, 0, nothing), patterns((1, 2), [3, 4], 5, 6, pair()), patterns_breaker());
}

#[circuit_breaker(threshold = 1, fallback = |_| Rc::from("fallback"), failure_if = |text| text.is_empty())]
fn not_a_result(text: Rc<str>) -> Rc<str> {
    text
}

#[test]
fn any_other_return_type() {
    assert_eq!(&*not_a_result("x".into()), "x");
    assert_eq!(&*not_a_result("".into()), "");
    assert_eq!(&*not_a_result("x".into()), "fallback");
    assert_eq!(not_a_result_breaker().state(), State::Open);
}

#[circuit_breaker(threshold = 1, fallback = |_| (), failure_if = |()| true)]
fn nothing() {}

#[test]
fn no_return_type() {
    nothing();
    assert_eq!(nothing_breaker().state(), State::Open);
    nothing();
}

#[circuit_breaker(threshold = 1, fallback = |_| 0..0, failure_if = |items| items.size_hint().0 == 1)]
fn wholly_opaque(count: usize) -> impl Iterator<Item = usize> {
    0..count
}

#[test]
fn impl_trait_alone() {
    assert_eq!(wholly_opaque(1).count(), 1);
    assert_eq!(wholly_opaque(2).count(), 0);
}

fn outer(ok: bool) -> Result<u32, Error> {
    const LIMIT: u32 = 1;

    #[circuit_breaker(threshold = LIMIT)]
    fn inner(ok: bool) -> Result<u32, Error> {
        if ok { Ok(1) } else { Err(Error::Failed) }
    }
    let answer = inner(ok);
    assert_eq!(inner_breaker().state() == State::Open, answer.is_err());
    answer
}

#[test]
fn a_function_in_a_function() {
    assert_eq!(outer(true), Ok(1));
    assert_eq!(outer(false), Err(Error::Failed));
    assert_eq!(outer(true), Err(Error::Rejected));
}

#[circuit_breaker(threshold = 1)]
fn recursive(depth: u32) -> Result<u32, Error> {
    if depth == 0 { Err(Error::Failed) } else { recursive(depth - 1) }
}

#[test]
fn recursion() {
    assert_opens!(recursive(3), recursive(0), recursive_breaker());
}

#[circuit_breaker(threshold = 1)]
fn r#try(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[test]
fn a_raw_identifier() {
    assert!(try_breaker().name().ends_with("::try"));
    assert_opens!(r#try(false), r#try(true), try_breaker());
}

#[circuit_breaker(threshold = 1)]
fn panicking(ok: bool) -> Result<u32, Error> {
    assert!(ok, "as asked");
    Ok(1)
}

#[test]
fn a_panic_goes_on_and_counts() {
    assert!(std::panic::catch_unwind(|| panicking(false)).is_err());
    assert_eq!(panicking(true), Err(Error::Rejected));
}

/// The attributes below and the ones inside stay in force.
#[circuit_breaker(threshold = 1)]
#[deprecated = "to see that this stays"]
fn decorated() -> Result<u32, Error> {
    #![allow(unused_variables)]
    let unused = 1;
    Ok(1)
}

#[test]
#[expect(deprecated, reason = "the attribute is what is tested")]
fn attributes_stay_in_force() {
    assert_eq!(decorated(), Ok(1));
}

#[cfg(any())]
#[circuit_breaker]
fn disabled() -> Result<u32, Error> {
    Ok(1)
}

#[circuit_breaker]
#[cfg(any())]
fn disabled() -> Result<u32, Error> {
    Ok(1)
}

#[test]
fn disabled_functions_leave_nothing_behind() {
    fn disabled_breaker() {}
    disabled_breaker();
}

#[circuit_breaker(threshold = 1)]
fn opaque_within_dyn(ok: bool) -> Result<Box<dyn Iterator<Item = impl std::fmt::Debug>>, Error> {
    if ok { Ok(Box::new(1..3)) } else { Err(Error::Failed) }
}

#[test]
fn an_opaque_type_within_a_trait_object() {
    assert_eq!(opaque_within_dyn(true).unwrap().count(), 2);
    assert!(opaque_within_dyn(false).is_err());
    assert_eq!(opaque_within_dyn(true).err(), Some(Error::Rejected));
}
