use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{Breakers, Settings};

static TENANTS: Breakers = Breakers::new("tenants", Settings::new());

struct Order {
    tenant: u32,
    price: f64,
}

fn main() {
    let _ = BreakerLayer::keyed(&TENANTS, |order: &Order| order.tenant);
    let _ = BreakerLayer::keyed(&TENANTS, |order: &Order| &order.price);
}
