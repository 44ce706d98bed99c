//! JSON out of foreign tokens, read strictly: no member twice (RFC 7515 §4, RFC 7519 §4), bounded depth.
//!
//! Two parsers that take different ones of two equal members are how one token means two things (T25).

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Deeper than any claim that means something.
const MAX_DEPTH: usize = 16;
/// More than any header, claim set or key has. Looking for repeats costs its square.
const MAX_MEMBERS: usize = 100;
/// How serde_json hands over a number where somebody in the build has switched on `arbitrary_precision`: as an object
/// of this one member. There an object that looks like it is taken for the number too; elsewhere it is an object.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";
/// Whether somebody has: only then is this more than a float holds, and a number all the same.
static NUMBERS_ARE_MAPS: LazyLock<bool> =
    LazyLock::new(|| serde_json::from_str::<serde_json::Number>("1e999").is_ok());

/// A JSON value. Borrows text that needed no unescaping.
#[derive(Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    Array(Vec<Self>),
    Object(Members<'a>),
}

impl Json<'_> {
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// The members of an object, each name once.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Members<'a> {
    /// Reads one object that is all of `bytes`.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut input = serde_json::Deserializer::from_slice(bytes);
        let value = Nested(0).deserialize(&mut input).ok()?;
        input.end().ok()?;
        match value {
            Json::Object(members) => Some(members),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Array(_) => None,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// A member that has to be text if it is there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, WrongType> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(WrongType),
        }
    }
}

impl<'a> IntoIterator for Members<'a> {
    type Item = (Cow<'a, str>, Json<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A member is there and not of the type that it has to have. Never the same as not being there (T27).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongType;

/// A value at this depth.
#[derive(Clone, Copy)]
struct Nested(usize);

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Json<'de>, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    // Every number that means something here is far below 2^53, where f64 is exact.
    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = input.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut members: Vec<(Cow<'de, str>, Json<'de>)> = Vec::with_capacity(8);
        while let Some(name) = input.next_key_seed(Name)? {
            if name == NUMBER_TOKEN && members.is_empty() && *NUMBERS_ARE_MAPS {
                let text: String = input.next_value()?;
                return text.parse().map(Json::Number).map_err(A::Error::custom);
            }
            if members.len() == MAX_MEMBERS || members.iter().any(|(other, _)| *other == name) {
                return Err(A::Error::custom("a member twice, or too many"));
            }
            members.push((name, input.next_value_seed(inner)?));
        }
        Ok(Json::Object(Members(members)))
    }
}

impl Nested {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.0 < MAX_DEPTH { Ok(Self(self.0 + 1)) } else { Err(E::custom("too deep")) }
    }
}

/// A member's name, borrowed where that is possible.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Cow<'de, str>, D::Error> {
        input.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t25_no_member_twice_at_any_depth() {
        for bad in [
            r#"{"alg":"none","alg":"HS256"}"#,
            r#"{"alg":"none","\u0061lg":"HS256"}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
        ] {
            assert!(Members::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn t27_an_object_is_not_a_number() {
        let object = br#"{"exp":{"$serde_json::private::Number":"1900000000"}}"#;
        let members = Members::parse(object).expect("JSON");
        assert_eq!(matches!(members.get("exp"), Some(Json::Number(_))), *NUMBERS_ARE_MAPS);
        assert_eq!(Members::parse(br#"{"exp":1}"#).expect("JSON").get("exp"), Some(&Json::Number(1.0)));
    }

    #[test]
    fn t33_members_are_bounded() {
        let many = |n: usize| {
            format!("{{{}}}", (0..n).map(|n| format!(r#""m{n}":0"#)).collect::<Vec<_>>().join(","))
        };
        assert!(Members::parse(many(100).as_bytes()).is_some());
        assert!(Members::parse(many(101).as_bytes()).is_none());
    }

    #[test]
    fn t33_depth_is_bounded() {
        let nested = |n: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(n), "]".repeat(n));
        assert!(Members::parse(nested(15).as_bytes()).is_some());
        assert!(Members::parse(nested(16).as_bytes()).is_none());
        assert!(Members::parse(nested(100_000).as_bytes()).is_none());
    }

    #[test]
    fn one_object_and_nothing_else() {
        for bad in [
            "",
            "[]",
            "1",
            "null",
            "\"a\"",
            "{} {}",
            "{}x",
            "{\"a\":1,}",
            "{'a':1}",
            "\u{feff}{}",
            "{\"a\":1e400}",
        ] {
            assert!(Members::parse(bad.as_bytes()).is_none(), "{bad:?}");
        }
        assert!(Members::parse(b"{\"a\":\"\xff\"}").is_none(), "RFC 8725 §3.7: UTF-8");
        let members = Members::parse(br#" {"a":"\u00e9","b":1.5,"c":18446744073709551616} "#).expect("JSON");
        assert_eq!(members.text("a"), Ok(Some("é")));
        assert_eq!(members.text("b"), Err(WrongType));
        assert_eq!(members.text("z"), Ok(None));
        assert_eq!(members.get("c"), Some(&Json::Number(18_446_744_073_709_551_616.0)));
    }
}
