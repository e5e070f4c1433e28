//! What went wrong in other circuit breakers, and must not go wrong here.
//!
//! Each test says above it whose users met the defect, and its name says what must not happen.

#![allow(clippy::unchecked_time_subtraction, reason = "a test that computes a wrong time shall panic")]

mod calls;
mod clocks;
mod fallbacks;
mod half_open;
mod late;
mod listeners;
mod memory;
mod permits;
mod reasons;
mod stuck;
mod support;
mod waiting;
mod windows;
