//! Where the keys of a foreign issuer are.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::fetch::KeySource;
use crate::jose::PublicKeySet;
use crate::types::{InvalidValue, Issuer, IssuerName, KeySetUrl};

/// Where the keys of a foreign issuer are: in its metadata, at a URL, or in the record itself.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum IssuerKeys {
    /// At the `jwks_uri` of the metadata that the issuer publishes (RFC 8414 §3, OpenID Connect Discovery §4): its name is
    /// an https URL. Needs [`Builder::key_sets`](crate::Builder::key_sets).
    Discovery,
    /// At this URL. Needs [`Builder::key_sets`](crate::Builder::key_sets).
    Url(KeySetUrl),
    /// Here, for an issuer that cannot be reached. Whoever changes them changes the record.
    Inline(InlineKeys),
    /// A place that a later release knows. There are no keys here.
    Unknown(Value),
}

/// A JWK Set (RFC 7517 §5) as it was given, and what can be used of it.
#[derive(Clone)]
pub struct InlineKeys {
    jwks: Map<String, Value>,
    keys: PublicKeySet,
}

impl IssuerKeys {
    /// The keys of this JWK Set, read as a published one: with [`PublicKeySet::from_published`].
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for what is no JWK Set of public keys, and for one of which no key can be used.
    pub fn inline(jwks: &str) -> Result<Self, InvalidValue> {
        let none = InvalidValue::new("a JWK Set", "of at least one EC, OKP or RSA key for signatures");
        let inline = InlineKeys::read(jwks)?;
        if inline.keys.is_empty() { Err(none) } else { Ok(Self::Inline(inline)) }
    }

    /// What has to be fetched for the keys of `issuer`; `None` where they are here, or nowhere.
    pub(crate) fn source(&self, issuer: Option<&IssuerName>) -> Option<KeySource> {
        match self {
            Self::Discovery => Issuer::new(issuer?.as_str()).ok().map(KeySource::Issuer),
            Self::Url(url) => Some(KeySource::Url(url.clone())),
            Self::Inline(_) | Self::Unknown(_) => None,
        }
    }

    /// The keys that are here.
    pub(crate) const fn held(&self) -> Option<&PublicKeySet> {
        match self {
            Self::Inline(inline) => Some(&inline.keys),
            Self::Discovery | Self::Url(_) | Self::Unknown(_) => None,
        }
    }

    /// Whether they can be found for an issuer of this name.
    pub(crate) fn fit(&self, issuer: Option<&IssuerName>) -> bool {
        !matches!(self, Self::Discovery) || self.source(issuer).is_some()
    }
}

impl InlineKeys {
    /// Also one of which this build can use nothing: another one may.
    fn read(jwks: &str) -> Result<Self, InvalidValue> {
        let keys = PublicKeySet::from_published(jwks.as_bytes())?;
        let malformed = InvalidValue::new("a JWK Set", "a JSON object");
        Ok(Self { jwks: serde_json::from_str(jwks).map_err(|_| malformed)?, keys })
    }

    /// The JWK Set as it was given.
    #[must_use]
    pub const fn jwks(&self) -> &Map<String, Value> {
        &self.jwks
    }

    /// What can be used of it.
    #[must_use]
    pub const fn keys(&self) -> &PublicKeySet {
        &self.keys
    }
}

impl PartialEq for InlineKeys {
    fn eq(&self, other: &Self) -> bool {
        self.jwks == other.jwks
    }
}

impl fmt::Debug for InlineKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InlineKeys({} keys)", self.keys.len())
    }
}

impl fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discovery => f.write_str("Discovery"),
            Self::Url(url) => write!(f, "{url:?}"),
            Self::Inline(keys) => write!(f, "{keys:?}"),
            Self::Unknown(_) => f.write_str("Unknown(..)"),
        }
    }
}

impl Serialize for IssuerKeys {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Discovery => out.serialize_str("discovery"),
            Self::Url(url) => serde_json::json!({ "jwks_uri": url }).serialize(out),
            Self::Inline(inline) => serde_json::json!({ "jwks": inline.jwks }).serialize(out),
            Self::Unknown(value) => value.serialize(out),
        }
    }
}

impl<'de> Deserialize<'de> for IssuerKeys {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        // Without the value, which could be anything.
        let damaged = |_| serde::de::Error::custom("damaged keys of an issuer");
        let value = Value::deserialize(input)?;
        if value == "discovery" {
            return Ok(Self::Discovery);
        }
        match value.as_object().filter(|members| members.len() == 1).and_then(|members| members.iter().next())
        {
            Some((name, Value::String(url))) if name == "jwks_uri" => {
                KeySetUrl::new(url.as_str()).map(Self::Url).map_err(damaged)
            }
            Some((name, jwks @ Value::Object(_))) if name == "jwks" => {
                InlineKeys::read(&jwks.to_string()).map(Self::Inline).map_err(damaged)
            }
            _ => Ok(Self::Unknown(value)),
        }
    }
}
