//! When to trip, and when and how to try again: plain data and pure rules.

mod around;
mod check;
mod compact;
mod rate;
mod recovery;
mod settings;
mod share;
mod text;

#[cfg(feature = "retry")]
pub(crate) use around::Retry;
pub use check::SettingsError;
pub(crate) use rate::Rate;
pub(crate) use recovery::{Recovery, mix};
pub use settings::{OnCancel, Settings, Window};
pub(crate) use share::{about, reaches, share};
