//! Questions about types and tokens that can be answered by reading them.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{
    GenericArgument, Ident, LitStr, Pat, PatIdent, PathArguments, PathSegment, Token, Type, TypeInfer, TypeParamBound,
};

/// Puts `_` in the place of each `impl Trait`, which may not stand in the type of a closure or of a local.
pub(crate) fn infer_opaque(ty: &mut Type) {
    match ty {
        Type::ImplTrait(opaque) => {
            let underscore_token = Token![_](opaque.impl_token.span);
            *ty = Type::Infer(TypeInfer { attrs: Vec::new(), underscore_token });
        }
        Type::Array(array) => infer_opaque(&mut array.elem),
        Type::Group(group) => infer_opaque(&mut group.elem),
        Type::Paren(paren) => infer_opaque(&mut paren.elem),
        Type::Reference(reference) => infer_opaque(&mut reference.elem),
        Type::Slice(slice) => infer_opaque(&mut slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(infer_opaque),
        Type::TraitObject(object) => {
            for bound in &mut object.bounds {
                if let TypeParamBound::Trait(bound) = bound {
                    bound.path.segments.iter_mut().for_each(infer_opaque_arguments);
                }
            }
        }
        Type::Path(path) => path.path.segments.iter_mut().for_each(infer_opaque_arguments),
        _ => {}
    }
}

fn infer_opaque_arguments(segment: &mut PathSegment) {
    if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
        for argument in &mut arguments.args {
            match argument {
                GenericArgument::Type(ty) => infer_opaque(ty),
                GenericArgument::AssocType(assoc) => infer_opaque(&mut assoc.ty),
                _ => {}
            }
        }
    }
}

/// Looks through parentheses, and through the invisible ones around a fragment of `macro_rules!`.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

/// The `R` of `Pin<Box<dyn Future<Output = R> + …>>`.
pub(crate) fn boxed_output(ty: &Type) -> Option<&Type> {
    let boxed = only_argument(ty, "Pin")?;
    let Type::TraitObject(object) = bare(only_argument(boxed, "Box")?) else { return None };
    let arguments = match &future_bound(&object.bounds)?.arguments {
        PathArguments::AngleBracketed(arguments) => &arguments.args,
        _ => return None,
    };
    arguments.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    })
}

/// Whether a type is a future, as far as its spelling tells.
pub(crate) fn is_future(ty: &Type) -> bool {
    match bare(ty) {
        Type::ImplTrait(opaque) => future_bound(&opaque.bounds).is_some(),
        Type::TraitObject(object) => future_bound(&object.bounds).is_some(),
        Type::Path(path) => {
            let named = path
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "BoxFuture" || last.ident == "LocalBoxFuture");
            let inner = only_argument(ty, "Pin").or_else(|| only_argument(ty, "Box"));
            named || inner.is_some_and(is_future)
        }
        _ => false,
    }
}

/// The last segment of the bound that is `Future`.
fn future_bound(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&PathSegment> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().filter(|last| last.ident == "Future"),
        _ => None,
    })
}

/// The `T` of `…::Name<T>`.
fn only_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = bare(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

/// The `mut` of `&mut T` and `Pin<&mut T>`.
pub(crate) fn mutable_reference(ty: &Type) -> Option<&Token![mut]> {
    match bare(ty) {
        Type::Reference(reference) => reference.mutability.as_ref(),
        _ => only_argument(ty, "Pin").and_then(mutable_reference),
    }
}

/// Whether it is `&T`, `&mut T`, or `Pin` of one of them.
pub(crate) fn is_reference(ty: &Type) -> bool {
    matches!(bare(ty), Type::Reference(_)) || only_argument(ty, "Pin").is_some_and(is_reference)
}

/// Whether one of `words` stands in the tokens, however deep.
pub(crate) fn mentions(tokens: impl ToTokens, words: &[&str]) -> bool {
    fn search(tokens: TokenStream, words: &[&str]) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => search(group.stream(), words),
            TokenTree::Ident(ident) => words.iter().any(|word| ident == word),
            _ => false,
        })
    }
    search(tokens.into_token_stream(), words)
}

/// Whether an expression uses the name: after a single point it would be a field's or a method's, and the text of
/// `format!` may use it, too.
pub(crate) fn names(expr: impl ToTokens, name: &Ident) -> bool {
    fn search(tokens: TokenStream, name: &Ident, in_macro: bool) -> bool {
        let (mut points, mut called) = (0, false);
        tokens.into_iter().any(|token| {
            let sign = if let TokenTree::Punct(sign) = &token { sign.as_char() } else { ' ' };
            let (field, of_macro) = (points == 1, called);
            (points, called) = (if sign == '.' { points + 1 } else { 0 }, sign == '!');
            match token {
                TokenTree::Group(group) => search(group.stream(), name, in_macro || of_macro),
                TokenTree::Ident(ident) => !field && ident == *name,
                TokenTree::Literal(text) => in_macro && formats(&text, name),
                TokenTree::Punct(_) => false,
            }
        })
    }
    search(expr.into_token_stream(), name, false)
}

/// Whether a text such as `"{host}:{port:>width$}"` uses the name.
fn formats(text: &Literal, name: &Ident) -> bool {
    let Ok(text) = syn::parse2::<LitStr>(TokenTree::from(text.clone()).into()) else { return false };
    let (text, name) = (text.value().replace("{{", ""), name.unraw().to_string());
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).any(|place| {
        let (argument, format) = place.split_once(':').unwrap_or((place, ""));
        let mut counts = format.split('$').rev().skip(1);
        argument.trim() == name || counts.any(|before| ends_with_word(before, &name))
    })
}

/// Whether the last word of a text is this one.
fn ends_with_word(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.strip_suffix(word).is_some_and(|before| !before.ends_with(is_part))
}

/// The names that a pattern gives to what it takes apart.
pub(crate) fn bound_names(pattern: &Pat) -> Vec<Ident> {
    let mut names = Vec::new();
    each_name(pattern, &mut |_, name| names.push(name.clone()));
    names
}

/// Does something with each name that a pattern gives, and whether it is `mut`.
pub(crate) fn each_name(pattern: &Pat, do_it: &mut impl FnMut(Option<Token![mut]>, &Ident)) {
    if let Pat::Ident(bound) = pattern {
        do_it(bound.mutability, &bound.ident);
    }
    for part in parts(pattern) {
        each_name(part, do_it);
    }
}

/// Whether a pattern gives a name to a reference into what it takes apart.
pub(crate) fn has_reference(pattern: &Pat) -> bool {
    let here = matches!(pattern, Pat::Ident(PatIdent { by_ref: Some(_), .. }));
    here || parts(pattern).into_iter().any(has_reference)
}

/// The patterns that are right within one.
fn parts(pattern: &Pat) -> Vec<&Pat> {
    match pattern {
        Pat::Ident(bound) => bound.subpat.iter().map(|(_, inner)| &**inner).collect(),
        Pat::Paren(inner) => vec![&inner.pat],
        Pat::Reference(inner) => vec![&inner.pat],
        Pat::Slice(parts) => parts.elems.iter().collect(),
        Pat::Struct(fields) => fields.fields.iter().map(|field| &*field.pat).collect(),
        Pat::Tuple(parts) => parts.elems.iter().collect(),
        Pat::TupleStruct(parts) => parts.elems.iter().collect(),
        _ => Vec::new(),
    }
}

/// Tokens as a text without spaces, which is how people write a path.
pub(crate) fn joined(tokens: impl ToTokens) -> String {
    tokens.into_token_stream().into_iter().map(|token| token.to_string()).collect::<String>().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> Type {
        syn::parse_str(text).expect("a type")
    }

    #[test]
    fn opaque_types_are_inferred_wherever_they_stand() {
        for (given, expected) in [
            ("u32", "u32"),
            ("impl Iterator<Item = u8> + 'a", "_"),
            ("Result<impl Fn(u8) -> u8, E>", "Result<_,E>"),
            ("Result<(impl A, Vec<impl B>), E>", "Result<(_,Vec<_>),E>"),
            ("a::Result<[impl A; 3]>", "a::Result<[_;3]>"),
            ("Result<&'a impl A, Box<dyn Error>>", "Result<&'a_,Box<dynError>>"),
            ("Box<dyn Iterator<Item = impl A>>", "Box<dynIterator<Item=_>>"),
        ] {
            let mut ty = ty(given);
            infer_opaque(&mut ty);
            assert_eq!(joined(&ty), expected, "{given}");
        }
    }

    #[test]
    fn futures_are_recognised() {
        let boxed = "::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<u8, E>> + ::core::marker::Send + 'async_trait>>";
        assert_eq!(boxed_output(&ty(boxed)).map(joined).as_deref(), Some("Result<u8,E>"));
        for future in [
            boxed,
            "impl Future<Output = u8>",
            "BoxFuture<'_, u8>",
            "Pin<Box<impl Future>>",
            "Box<dyn Future<Output = ()>>",
        ] {
            assert!(is_future(&ty(future)), "{future}");
        }
        for other in ["u8", "Result<u8, E>", "Pin<Box<u8>>", "impl Display", "Box<dyn Error>", "()"] {
            assert!(!is_future(&ty(other)) && boxed_output(&ty(other)).is_none(), "{other}");
        }
    }

    #[test]
    fn mutable_references_are_seen() {
        for mutable in ["&mut u8", "&'a mut [u8]", "Pin<&mut Self>", "(&mut u8)"] {
            assert!(mutable_reference(&ty(mutable)).is_some(), "{mutable}");
        }
        for other in ["u8", "&u8", "Arc<Self>", "Pin<Box<u8>>"] {
            assert!(mutable_reference(&ty(other)).is_none(), "{other}");
        }
        assert!(mentions(ty("Result<(Self, u8), E>"), &["Self"]));
        assert!(!mentions(ty("Result<(SelfX, u8), E>"), &["Self"]));
    }

    #[test]
    fn names_are_found_wherever_an_expression_uses_them() {
        let uses =
            |text: &str| names(text.parse::<TokenStream>().expect("tokens"), &syn::parse_str("port").expect("a name"));
        for text in [
            "port",
            "&port",
            "f(3, [port])",
            "port.port",
            "&hosts[..port]",
            "&hosts[3..port]",
            "&hosts[..=port]",
            "{ let x = port; x }",
            "format!(\"{port}\")",
            "format!(\"{}:{port:>5}\", 3)",
            "format!(\"{{{port:?}}}\")",
            "format!(r#\"{0:>port$}\"#, 3)",
            "format!(\"{0:>1$.port$}\", 3, 4)",
            "concat(&format!(\"{port}\"))",
            "format![\"{}\", port]",
        ] {
            assert!(uses(text), "{text}");
        }
        for text in [
            "at.port",
            "at.port()",
            "at.0.port",
            "ports",
            "\"port\"",
            "map[\"{port}\"]",
            "format!(\"port\")",
            "format!(\"{{port}}\")",
            "format!(\"{ports} {0:>support$} {port_of}\", 3)",
            "format!(b\"{port}\")",
        ] {
            assert!(!uses(text), "{text}");
        }
    }
}
