//! How to do things, and where to look: pages to read, without code of their own.

#[doc = include_str!("observing.md")]
pub mod observing {}

#[doc = include_str!("why_did_it_open.md")]
pub mod why_did_it_open {}
