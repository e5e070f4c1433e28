//! The layer for tower's services: when the service is asked, what its answers count for, and what becomes of permits.

mod around;
mod cancelled;
mod failures;
mod hyper;
mod keyed;
mod panics;
mod readiness;
mod rejections;
mod shared;
mod support;
