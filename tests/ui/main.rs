//! What the compiler says about each mistake; one file for each kind of mistake.

#[test]
fn messages() {
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}
