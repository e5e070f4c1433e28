//! What else the shop asks for while it is served: each through a breaker of another kind, so that the pages of breakers have
//! something to tell. What they ask is made up here, and suffers from the weather of the pricing services, too.

mod mail;
mod reviews;
mod shipping;
mod stock;
mod suggestions;

use std::sync::Arc;
use std::time::Duration;

use breaker_runtime::CircuitBreakerError;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use suggestions::Suggestions;

use crate::shop::PRODUCTS;
use crate::weather::{Sky, Weather};

/// One call of each kind in this time.
const PACE: Duration = Duration::from_millis(50);

/// Calls them all, until the program ends.
pub(crate) async fn ask(sky: Arc<Sky>) {
    mail::list();
    let suggestions = match Suggestions::start(Arc::clone(&sky)).await {
        Ok(suggestions) => suggestions,
        Err(error) => return eprintln!("storefront: no suggestions: {error}"),
    };
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut calls = JoinSet::new();
    for turn in 0.. {
        pace.tick().await;
        let sku = PRODUCTS[turn % PRODUCTS.len()];
        let (weather, second) = (sky.now(), sky.clock().elapsed().as_secs());
        // What each of them answers is of no interest here.
        calls.spawn(async move { drop(shipping::offer(shipping::carrier(turn), weather, second).await) });
        calls.spawn(async move { drop(reviews::stars(sku, turn, weather).await) });
        calls.spawn(async move { drop(stock::left(sku, weather).await) });
        calls.spawn(async move { drop(mail::send(weather)) });
        calls.spawn({
            let suggestions = suggestions.clone();
            async move { drop(suggestions.ask().await) }
        });
        while calls.try_join_next().is_some() {}
    }
}

/// Why somebody has no answer.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error("no answer from {0}")]
    Gone(&'static str),
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

/// What a service does that has this weather: fails, takes its time, or is well.
async fn suffer(weather: Weather, who: &'static str) -> Result<(), Missing> {
    match weather {
        Weather::Healthy => tokio::time::sleep(Duration::from_millis(8)).await,
        Weather::Slow | Weather::Hanging => tokio::time::sleep(Duration::from_millis(600)).await,
        Weather::Failing => return Err(Missing::Gone(who)),
    }
    Ok(())
}
