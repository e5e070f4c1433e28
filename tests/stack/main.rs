//! What stands around the breaker of an annotated function: attempts, limits, answers kept.

#![allow(clippy::unchecked_time_subtraction, reason = "a test that computes a wrong time shall panic")]
#![allow(clippy::unnecessary_wraps, clippy::unused_async, reason = "a fallback looks like its function")]

mod arguments;
mod cancelled;
mod configured;
mod last_good;
mod retry;
mod support;
mod together;
mod total_timeout;
