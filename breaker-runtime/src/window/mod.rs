//! The records that the rules and the reports read.

mod recent_failures;
mod samples;

pub(crate) use recent_failures::RecentFailures;
pub(crate) use samples::Samples;
