//! Requests that a page of another site makes a browser send.

use axum::http::HeaderValue;
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;

/// Whether it comes from a page of another site, as the browser says: by `Sec-Fetch-Site` of
/// [Fetch Metadata](https://www.w3.org/TR/fetch-metadata/), and where it sends none, as to hosts without TLS, by `Origin`.
/// Clients that are no browsers send neither.
pub(super) fn is_another(request: &Parts) -> bool {
    let mut sites = request.headers.get_all("sec-fetch-site").iter().peekable();
    if sites.peek().is_some() {
        return !sites.all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    }
    let host = request.headers.get(HOST).map(HeaderValue::as_bytes);
    let host = host.or_else(|| request.uri.authority().map(|host| host.as_str().as_bytes()));
    let is_here = |origin: &[u8]| {
        let origin = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
        origin.zip(host).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
    };
    !request.headers.get_all(ORIGIN).iter().all(|origin| is_here(origin.as_bytes()))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn another(headers: &[(&str, &str)]) -> bool {
        let request = headers.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
        is_another(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_browser_says_where_its_page_is_from() {
        for ours in [
            &[][..],
            &[("host", "ops.example")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin"), ("host", "inside"), ("origin", "https://ops.example")],
            &[("host", "ops.example"), ("origin", "https://ops.example")],
            &[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")],
        ] {
            assert!(!another(ours), "{ours:?}");
        }
        for theirs in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
            &[("host", "ops.example"), ("origin", "https://evil.example")],
            &[("host", "ops.example"), ("origin", "https://ops.example:8443")],
            &[("host", "ops.example"), ("origin", "null")],
            &[("host", "ops.example"), ("origin", "https://ops.example"), ("origin", "https://evil.example")],
            &[("origin", "https://ops.example")],
        ] {
            assert!(another(theirs), "{theirs:?}");
        }
    }
}
