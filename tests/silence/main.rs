//! Generated code is silent under every lint that can be had; clippy runs over this file with the rest of the workspace.
//!
#![deny(warnings)]
// All of rustc's that are off by default, but for those that need a nightly compiler, look at dependencies instead of
// code, or forbid what every crate does.
#![deny(
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    closure_returning_async_block,
    deprecated_in_future,
    deprecated_safe_2024,
    deref_into_dyn_supertrait,
    edition_2024_expr_fragment_specifier,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    ffi_unwind_calls,
    if_let_rescope,
    impl_trait_overcaptures,
    impl_trait_redundant_captures,
    keyword_idents_2018,
    keyword_idents_2024,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    missing_unsafe_on_extern,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    rust_2021_incompatible_closure_captures,
    rust_2021_incompatible_or_patterns,
    rust_2021_prefixes_incompatible_syntax,
    rust_2021_prelude_collisions,
    rust_2024_guarded_string_incompatible_syntax,
    rust_2024_incompatible_pat,
    rust_2024_prelude_collisions,
    single_use_lifetimes,
    tail_expr_drop_order,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_attr_outside_unsafe,
    unsafe_op_in_unsafe_fn,
    unstable_features,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    nonstandard_style,
    future_incompatible,
    let_underscore,
    refining_impl_trait,
    unused
)]
#![forbid(unsafe_code)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
#![allow(
    dead_code,
    clippy::absolute_paths,
    clippy::allow_attributes,
    clippy::arbitrary_source_item_ordering,
    clippy::blanket_clippy_restriction_lints,
    clippy::implicit_return,
    clippy::missing_trait_methods,
    clippy::pub_with_shorthand,
    clippy::question_mark_used,
    clippy::redundant_pub_crate,
    clippy::single_call_fn,
    clippy::std_instead_of_alloc,
    clippy::tests_outside_test_module,
    clippy::unnecessary_wraps,
    reason = "how this file is written; `implicit_return` also concerns the attribute, whose code ends as most Rust does"
)]

mod asynchronous;
mod breakers;
mod families;
mod methods;
mod stack;
mod sync;

/// Every shape is compiled; one of them runs, so that the file is a test like others.
#[test]
fn everything_compiled() {
    assert!(sync::plain("1").is_ok(), "a plain function answers");
}
