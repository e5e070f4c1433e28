//! Whatever tokens stand in the attribute and under it, the answer is tokens again, and the function is in them.
//!
//! The compiler hands over tokens, so tokens are made here: any text that is none would never arrive.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::args::keys::KEYS;
use crate::attribute::{protect, read};
use crate::problems::Problems;

fn tokens(text: &str) -> TokenStream {
    text.parse().expect(text)
}

fn text(tokens: &TokenStream) -> String {
    tokens.to_string().replace(' ', "")
}

fn joined(parts: impl IntoIterator<Item = TokenStream>) -> TokenStream {
    parts.into_iter().collect()
}

fn in_group(delimiter: Delimiter, inner: TokenStream) -> TokenStream {
    TokenTree::from(Group::new(delimiter, inner)).into()
}

/// One of these, each a piece of valid Rust.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = TokenStream> {
    select(texts).prop_map(tokens)
}

const WORDS: &str = "
    as async await box break const crate dyn else enum extern false fn for gen if impl in let loop match mod
    move mut pub ref return safe self Self static struct super trait true try type union unsafe use where
    while yield _ r#fn r#try Box Pin Future Result impl_ f x E ünïcödé
";

fn word() -> impl Strategy<Value = TokenStream> {
    let keyword = select(WORDS.split_whitespace().collect::<Vec<_>>()).prop_map(tokens);
    prop_oneof![
        2 => keyword,
        1 => key(),
        1 => "[a-z_][a-z0-9_]{1,6}".prop_map(|word| TokenTree::from(Ident::new(&word, Span::call_site())).into()),
    ]
}

fn key() -> impl Strategy<Value = TokenStream> {
    select(KEYS.iter().map(|key| key.name).collect::<Vec<_>>()).prop_map(tokens)
}

fn punctuation() -> impl Strategy<Value = TokenStream> {
    let any =
        (select("=<>!~?:;,.@|&+-*^%$#".chars().collect::<Vec<_>>()), any::<bool>()).prop_map(|(character, joint)| {
            TokenTree::from(Punct::new(character, if joint { Spacing::Joint } else { Spacing::Alone })).into()
        });
    // Two of these that touch would be a comment, which is no token.
    let slash = Just(TokenTree::from(Punct::new('/', Spacing::Alone)).into());
    let whole = one_of(&["::", "->", "=>", "==", "..", "...", "..=", "||", "&&", "<=", "'a", "'static", "'_", "#!"]);
    prop_oneof![4 => any, 1 => slash, 4 => whole]
}

fn literal() -> impl Strategy<Value = TokenStream> {
    let made = prop_oneof![
        any::<i64>().prop_map(Literal::i64_unsuffixed),
        any::<u32>().prop_map(Literal::u32_suffixed),
        any::<u8>().prop_map(Literal::u8_suffixed),
        any::<f64>().prop_filter("a literal is finite", |number| number.is_finite()).prop_map(Literal::f64_unsuffixed),
        any::<f32>().prop_filter("a literal is finite", |number| number.is_finite()).prop_map(Literal::f32_suffixed),
        "\\PC{0,6}".prop_map(|text| Literal::string(&text)),
        any::<char>().prop_map(Literal::character),
        any::<u8>().prop_map(Literal::byte_character),
        vec(any::<u8>(), 0..4).prop_map(|bytes| Literal::byte_string(&bytes)),
    ];
    prop_oneof![made.prop_map(|literal| TokenTree::from(literal).into()), value()]
}

const VALUES: &str = r##"
    0 1 3 -1 255 256 65_535 65536 99999999999999999999999999 0x10 3u32 3usize 0.5 1.0 0.0 1e999 0.5f32 "60s"
    "60" 60s "0s" "250ms" "99999999999999999999s" "50%" "0%" "%" "e%" 50% "" "name" r#"60s"# b"60s" c"60s" 's'
    b's' true false LIMIT limits::LIMIT self.limit self.breaker Duration::from_secs(3) "failure" "rejection"
    "ignore" "shared" &self.host _ Self::f f() ::renamed crate::a::b other self. Self::
"##;

/// Those with spaces in them.
const LONG_VALUES: &str = r#"
    "1m 30s"
    2 * 10
    concat!("a", "b")
    E::A | E::B(_)
    E::A { code: 400..=499, .. }
    error if error.bad()
    |_| Ok(3)
    |cause| match cause { _ => x }
    async |_| x
    { let y = y.clone(); move |_| x }
    f::<A, B>
    <Self as T>::f
    |a, b
    3 +
"#;

/// What may stand after the `=` of some key, or is near to it.
fn value() -> impl Strategy<Value = TokenStream> {
    let long = LONG_VALUES.lines().map(str::trim).filter(|line| !line.is_empty());
    select(VALUES.split_whitespace().chain(long).collect::<Vec<_>>()).prop_map(tokens)
}

/// Tokens of all kinds, in groups of all kinds, the invisible one of `macro_rules!` included.
fn anything() -> BoxedStrategy<TokenStream> {
    let token = prop_oneof![word(), punctuation(), literal()];
    let tree = token.prop_recursive(4, 32, 5, |inner| {
        let delimiter = select(vec![Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None]);
        (delimiter, vec(inner, 0..5)).prop_map(|(delimiter, inner)| in_group(delimiter, joined(inner)))
    });
    vec(tree, 0..8).prop_map(joined).boxed()
}

/// Something that is meant to be an argument: whole, half-written, or written as other attributes want it.
fn argument() -> impl Strategy<Value = TokenStream> {
    let key = prop_oneof![8 => key(), 1 => word()];
    let given = prop_oneof![4 => value(), 1 => anything()];
    (key, given, 0..10).prop_map(|(key, value, shape)| match shape {
        0 => key,
        1 => joined([key, tokens("=")]),
        2 => joined([key, tokens("=="), value]),
        3 => joined([key, tokens(":"), value]),
        4 => joined([key, in_group(Delimiter::Parenthesis, value)]),
        5 => joined([key, tokens("="), value.clone(), value]),
        6 => value,
        _ => joined([key, tokens("="), value]),
    })
}

fn arguments() -> impl Strategy<Value = TokenStream> {
    let separator = prop_oneof![8 => Just(tokens(",")), 1 => Just(TokenStream::new()), 1 => one_of(&[";", ",,"])];
    let list = vec((argument(), separator), 0..6)
        .prop_map(|pairs| joined(pairs.into_iter().flat_map(|(argument, separator)| [argument, separator])));
    let right = right().prop_map(|list| tokens(&list.join(", ")));
    prop_oneof![4 => list, 1 => anything(), 3 => right]
}

/// What the attribute stands on, and the statements of its body where it has one.
#[derive(Clone, Debug)]
struct Item {
    tokens: TokenStream,
    body: TokenStream,
}

/// One of `usual`, or now and then anything else.
fn mostly(usual: &'static [&'static str]) -> impl Strategy<Value = TokenStream> {
    prop_oneof![30 => one_of(usual), 1 => anything()]
}

/// Functions, in whole and in part wrong, and what is no function at all.
fn item() -> impl Strategy<Value = Item> {
    let before = (
        mostly(&["", "", "#[allow(dead_code)]", "#[doc = \"x\"] #[inline]", "#[cfg(a)]"]),
        mostly(&["", "", "pub", "pub(crate)", "pub(in a::b)"]),
        mostly(&["", "", "", "async", "async", "async", "const", "unsafe", "extern \"C\"", "async unsafe"]),
        mostly(&[
            "fn f",
            "fn f",
            "fn f",
            "fn r#try",
            "fn f<'a, T: A + 'a, const N: usize>",
            "fn",
            "struct f",
            "const F: u8 =",
        ]),
    );
    let signature = (
        mostly(&[
            "()",
            "(x: u8)",
            "(&self, (a, b): A)",
            "(&mut self, x: &'a mut T)",
            "(self: Pin<&mut Self>)",
            "(#[cfg(a)] mut x: [u8; 3], _: impl A,)",
            "(mut self, x: u8, ...)",
        ]),
        mostly(&[
            "",
            "-> Result<u8, E>",
            "-> Result<u8, E>",
            "-> R",
            "-> !",
            "-> impl Iterator<Item = u8>",
            "-> impl Future<Output = R>",
            "-> Pin<Box<dyn Future<Output = Result<u8, E>> + Send + 'a>>",
            "->",
        ]),
        mostly(&["", "", "", "where T: A,", "where Self: Sized", "where"]),
    );
    // Inner attributes would be moved out of the body.
    let statements = anything().prop_map(|tokens| match tokens.clone().into_iter().next() {
        Some(TokenTree::Punct(first)) if first.as_char() == '#' => joined([self::tokens(";"), tokens]),
        _ => tokens,
    });
    let body =
        (statements, select(vec!["{}", "{}", "{}", "{ #![allow(a)] }", "{ Box::pin(async move {}) }", "none", ";"]));
    let function = (before, signature, body).prop_map(|(before, signature, (statements, shape))| {
        let mut body = statements.clone();
        let block = match shape {
            "{}" => in_group(Delimiter::Brace, statements),
            "{ #![allow(a)] }" => in_group(Delimiter::Brace, joined([tokens("#![allow(a)]"), statements])),
            "none" => in_group(Delimiter::None, in_group(Delimiter::Brace, statements)),
            ";" => {
                body = TokenStream::new();
                tokens(";")
            }
            _ => {
                let future = joined([tokens("async move"), in_group(Delimiter::Brace, statements)]);
                let boxed = joined([tokens("Box::pin"), in_group(Delimiter::Parenthesis, future)]);
                in_group(Delimiter::Brace, boxed)
            }
        };
        let parts = [before.0, before.1, before.2, before.3, signature.0, signature.1, signature.2, block];
        Item { tokens: joined(parts), body }
    });
    let other = prop_oneof![
        one_of(&[
            "struct S { a: u8 }",
            "impl S { fn f() {} }",
            "trait T { fn f(); }",
            "mod m {}",
            "f!();",
            "enum E {}"
        ]),
        anything(),
    ];
    let other = other.prop_map(|tokens| Item { tokens, body: TokenStream::new() });
    prop_oneof![6 => function, 1 => other]
}

/// Arguments that are right on any function, and go together.
const RIGHT: [&str; 19] = [
    "consecutive = 3",
    "failures = 3, window = 20",
    "failure_rate = \"50%\", min_calls = MIN_CALLS",
    "slow_rate = 0.5, slow_call = \"2s\"",
    "on_cancel = \"failure\"",
    "reset = \"90s\"",
    "backoff = 2.0, max_reset = \"5m\"",
    "jitter = SHARE",
    "probes = 5, probe_failure_rate = 0.4, probe_timeout = \"2m\"",
    "ramp = RAMP",
    "max_concurrent = 10, rate_limit = \"100/s\", burst = BURST",
    "latency = true",
    "name = \"prices\", accessor = price_breaker",
    "ignore = E::A(_) | E::B { .. }",
    "failure_if = |output| output.bad(a, b)",
    "class = |error| error.class()",
    "dependency = \"prices\", note = NOTE",
    "key = &x.host, max_keys = 200, idle = IDLE, overflow = \"shared\"",
    "fallback = |_| Ok(3), fallback_on = \"failure\"",
];

fn right() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(RIGHT.to_vec(), 0..=RIGHT.len()).prop_shuffle()
}

const FUNCTIONS: [&str; 5] = [
    "fn f(x: u8) -> Result<u8, E> { g(x)? }",
    "pub async fn f(x: u8) -> Result<u8, E> { g(x).await }",
    "#[inline] pub(crate) fn f<'a, T: A>(&'a self, (a, b): T) -> Option<&'a u8> where T: B { a.get(b) }",
    "fn f(mut self, _: impl A) -> Result<impl B, E> { #![allow(x)] loop { return self.g() } }",
    "fn f(&self) -> Pin<Box<dyn Future<Output = Result<u8, E>> + Send>> { Box::pin(async move { g().await }) }",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn any_arguments_on_any_item(args in arguments(), item in item()) {
        let mut problems = Problems::default();
        read(args.clone(), item.tokens.clone(), &mut problems);
        let problems = problems.texts().len();

        let output = protect(args, item.tokens.clone());
        prop_assert!(output.to_string().parse::<TokenStream>().is_ok(), "{}", output);
        let output = text(&output);
        prop_assert!(output.contains(&text(&item.body)), "the body is lost: {}", output);
        if problems > 0 {
            let errors = output.strip_prefix(&text(&item.tokens));
            prop_assert!(errors.is_some(), "the item is lost: {}", output);
            prop_assert_eq!(errors.map(|errors| errors.matches("::core::compile_error!").count()), Some(problems));
        }
    }

    #[test]
    fn any_arguments_on_a_function(args in arguments(), item in select(&FUNCTIONS)) {
        let mut problems = Problems::default();
        read(args.clone(), tokens(item), &mut problems);
        let output = protect(args, tokens(item));
        if problems.texts().is_empty() {
            // A constant may be any expression, and a pattern any pattern; the function around them is whole.
            prop_assert!(syn::parse2::<syn::ItemImpl>(quote::quote!(impl S { #output })).is_ok(), "{}", output);
        } else {
            prop_assert!(text(&output).starts_with(&text(&tokens(item))), "{}", output);
            prop_assert!(output.to_string().contains("compile_error"));
        }
    }

    #[test]
    fn right_arguments_are_accepted(args in right(), item in select(&FUNCTIONS)) {
        let output = protect(tokens(&args.join(", ")), tokens(item));
        prop_assert!(!output.to_string().contains("compile_error"), "{}", output);
        prop_assert!(syn::parse2::<syn::ItemImpl>(quote::quote!(impl S { #output })).is_ok(), "{}", output);
    }

    #[test]
    fn one_mistake_is_never_passed_over(
        mut args in right(),
        mistake in select(vec![
            "treshold = 3", "threshold", "threshold =", "threshold = 3, reset 3", "timeout == \"3s\"", "probes = 256",
            "window = 0", "failure_rate = 0", "slow_rate = 50", "slow_call = 2", "min_calls = 65_536", "max_concurrent = 0", "rate_limit = \"0/s\"", "burst = 0", "ramp = \"0s\"",
            "successes = 0", "probe_failure_rate = \"0%\"", "\"3\"", "= 3", "", "crate = a::b", "fallback = f()",
            "ignore = |error| x", "accessor = true", "breaker = ", "(threshold = 3)", "probes: 3", "on_cancel = failure",
            "retry = 3", "retry(attempts = 0)", "retry(colour = 1)", "retry(when = |a, b)", "last_good", "last_good(ttl = 3)",
            "max_keys = 0", "key = \"x\"", "overflow = \"other\"", "idle = 3", "note = 3", "class = \"x\"",
        ]),
        position in any::<prop::sample::Index>(),
        item in select(&FUNCTIONS),
    ) {
        args.insert(position.index(args.len() + 1), mistake);
        // An empty place at the end is a trailing comma, which is right.
        prop_assume!(!mistake.is_empty() || args.last() != Some(&""));
        let output = protect(tokens(&args.join(", ")), tokens(item));
        prop_assert!(text(&output).starts_with(&text(&tokens(item))), "{}", output);
        prop_assert!(output.to_string().contains("compile_error"), "{}", output);
    }
}
