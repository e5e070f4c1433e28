//! When to trip, and when and how to try again: plain data and pure rules.

mod check;
mod recovery;
mod rules;
mod settings;

pub use check::SettingsError;
pub(crate) use recovery::{Recovery, mix};
pub(crate) use rules::{Rules, reaches, share};
pub use settings::{OnCancel, Settings, Window};
