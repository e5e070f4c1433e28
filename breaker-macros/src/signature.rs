//! What kind of function the attribute stands on. The body stays what it is: tokens.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Path, Result, ReturnType, Safety, Signature, Token, Type, TypeTuple, Visibility, token};

use crate::problems::Problems;
use crate::types;

/// A function that can be protected, in the parts that the expansion puts together again.
pub(crate) struct Function {
    /// Outer attributes, then the inner ones of the body, which cannot stay there.
    pub(crate) attributes: TokenStream,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) shape: Shape,
    pub(crate) output: Output,
    /// The user's statements.
    pub(crate) body: TokenStream,
    /// The function's braces.
    pub(crate) braces: Span,
}

/// How the body runs.
pub(crate) enum Shape {
    Sync,
    Async,
    /// `Box::pin(async move { … })`, as attributes for async traits write it.
    Boxed(Boxed),
}

/// What stands around the statements of a boxed future.
pub(crate) struct Boxed {
    /// `Box::pin`
    pub(crate) constructor: TokenStream,
    pub(crate) parentheses: Span,
    /// `async move`
    pub(crate) keywords: TokenStream,
    pub(crate) braces: Span,
}

/// What a call gives: the return type, or what its future gives.
pub(crate) struct Output {
    /// The type, where each `impl Trait` is `_`.
    pub(crate) ty: Type,
    /// What to point at when the type is wrong.
    pub(crate) place: TokenStream,
    /// The whole type is `impl Trait`, and no future.
    pub(crate) opaque: bool,
}

impl Function {
    pub(crate) fn is_async(&self) -> bool {
        !matches!(self.shape, Shape::Sync)
    }
}

/// Reads the item; `None`, and a problem, where it is nothing that can be protected.
pub(crate) fn parse(item: TokenStream, problems: &mut Problems) -> Option<Function> {
    let read = |input: ParseStream| {
        let function = function(input, problems);
        if function.is_err() {
            // What is left is not looked at; the parser wants it taken.
            input.parse::<TokenStream>()?;
        }
        function
    };
    match read.parse2(item) {
        Ok(function) => Some(function),
        Err(error) => {
            problems.add(error);
            None
        }
    }
}

fn function(input: ParseStream, problems: &mut Problems) -> Result<Function> {
    let mut attributes = attributes(input)?;
    let visibility: Visibility = input.parse()?;
    if !at_function(input) {
        return Err(input.error("`#[circuit_breaker]` protects functions: expected a function with a body"));
    }
    let signature: Signature = input.parse()?;
    if input.is_empty() || input.peek(Token![;]) {
        let text = "a function without a body cannot be protected: put the attribute on its implementation";
        return Err(Error::new_spanned(&signature.ident, text));
    }
    let block = input.step(|cursor| match cursor.token_tree() {
        Some((token, rest)) => block(token).map(|block| (block, rest)).ok_or_else(|| cursor.error(NO_BODY)),
        None => Err(cursor.error(NO_BODY)),
    })?;
    refuse_qualifiers(&signature, problems);
    let (inner, body) = split_inner_attributes(block.stream());
    attributes.extend(inner);
    let braces = block.span();
    let (shape, output, body) = shape(&signature, body, problems);
    Ok(Function { attributes, visibility, signature, shape, output, body, braces })
}

const NO_BODY: &str = "expected the body of a function";

/// The braces and what is in them; a `$body:block` of `macro_rules!` has invisible delimiters around.
fn block(token: TokenTree) -> Option<Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            let first = tokens.next()?;
            if tokens.next().is_some() { None } else { block(first) }
        }
        _ => None,
    }
}

/// The attributes above the function, as they are.
fn attributes(input: ParseStream) -> Result<TokenStream> {
    let mut attributes = TokenStream::new();
    while input.peek(Token![#]) {
        let pound: TokenTree = input.parse()?;
        let brackets: TokenTree = input.parse()?;
        attributes.extend([pound, brackets]);
    }
    Ok(attributes)
}

/// Whether nothing but qualifiers stands before the word `fn`.
fn at_function(input: ParseStream) -> bool {
    let ahead = input.fork();
    while ahead.peek(Token![const])
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
        || ahead.peek(syn::LitStr)
    {
        if ahead.parse::<TokenTree>().is_err() {
            return false;
        }
    }
    ahead.peek(Token![fn])
}

fn refuse_qualifiers(signature: &Signature, problems: &mut Problems) {
    if let Some(constness) = &signature.constness {
        problems.at(constness, "a `const fn` cannot be protected: a circuit breaker changes its state at run time");
    }
    if let Safety::Unsafe(safety) = &signature.safety {
        problems.at(safety, "an `unsafe fn` cannot be protected: put the attribute on a safe function that calls it");
    }
    if let Some(variadic) = &signature.variadic {
        problems.at(variadic, "a variadic function cannot be protected: its arguments cannot be passed on");
    }
}

/// Input: `#![allow(dead_code)] BODY`
///
/// Output: `#[allow(dead_code)]` and `BODY`
fn split_inner_attributes(body: TokenStream) -> (TokenStream, TokenStream) {
    let split = |input: ParseStream| {
        let mut attributes = TokenStream::new();
        while input.peek(Token![#]) && input.peek2(Token![!]) && input.peek3(token::Bracket) {
            let pound: TokenTree = input.parse()?;
            input.parse::<Token![!]>()?;
            let brackets: TokenTree = input.parse()?;
            attributes.extend([pound, brackets]);
        }
        Ok((attributes, input.parse()?))
    };
    // Those of a fragment of `macro_rules!` stay where they are, for the compiler to refuse.
    split.parse2(body.clone()).unwrap_or((TokenStream::new(), body))
}

/// How the body runs, what it gives, and the statements that give it.
fn shape(signature: &Signature, body: TokenStream, problems: &mut Problems) -> (Shape, Output, TokenStream) {
    let ReturnType::Type(_, written) = &signature.output else {
        let shape = if signature.asyncness.is_some() { Shape::Async } else { Shape::Sync };
        return (shape, unit(signature), body);
    };
    if let Type::Never(never) = types::bare(written) {
        problems.at(never, "a function that never returns has no outcome that a circuit breaker could count");
    }
    if signature.asyncness.is_some() {
        return (Shape::Async, output(written), body);
    }
    if let Some((ty, (boxed, statements))) = types::boxed_output(written).zip(boxed_body(&body)) {
        return (Shape::Boxed(boxed), output(ty), statements);
    }
    if types::is_future(written) {
        problems.at(written, "a function that returns a future cannot be protected: write an `async fn`");
    }
    (Shape::Sync, output(written), body)
}

fn unit(signature: &Signature) -> Output {
    let place = signature.ident.to_token_stream();
    let paren_token = token::Paren(signature.ident.span());
    let unit = TypeTuple { attrs: Vec::new(), paren_token, elems: Punctuated::new() };
    Output { ty: Type::Tuple(unit), place, opaque: false }
}

fn output(written: &Type) -> Output {
    let mut ty = written.clone();
    types::infer_opaque(&mut ty);
    let opaque = matches!(types::bare(written), Type::ImplTrait(_)) && !types::is_future(written);
    Output { ty, place: written.to_token_stream(), opaque }
}

/// Input: `Box::pin(async move { BODY })`
///
/// Output: what stands around, and `BODY`
fn boxed_body(body: &TokenStream) -> Option<(Boxed, TokenStream)> {
    let mut tokens: Vec<TokenTree> = body.clone().into_iter().collect();
    let TokenTree::Group(arguments) = tokens.pop()? else { return None };
    let constructor: TokenStream = tokens.into_iter().collect();
    let path: Path = syn::parse2(constructor.clone()).ok()?;
    if !types::joined(&path).ends_with("Box::pin") {
        return None;
    }
    let mut inner: Vec<TokenTree> = arguments.stream().into_iter().collect();
    let TokenTree::Group(block) = inner.pop()? else { return None };
    let keywords: TokenStream = inner.into_iter().collect();
    if types::joined(&keywords) != "asyncmove" || block.delimiter() != Delimiter::Brace {
        return None;
    }
    let boxed = Boxed { constructor, parentheses: arguments.span(), keywords, braces: block.span() };
    Some((boxed, block.stream()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Function>, Vec<String>) {
        let mut problems = Problems::default();
        let function = parse(text.parse().expect("tokens"), &mut problems);
        (function, problems.texts())
    }

    #[test]
    fn inner_attributes_of_a_fragment_stay_in_the_body() {
        let fragment = Group::new(Delimiter::None, "#![allow(x)] g()".parse().expect("tokens"));
        let body = TokenStream::from(TokenTree::from(fragment));
        let (attributes, rest) = split_inner_attributes(body.clone());
        assert_eq!((attributes.to_string(), rest.to_string()), (String::new(), body.to_string()));
    }

    #[test]
    fn shapes() {
        for (text, shape, output, body) in [
            ("fn f() {}", "sync", "()", ""),
            ("pub(crate) fn f(x: u8) -> Result<u8, E> { g(x) }", "sync", "Result<u8,E>", "g(x)"),
            ("async fn f<T>() -> impl A where T: B { g() }", "async", "_", "g()"),
            ("extern \"C\" fn f() { #![allow(x)] g() }", "sync", "()", "g()"),
            ("fn f() -> Pin<Box<dyn Future<Output = R> + Send>> { Box::pin(async move { g() }) }", "boxed", "R", "g()"),
        ] {
            let (function, problems) = read(text);
            assert!(problems.is_empty(), "{text}: {problems:?}");
            let function = function.expect(text);
            let found = match function.shape {
                Shape::Sync => "sync",
                Shape::Async => "async",
                Shape::Boxed(_) => "boxed",
            };
            assert_eq!(
                (found, &*types::joined(&function.output.ty), &*types::joined(&function.body)),
                (shape, output, body)
            );
        }
    }

    #[test]
    fn attributes_are_gathered_above() {
        let (function, _) = read("#[must_use] /// doc\n fn f() { #![allow(a)] #![allow(b)] #[c] g() }");
        let function = function.expect("a function");
        assert_eq!(types::joined(&function.attributes), "#[must_use]#[doc=\"doc\"]#[allow(a)]#[allow(b)]");
        assert_eq!(types::joined(&function.body), "#[c]g()");
    }

    #[test]
    fn what_cannot_be_protected_is_refused() {
        for (text, said) in [
            ("struct S;", "`#[circuit_breaker]` protects functions"),
            ("impl S {}", "`#[circuit_breaker]` protects functions"),
            ("", "`#[circuit_breaker]` protects functions"),
            ("const X: u8 = 3;", "`#[circuit_breaker]` protects functions"),
            ("fn f();", "a function without a body"),
            ("fn f()", "a function without a body"),
            ("const fn f() {}", "a `const fn` cannot be protected"),
            ("unsafe fn f() {}", "an `unsafe fn` cannot be protected"),
            ("unsafe extern \"C\" fn f(x: u8, ...) {}", "an `unsafe fn` cannot be protected"),
            ("fn f() -> ! { loop {} }", "a function that never returns"),
            ("fn f() -> impl Future<Output = u8> { g() }", "write an `async fn`"),
            ("fn f() -> Pin<Box<dyn Future<Output = R>>> { g() }", "write an `async fn`"),
            ("fn f() -> Pin<Box<dyn Future<Output = R>>> { g(); Box::pin(async move {}) }", "write an `async fn`"),
            ("fn f() -> Pin<Box<dyn Future<Output = R>>> { Box::pin(async {}) }", "write an `async fn`"),
            ("fn f() -> BoxFuture<'static, u8> { g() }", "write an `async fn`"),
        ] {
            let (_, problems) = read(text);
            assert!(problems.iter().any(|problem| problem.contains(said)), "{text}: {problems:?}");
        }
    }
}
