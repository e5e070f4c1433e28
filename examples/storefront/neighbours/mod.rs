//! What else the shop asks for while it is served: each through a breaker of another kind, so that the pages of breakers have
//! something to tell. What they ask is made up here, and suffers from the weather of the pricing services, too.

mod mail;
mod reviews;
mod shipping;
mod stock;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::shop::PRODUCTS;
use crate::weather::{Sky, Weather};

/// One call of each kind in this time.
const PACE: Duration = Duration::from_millis(50);

/// Calls them all, until the program ends.
pub(crate) async fn ask(sky: Arc<Sky>) {
    mail::list();
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
        while calls.try_join_next().is_some() {}
    }
}

/// The service is gone.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no answer from {0}")]
struct Gone(&'static str);

/// What a service does that has this weather: fails, takes its time, or is well.
async fn suffer(weather: Weather, who: &'static str) -> Result<(), Gone> {
    match weather {
        Weather::Healthy => tokio::time::sleep(Duration::from_millis(8)).await,
        Weather::Slow | Weather::Hanging => tokio::time::sleep(Duration::from_millis(600)).await,
        Weather::Failing => return Err(Gone(who)),
    }
    Ok(())
}
