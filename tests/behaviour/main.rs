//! What breakers do, as seen by their users.

#![allow(clippy::unchecked_time_subtraction, reason = "a test that computes a wrong time shall panic")]

mod cancelled;
mod error;
mod fallbacks;
mod isolation;
mod late;
mod panics;
mod promises;
mod recovery;
mod registry;
mod rules;
mod support;
mod web;
