//! When to trip, and when and how to try again: plain data and pure rules.

mod recovery;
mod settings;

pub(crate) use recovery::{Recovery, mix};
pub use settings::{OnCancel, Settings, SettingsError};
