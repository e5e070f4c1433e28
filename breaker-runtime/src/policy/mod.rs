//! When to trip, and when and how to try again: plain data and pure rules.

mod check;
mod compact;
mod rate;
mod recovery;
mod settings;
mod share;
mod text;

pub use check::SettingsError;
pub(crate) use rate::Rate;
pub(crate) use recovery::{Recovery, mix};
pub use settings::{OnCancel, Settings, Window};
pub(crate) use share::{about, reaches, share};
