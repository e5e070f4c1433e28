//! What breakers do, as seen by their users.

#![allow(clippy::unchecked_time_subtraction, reason = "a test that computes a wrong time shall panic")]
#![allow(deprecated, reason = "tests open at one failure, which the attribute warns services of")]

mod about;
mod cancelled;
mod classes;
mod controls;
mod error;
mod fallbacks;
mod families;
mod http;
mod isolation;
mod json;
mod late;
mod latency;
mod listeners;
mod metrics;
mod modes;
mod panics;
mod places;
mod promises;
mod ramp;
mod rate_limits;
mod rates;
mod recovery;
mod registry;
mod routes;
mod rules;
mod scrape;
mod scripted;
mod settings;
mod slow;
mod snapshot;
mod support;
mod traces;
mod web;
