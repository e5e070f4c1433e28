//! What breakers do, as seen by their users.

mod cancelled;
mod error;
mod isolation;
mod late;
mod panics;
mod promises;
mod recovery;
mod registry;
mod rules;
mod support;
mod web;
