//! A queue as fallback: orders that the warehouse does not take are kept, and sent when its breaker closes again. None is
//! lost, and none is shipped twice.
//!
//! `cargo run --bin queue_for_later` runs on tokio's clock, paused: minutes pass at once.

use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Events, Settings, State, circuit_breaker};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

static BREAKER: CircuitBreaker = CircuitBreaker::new("warehouse", Settings::new().consecutive(2));

/// In memory, and gone with the process: a real one writes to a table or a log before the customer hears "accepted".
static QUEUE: Mutex<VecDeque<Order>> = Mutex::const_new(VecDeque::new());

#[derive(Clone, Debug)]
struct Order {
    /// The idempotency key: made once, by whoever orders, and the same each time that the order is sent.
    key: &'static str,
}

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("the warehouse is down")]
    Down,
    #[error("too many orders wait already")]
    QueueFull,
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

/// For failures, too: whether an order that was not answered has arrived, nobody knows. The key makes it safe to send again.
#[circuit_breaker(breaker = BREAKER, timeout = "1s", fallback = keep, fallback_on = "failure")]
async fn place(order: Order) -> Result<&'static str, OrderError> {
    ship(&order).await
}

async fn keep(order: Order) -> Result<&'static str, OrderError> {
    let mut queue = QUEUE.lock().await;
    if queue.len() == 1_000 {
        return Err(OrderError::QueueFull);
    }
    queue.push_back(order);
    Ok("accepted, to be confirmed by mail")
}

/// By the same breaker, and without that fallback, which would put the order into the queue once more.
#[circuit_breaker(breaker = BREAKER, timeout = "1s")]
async fn place_again(order: &Order) -> Result<&'static str, OrderError> {
    ship(order).await
}

/// Looks into the queue when the breaker has changed; and each minute, for orders whose failure opened nothing.
async fn send_later(mut changes: Events) {
    loop {
        let _ = timeout(Duration::from_secs(60), changes.next()).await;
        while BREAKER.state() == State::Closed {
            let Some(order) = QUEUE.lock().await.front().cloned() else { break };
            let Ok(answer) = place_again(&order).await else { break };
            println!("  {}: {answer}, from the queue", order.key);
            // Not before: a process that ends here sends it twice, and the other way round never.
            QUEUE.lock().await.pop_front();
        }
    }
}

/// The dependency, and the keys that it has seen.
static WAREHOUSE: Mutex<Warehouse> =
    Mutex::const_new(Warehouse { weather: Weather::Fair, received: Vec::new(), shipped: Vec::new() });

struct Warehouse {
    weather: Weather,
    received: Vec<&'static str>,
    shipped: Vec<&'static str>,
}

enum Weather {
    Fair,
    AnswersGetLost,
    Down,
}

async fn ship(order: &Order) -> Result<&'static str, OrderError> {
    let mut warehouse = WAREHOUSE.lock().await;
    if let Weather::Down = warehouse.weather {
        return Err(OrderError::Down);
    }
    warehouse.received.push(order.key);
    if !warehouse.shipped.contains(&order.key) {
        warehouse.shipped.push(order.key);
    }
    if let Weather::AnswersGetLost = warehouse.weather {
        drop(warehouse);
        return pending().await;
    }
    Ok("sent")
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), OrderError> {
    tokio::spawn(send_later(BREAKER.events()));
    let outage = [
        ("all is well", Weather::Fair, "A", 0),
        ("the answer gets lost", Weather::AnswersGetLost, "B", 1),
        ("the warehouse is down", Weather::Down, "C", 2),
        ("nobody asks it any more", Weather::Down, "D", 3),
        ("a minute later it is back, and the next order is the probe", Weather::Fair, "E", 0),
        ("an answer gets lost, which opens nothing", Weather::AnswersGetLost, "F", 1),
    ];
    for (what, weather, key, kept) in outage {
        println!("{what}:");
        if key == "E" {
            sleep(Duration::from_secs(60)).await;
        }
        WAREHOUSE.lock().await.weather = weather;
        println!("  {key}: {}", place(Order { key }).await?);
        sleep(Duration::from_secs(1)).await; // the other task has its turn
        assert_eq!(QUEUE.lock().await.len(), kept);
    }
    println!("within a minute that one is sent again:");
    WAREHOUSE.lock().await.weather = Weather::Fair;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(QUEUE.lock().await.len(), 0);

    let Warehouse { received, shipped, .. } = &*WAREHOUSE.lock().await;
    println!("\nreceived {received:?}\nshipped  {shipped:?}\n");
    BREAKER.history().iter().for_each(|change| println!("{change}"));
    assert_eq!(received[..], ["A", "B", "E", "B", "C", "D", "F", "F"]);
    assert_eq!(shipped[..], ["A", "B", "E", "C", "D", "F"]);
    Ok(())
}
