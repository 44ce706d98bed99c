//! Conditional requests (RFC 9110 §13): whoever has the document already is told so, and no more.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};

use crate::http::{Request, Response};

/// The response with its `ETag` (§8.8.3), or 304 where the request names that.
pub(crate) fn unless_known(request: &Request, response: Response) -> Response {
    let named = digest(&SHA256, response.body());
    let named = named.as_ref().first_chunk::<16>().map(|named| BASE64URL_NOPAD.encode(named));
    let tag = format!("\"{}\"", named.unwrap_or_default());
    let known = request.header("if-none-match").flat_map(|list| list.split(|byte| *byte == b','));
    let is_known = known.map(<[u8]>::trim_ascii).any(|one| {
        // §13.1.2: compared weakly.
        one == b"*" || one.strip_prefix(b"W/").unwrap_or(one) == tag.as_bytes()
    });
    if is_known { response.without_body(304) } else { response }.header("etag", tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(tags: &[&str]) -> Response {
        let request = Request::builder("GET", "/keys");
        let request = tags.iter().fold(request, |request, tag| request.header("If-None-Match", tag));
        let response = Response::new(200, b"{}".to_vec()).header("content-type", "application/json");
        unless_known(&request.build(), response.header("cache-control", "public, max-age=300"))
    }

    fn tag(response: &Response) -> String {
        response.headers().find(|(name, _)| *name == "etag").expect("a tag").1.to_owned()
    }

    #[test]
    fn rfc9110_s13_1_2_a_known_tag_is_304_without_body() {
        let first = asked(&[]);
        let tag = tag(&first);
        assert_eq!((first.status(), first.body()), (200, &b"{}"[..]));
        let listed = format!("\"other\" , W/{tag}");
        for known in [vec![tag.as_str()], vec!["*"], vec![listed.as_str()], vec!["\"other\"", tag.as_str()]] {
            let again = asked(&known);
            assert_eq!((again.status(), again.body()), (304, &b""[..]), "{known:?}");
            let names: Vec<_> = again.headers().map(|(name, _)| name).collect();
            assert_eq!(names, ["cache-control", "etag"], "RFC 9110 §15.4.5");
        }
        for unknown in ["", "\"\"", "\"other\"", tag.trim_matches('"'), &tag.to_uppercase()] {
            assert_eq!(asked(&[unknown]).status(), 200, "{unknown}");
        }
    }
}
