//! Which names a pattern means, and which name was probably meant.

/// Whether `name` is one of those that `pattern` means, in which `*` stands for any characters, also for none.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    // Without a star all of it was the first part.
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// How much of a name a pattern says: of two that match, the one that says more comes second.
pub(crate) fn precision(pattern: &str) -> usize {
    pattern.chars().filter(|c| *c != '*').count()
}

/// The known name that was probably meant by one that is not known.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let tolerated = name.chars().count().div_ceil(3);
    let distance = |known: &str| strsim::osa_distance(&name.to_lowercase(), &known.to_lowercase());
    let (away, nearest) = known.map(|known| (distance(known), known)).min()?;
    (away <= tolerated).then_some(nearest)
}

/// A name as it stands in the name of a variable: `shop::pricing` is `SHOP_PRICING`.
pub(crate) fn in_variables(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_uppercase).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name) in [
            ("*", ""),
            ("*", "pricing"),
            ("shop::*", "shop::pricing::fetch"),
            ("*::fetch", "shop::pricing::fetch"),
            ("shop::*::fetch", "shop::pricing::fetch"),
            ("a*b*c", "a-b-b-c"),
            ("*a*a", "aa"),
            ("pric*ing", "pricing"),
            ("**", "x"),
            ("é*", "été"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("shop::*", "shop:"), ("*::fetch", "fetch"), ("a*a", "a"), ("ab*ba", "aba"), ("*x*", "y"), ("a*", "")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert_eq!(["*", "shop::*", "shop::p*ing"].map(precision), [0, 6, 10]);
    }

    #[test]
    fn a_typo_is_known() {
        let known = ["pricing", "shop::fetch_price", "mail"];
        let near = |name| nearest(name, known.into_iter());
        assert_eq!(near("prcing"), Some("pricing"));
        assert_eq!(near("PRICING"), Some("pricing"));
        assert_eq!(near("shop::fetchprice"), Some("shop::fetch_price"));
        assert_eq!((near("payments"), near("m")), (None, None));
    }

    #[test]
    fn names_of_variables() {
        assert_eq!(in_variables("shop::pricing::fetch_price"), "SHOP_PRICING_FETCH_PRICE");
        assert_eq!(in_variables("eu-west.mail "), "EU_WEST_MAIL");
        assert_eq!(in_variables("__"), "");
    }
}
