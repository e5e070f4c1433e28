//! Methods and associated functions, with every receiver.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use breaker_runtime::{State, circuit_breaker};
use tokio::task::yield_now;

use crate::{Error, assert_opens};

#[derive(Clone, Debug, PartialEq)]
struct Client {
    items: Vec<u32>,
}

fn client(items: &[u32]) -> Client {
    Client { items: items.to_vec() }
}

impl Client {
    #[circuit_breaker(threshold = 1)]
    fn associated(ok: bool) -> Result<Self, Error> {
        if ok { Ok(client(&[1])) } else { Err(Error::Failed) }
    }

    #[circuit_breaker(threshold = 1)]
    pub(crate) fn by_ref(&self) -> Result<&u32, Error> {
        self.items.last().ok_or(Error::Failed)
    }

    #[circuit_breaker(threshold = 1)]
    fn by_mut(&mut self) -> Result<&mut u32, Error> {
        self.items.last_mut().ok_or(Error::Failed)
    }

    #[circuit_breaker(threshold = 1)]
    fn by_value(mut self) -> Result<Self, Error> {
        self.items.pop().ok_or(Error::Failed)?;
        Ok(self)
    }

    #[circuit_breaker(threshold = 1)]
    fn by_box(self: Box<Self>) -> Result<Box<Self>, Error> {
        if self.items.is_empty() { Err(Error::Failed) } else { Ok(self) }
    }

    #[circuit_breaker(threshold = 1)]
    fn by_rc(self: Rc<Self>) -> Result<Rc<Self>, Error> {
        if self.items.is_empty() { Err(Error::Failed) } else { Ok(self) }
    }

    #[circuit_breaker(threshold = 1)]
    fn by_pin(mut self: Pin<&mut Self>) -> Result<u32, Error> {
        self.as_mut().items.pop().ok_or(Error::Failed)
    }

    #[circuit_breaker(threshold = 1)]
    async fn by_ref_async(&self, other: &Self) -> Result<&u32, Error> {
        yield_now().await;
        self.items.get(other.items.len()).ok_or(Error::Failed)
    }

    #[circuit_breaker(threshold = 1)]
    async fn by_mut_async(&mut self) -> Result<&mut u32, Error> {
        yield_now().await;
        self.items.last_mut().ok_or(Error::Failed)
    }

    #[circuit_breaker(threshold = 1)]
    async fn by_arc_async(self: Arc<Self>) -> Result<Arc<Self>, Error> {
        yield_now().await;
        if self.items.is_empty() { Err(Error::Failed) } else { Ok(self) }
    }

    #[circuit_breaker(threshold = 1)]
    async fn by_value_async(mut self) -> Result<Self, Error> {
        yield_now().await;
        self.items.pop().ok_or(Error::Failed)?;
        Ok(self)
    }
}

#[test]
fn an_associated_function() {
    assert_opens!(Client::associated(false), Client::associated(true), Client::associated_breaker());
}

#[test]
fn receivers_of_sync_methods() {
    let (empty, full) = (client(&[]), client(&[1]));
    assert_opens!(empty.by_ref(), full.by_ref(), Client::by_ref_breaker());
    assert_opens!(empty.clone().by_mut(), full.clone().by_mut(), Client::by_mut_breaker());
    assert_opens!(empty.clone().by_value(), full.clone().by_value(), Client::by_value_breaker());
    assert_opens!(Box::new(empty.clone()).by_box(), Box::new(full.clone()).by_box(), Client::by_box_breaker());
    assert_opens!(Rc::new(empty.clone()).by_rc(), Rc::new(full.clone()).by_rc(), Client::by_rc_breaker());
    let (mut empty, mut full) = (empty, full);
    assert_opens!(Pin::new(&mut empty).by_pin(), Pin::new(&mut full).by_pin(), Client::by_pin_breaker());
}

#[tokio::test]
async fn receivers_of_async_methods() {
    let (empty, full) = (client(&[]), client(&[1]));
    assert_opens!(full.by_ref_async(&full).await, full.by_ref_async(&empty).await, Client::by_ref_async_breaker());
    assert_opens!(
        empty.clone().by_mut_async().await,
        full.clone().by_mut_async().await,
        Client::by_mut_async_breaker()
    );
    let (empty, full) = (Arc::new(empty), Arc::new(full));
    assert_opens!(
        empty.clone().by_arc_async().await,
        full.clone().by_arc_async().await,
        Client::by_arc_async_breaker()
    );
    let (empty, full) = (Arc::unwrap_or_clone(empty), Arc::unwrap_or_clone(full));
    assert_opens!(empty.by_value_async().await, full.by_value_async().await, Client::by_value_async_breaker());
}

struct Store<T, const N: usize> {
    items: [T; N],
}

impl<T: Clone + Send + Sync, const N: usize> Store<T, N> {
    #[circuit_breaker(threshold = 1)]
    fn first(&self) -> Result<T, Error> {
        self.items.first().cloned().ok_or(Error::Failed)
    }

    #[circuit_breaker(threshold = 1)]
    async fn first_async<F: Fn(&T) -> bool>(&self, wanted: F) -> Result<&T, Error> {
        yield_now().await;
        self.items.iter().find(|item| wanted(item)).ok_or(Error::Failed)
    }
}

#[tokio::test]
async fn methods_of_a_generic_type_share_one_breaker() {
    let (empty, full) = (Store::<u32, 0> { items: [] }, Store { items: ["x"] });
    assert_eq!(full.first(), Ok("x"));
    assert_opens!(empty.first(), full.first(), Store::<(), 0>::first_breaker());
    assert_opens!(
        full.first_async(|_| false).await,
        full.first_async(|_| true).await,
        Store::<(), 0>::first_async_breaker()
    );
}

mod inner {
    use super::*;

    pub(super) struct Other;

    impl Other {
        #[circuit_breaker(threshold = 1, accessor = its_breaker)]
        pub(super) fn by_ref(&self) -> Result<u32, Error> {
            Err(Error::Failed)
        }
    }
}

#[test]
fn an_accessor_has_the_name_it_is_given_and_the_visibility_of_its_function() {
    assert_opens!(inner::Other.by_ref(), inner::Other.by_ref(), inner::Other::its_breaker());
    assert_ne!(inner::Other::its_breaker().name(), Client::by_ref_breaker().name());
    assert_eq!(inner::Other::its_breaker().state(), State::Open);
}
