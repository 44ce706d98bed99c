//! The body of a request: `application/x-www-form-urlencoded` in UTF-8 (RFC 6749 appendix B), read strictly.

use std::borrow::Cow;
use std::fmt;

use crate::error::Reason;

/// The one parameter that may come more than once (RFC 8707 §2).
const REPEATABLE: &str = "resource";

/// The parameters of a request. Borrows from the body wherever nothing had to be decoded.
pub(crate) struct Form<'a> {
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Form<'a> {
    /// Reads `body`, refusing broken escapes, NUL, anything that is not UTF-8, and repeats (RFC 6749 §3.2).
    pub(crate) fn parse(body: &'a [u8], most: usize) -> Result<Self, Reason> {
        let text = std::str::from_utf8(body).map_err(|_| Reason::FormNotUtf8)?;
        let mut parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::with_capacity(8);
        let mut start = 0;
        for end in memchr::memchr_iter(b'&', body).chain([body.len()]) {
            let pair = text.get(start..end).unwrap_or_default();
            start = end + 1;
            if pair.is_empty() {
                continue;
            }
            if parameters.len() == most {
                return Err(Reason::FormTooManyParameters);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if name != REPEATABLE && parameters.iter().any(|(other, _)| *other == name) {
                return Err(Reason::FormRepeatedParameter);
            }
            parameters.push((name, value));
        }
        Ok(Self { parameters })
    }

    /// The value of a parameter. One without a value counts as left out (RFC 6749 §3.2).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a parameter that may be repeated.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameters
            .iter()
            .filter(move |(own, value)| own == name && !value.is_empty())
            .map(|(_, value)| value.as_ref())
    }
}

impl fmt::Debug for Form<'_> {
    /// Names only: values are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parameters.iter().map(|(name, _)| name)).finish()
    }
}

/// Undoes form-urlencoding: `+` is a space, `%XX` a byte. What is not UTF-8 afterwards, or NUL, is refused.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, Reason> {
    // An assertion is long, and has none of these.
    let Some(plain) = memchr::memchr3(0, b'%', b'+', text.as_bytes()) else {
        return Ok(Cow::Borrowed(text));
    };
    let mut bytes = Vec::with_capacity(text.len());
    let (plain, mut rest) = text.as_bytes().split_at(plain);
    bytes.extend_from_slice(plain);
    while let Some((first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (b'+', _) => {
                bytes.push(b' ');
                tail
            }
            (b'%', [high, low, tail @ ..]) => {
                let byte = hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low);
                match byte.ok_or(Reason::FormBadEscape)? {
                    0 => return Err(Reason::FormNul),
                    byte => bytes.push(byte),
                }
                tail
            }
            (b'%', _) => return Err(Reason::FormBadEscape),
            (0, _) => return Err(Reason::FormNul),
            (byte, _) => {
                bytes.push(*byte);
                tail
            }
        };
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Reason::FormNotUtf8)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Form<'_>, Reason> {
        Form::parse(body.as_bytes(), 64)
    }

    #[test]
    fn appendix_b_decodes_utf8() {
        let form = parse("a=%20%25%26%2B%C2%A3%E2%82%AC&b=1+2&c").expect("form");
        assert_eq!(form.get("a"), Some(" %&+£€"));
        assert_eq!(form.get("b"), Some("1 2"));
        assert_eq!(form.get("c"), None, "without a value it counts as left out");
    }

    #[test]
    fn s3_2_no_parameter_more_than_once() {
        assert_eq!(parse("a=1&a=2").expect_err("twice"), Reason::FormRepeatedParameter);
        assert_eq!(parse("a=&a=").expect_err("twice, empty"), Reason::FormRepeatedParameter);
        assert_eq!(parse("a=1&%61=2").expect_err("twice, spelled apart"), Reason::FormRepeatedParameter);
        assert_eq!(parse("resource=x&resource=y").expect("RFC 8707 §2").all("resource").count(), 2);
    }

    #[test]
    fn broken_forms_are_refused() {
        for (body, reason) in [
            ("a=%zz", Reason::FormBadEscape),
            ("a=%4", Reason::FormBadEscape),
            ("a=%", Reason::FormBadEscape),
            ("a=%+1", Reason::FormBadEscape),
            ("a=%00", Reason::FormNul),
            ("a=\0", Reason::FormNul),
            ("a=%ff", Reason::FormNotUtf8),
        ] {
            assert_eq!(parse(body).expect_err(body), reason);
        }
        assert_eq!(Form::parse(b"a=\xff", 64).expect_err("raw byte"), Reason::FormNotUtf8);
    }

    #[test]
    fn t57_bounded_parameters() {
        let body = |n: usize| (0..n).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert!(parse(&body(64)).is_ok());
        assert_eq!(parse(&body(65)).expect_err("65"), Reason::FormTooManyParameters);
    }

    #[test]
    fn t95_debug_shows_names_only() {
        assert_eq!(format!("{:?}", parse("client_secret=hunter2").expect("form")), r#"["client_secret"]"#);
    }
}
