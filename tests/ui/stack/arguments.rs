use breaker_runtime::{CircuitBreakerError, circuit_breaker};

type Result = std::result::Result<u32, CircuitBreakerError>;

struct Order;

#[circuit_breaker(retry)]
fn used_up(order: Order, _: &Order) -> Result {
    drop(order);
    Ok(1)
}

#[circuit_breaker(retry)]
fn some_type(order: impl Into<String>) -> Result {
    drop(order.into());
    Ok(1)
}

#[circuit_breaker(retry)]
fn changed(order: &mut Order) -> Result {
    *order = Order;
    Ok(1)
}

impl Order {
    #[circuit_breaker(retry)]
    fn send(self) -> Result {
        Ok(1)
    }
}

fn main() {}
