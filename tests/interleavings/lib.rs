//! The runtime's own sources, compiled with loom's atomics in the place of the real ones, and small
//! models of calls that race. Loom runs each model under every interleaving with at most so many
//! preemptions as the model says, and under every value that the memory model lets a load see.
//!
//! What is replaced is [`sync`] and [`thread_slot`]. Locks and lists of other crates (arc-swap,
//! once_cell) are taken as correct: they are one step to loom.

#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, reason = "not all of the runtime is used here")]
#![allow(unexpected_cfgs, reason = "the features are the runtime's")]
#![allow(rustdoc::all, reason = "links into parts that are not here")]
#![allow(clippy::missing_panics_doc, clippy::missing_errors_doc, reason = "models panic where they fail")]
#![allow(clippy::must_use_candidate, clippy::duration_suboptimal_units, reason = "the runtime's own lints look at it")]

pub mod models;
mod sync;
mod thread_slot;

#[path = "../../breaker-runtime/src/about.rs"]
mod about;
#[path = "../../breaker-runtime/src/breaker/mod.rs"]
mod breaker;
#[path = "../../breaker-runtime/src/class.rs"]
mod class;
#[path = "../../breaker-runtime/src/clock.rs"]
mod clock;
#[path = "../../breaker-runtime/src/error.rs"]
mod error;
#[path = "../../breaker-runtime/src/event.rs"]
mod event;
#[path = "../../breaker-runtime/src/fnv.rs"]
mod fnv;
#[path = "../../breaker-runtime/src/history.rs"]
mod history;
#[path = "../../breaker-runtime/src/key/mod.rs"]
mod key;
#[path = "../../breaker-runtime/src/keyed/mod.rs"]
mod keyed;
#[path = "../../breaker-runtime/src/listen/mod.rs"]
mod listen;
#[path = "../../breaker-runtime/src/mode.rs"]
mod mode;
#[path = "../../breaker-runtime/src/observe/mod.rs"]
mod observe;
#[path = "../../breaker-runtime/src/origin.rs"]
mod origin;
#[path = "../../breaker-runtime/src/outcome.rs"]
mod outcome;
#[path = "../../breaker-runtime/src/per_thread.rs"]
mod per_thread;
#[path = "../../breaker-runtime/src/policy/mod.rs"]
mod policy;
#[path = "../../breaker-runtime/src/report.rs"]
mod report;
#[path = "../../breaker-runtime/src/state.rs"]
mod state;
#[path = "../../breaker-runtime/src/text.rs"]
mod text;
#[path = "../../breaker-runtime/src/window/mod.rs"]
mod window;

// Where the runtime exports them.
pub use about::About;
pub use breaker::CircuitBreaker;
pub use key::Key;
pub use keyed::{Breakers, Member};
pub use origin::Origin;
pub use policy::Settings;
