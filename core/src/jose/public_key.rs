//! A public key of a client or an issuer: read by our own rules, bound to one algorithm, used to verify.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::signature;
use serde_json::{Map, Value};

use super::json::{Json, Members};
use super::jwk::{PublicMembers, thumbprint};
use super::{AssertionAlgorithm, Thumbprints, key_rules, system_random};
use crate::types::InvalidValue;

/// An RSA key of 4096 bits with a certificate chain is far below.
const MAX_KEY_BYTES: usize = 32 * 1024;
pub(super) const MAX_SET_BYTES: usize = 512 * 1024;

/// A public key of a client, for `private_key_jwt`, or of an issuer: one key, one algorithm (RFC 8725 §3.1).
///
/// EC on P-256, P-384 and P-521 (with the feature `josekit`), RSA of 2048 to 4096 bits, Ed25519. Private members,
/// symmetric keys, weak or odd parameters and points off the curve are refused.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    members: PublicMembers,
    algorithm: AssertionAlgorithm,
    kid: Option<String>,
    /// Of the registered certificate.
    certificate: Thumbprints,
    parsed: Parsed,
}

/// What the verifier takes, decoded once.
#[derive(Clone, PartialEq, Eq)]
enum Parsed {
    Point(Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    #[cfg(feature = "josekit")]
    P521(super::es512::Es512Key),
}

impl PublicKey {
    /// Reads one public JWK (RFC 7517 §4). `alg` may be left out where the kind of key implies it, so not for RSA.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] that names the rule which the key breaks.
    pub fn from_jwk(json: &str) -> Result<Self, InvalidValue> {
        Self::read(json, None)?.usable()
    }

    /// A key that was registered, out of its document; `None` for one that a newer release wrote or that this build
    /// cannot verify, such as P-521 without `josekit`. It was tried when it was registered, and verifying tries it again.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for a key of ours that is damaged.
    pub(crate) fn from_document(jwk: &Map<String, Value>) -> Result<Option<Self>, InvalidValue> {
        const WRITTEN: [&str; 10] = ["kty", "crv", "x", "y", "n", "e", "alg", "kid", "x5t", "x5t#S256"];
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let (Some(kty), Some(alg)) = (text("kty"), text("alg")) else { return Err(key_rules::MALFORMED) };
        let is_known = matches!(
            (kty, text("crv")),
            ("EC", Some("P-256" | "P-384" | "P-521")) | ("OKP", Some("Ed25519")) | ("RSA", None)
        );
        let is_read = jwk.keys().all(|name| WRITTEN.contains(&name.as_str()));
        if !is_known || !is_read || AssertionAlgorithm::from_name(alg).is_none() {
            return Ok(None);
        }
        let key = Self::read(&Value::Object(jwk.clone()).to_string(), None)?;
        if key.to_json() == *jwk { Ok(Some(key)) } else { Err(key_rules::MALFORMED) }
    }

    /// As [`PublicKey::from_jwk`], for an RSA key that names no `alg` itself.
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_jwk`]; also if the key names another algorithm.
    pub fn from_jwk_for(json: &str, algorithm: AssertionAlgorithm) -> Result<Self, InvalidValue> {
        Self::read(json, Some(algorithm))?.usable()
    }

    fn read(json: &str, wanted: Option<AssertionAlgorithm>) -> Result<Self, InvalidValue> {
        let members = Some(json).filter(|json| json.len() <= MAX_KEY_BYTES);
        let members = members.and_then(|json| Members::parse(json.as_bytes()));
        Self::from_members(
            &members.ok_or(InvalidValue::new("a JWK", "a JSON object, no member twice"))?,
            wanted,
        )
    }

    /// Reads a JWK Set (RFC 7517 §5) of 1 to 50 keys.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for more, for two keys of one kid, and for any key that [`PublicKey::from_jwk`] refuses: one
    /// bad key refuses the set (T36).
    pub fn from_jwks(json: &str) -> Result<Vec<Self>, InvalidValue> {
        let invalid =
            InvalidValue::new("a JWK Set", "an object with `keys`: 1 to 50 public keys, no kid twice");
        let set = Some(json).filter(|json| json.len() <= MAX_SET_BYTES);
        let set = set.and_then(|json| Members::parse(json.as_bytes())).ok_or(invalid)?;
        let Some(Json::Array(keys)) = set.get("keys") else { return Err(invalid) };
        if !(1..=50).contains(&keys.len()) {
            return Err(invalid);
        }
        let key = |value: &Json<'_>| match value {
            Json::Object(members) => Self::from_members(members, None)?.usable(),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Array(_) => Err(invalid),
        };
        let keys: Vec<Self> = keys.iter().map(key).collect::<Result<_, _>>()?;
        let mut kids: Vec<_> = keys.iter().filter_map(|key| key.kid.as_deref()).collect();
        let named = kids.len();
        kids.sort_unstable();
        kids.dedup();
        if kids.len() == named { Ok(keys) } else { Err(invalid) }
    }

    /// A key of a published set, if it can be used here. An RSA key that names no `alg` is one for RS256.
    pub(super) fn from_published(jwk: &Members<'_>) -> Option<Self> {
        let unnamed_rsa = jwk.text("kty") == Ok(Some("RSA")) && jwk.get("alg").is_none();
        Self::from_members(jwk, unnamed_rsa.then_some(AssertionAlgorithm::Rs256)).and_then(Self::usable).ok()
    }

    pub(super) fn from_members(
        jwk: &Members<'_>,
        wanted: Option<AssertionAlgorithm>,
    ) -> Result<Self, InvalidValue> {
        let members = key_rules::public_members(jwk)?;
        let algorithm = key_rules::algorithm(jwk, &members, wanted)?;
        let parsed = Parsed::from(&members).ok_or(key_rules::MALFORMED)?;
        let (kid, certificate) = (key_rules::kid(jwk)?, key_rules::certificate(jwk, &members.key_bytes())?);
        Ok(Self { members, algorithm, kid, certificate, parsed })
    }

    pub(super) fn usable(self) -> Result<Self, InvalidValue> {
        if self.is_usable() { Ok(self) } else { Err(InvalidValue::new("a JWK", "a point on its curve")) }
    }

    /// The one algorithm that it verifies.
    #[must_use]
    pub const fn algorithm(&self) -> AssertionAlgorithm {
        self.algorithm
    }

    /// Its `kid`, if it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Its RFC 7638 thumbprint.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.members)
    }

    /// As a JWK (RFC 7517 §4), with its `alg` and, if it has one, its `kid`. The same text from every build.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        let mut jwk: Vec<_> = self.to_json().into_iter().collect();
        jwk.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Value::Object(jwk.into_iter().collect()).to_string()
    }

    pub(crate) const fn members(&self) -> &PublicMembers {
        &self.members
    }

    /// As the members of a JWK, for a document.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        let mut jwk = self.members.to_json();
        jwk.insert("alg".to_owned(), self.algorithm.as_str().into());
        if let Some(kid) = &self.kid {
            jwk.insert("kid".to_owned(), kid.as_str().into());
        }
        for (name, thumbprint) in self.certificate.members() {
            jwk.insert(name.to_owned(), thumbprint.into());
        }
        jwk
    }

    /// Whether a header that names a key or a certificate can mean this one.
    pub(crate) fn is_named(&self, kid: Option<&str>, certificate: &Thumbprints) -> bool {
        let by_kid = kid.is_none_or(|kid| self.kid.as_deref().is_none_or(|own| own == kid));
        let nothing_to_compare = certificate.is_empty() || self.certificate.is_empty();
        by_kid && (nothing_to_compare || certificate.name(&self.certificate))
    }

    /// Whether `signature` is this key's over `message`, with its own algorithm and no other.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.parsed {
            #[cfg(feature = "josekit")]
            Parsed::P521(key) => key.verifies(message, signature),
            Parsed::Point(point) => match point_algorithm(self.algorithm) {
                Some(scheme) => {
                    signature::UnparsedPublicKey::new(scheme, point).verify(message, signature).is_ok()
                }
                None => false,
            },
            Parsed::Rsa { n, e } => match rsa_algorithm(self.algorithm) {
                Some(scheme) => {
                    signature::RsaPublicKeyComponents { n, e }.verify(scheme, message, signature).is_ok()
                }
                None => false,
            },
        }
    }

    /// Whether a point is on its curve. ring takes a key apart only when it verifies, so it is asked to agree on a
    /// secret with one that is thrown away. Ed25519 needs no such test: what is no point verifies nothing, and points
    /// of small order have been refused.
    fn is_usable(&self) -> bool {
        use ring::agreement::{
            ECDH_P256, ECDH_P384, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral,
        };
        let point = match &self.parsed {
            Parsed::Point(point) => point,
            Parsed::Rsa { .. } => return true,
            #[cfg(feature = "josekit")]
            Parsed::P521(key) => return key.is_usable(),
        };
        let scheme = match &self.members {
            PublicMembers::Ec { crv: "P-256", .. } => &ECDH_P256,
            PublicMembers::Ec { crv: "P-384", .. } => &ECDH_P384,
            PublicMembers::Ec { .. } => return false,
            PublicMembers::Okp { .. } | PublicMembers::Rsa { .. } => return true,
        };
        EphemeralPrivateKey::generate(scheme, &system_random())
            .and_then(|own| agree_ephemeral(own, &UnparsedPublicKey::new(scheme, point), |_| ()))
            .is_ok()
    }
}

fn point_algorithm(algorithm: AssertionAlgorithm) -> Option<&'static dyn signature::VerificationAlgorithm> {
    let schemes: [(_, &'static dyn signature::VerificationAlgorithm); 3] = [
        (AssertionAlgorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED),
        (AssertionAlgorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED),
        (AssertionAlgorithm::EdDsa, &signature::ED25519),
    ];
    schemes.into_iter().find(|(name, _)| *name == algorithm).map(|(_, scheme)| scheme)
}

fn rsa_algorithm(algorithm: AssertionAlgorithm) -> Option<&'static signature::RsaParameters> {
    let schemes = [
        (AssertionAlgorithm::Rs256, &signature::RSA_PKCS1_2048_8192_SHA256),
        (AssertionAlgorithm::Rs384, &signature::RSA_PKCS1_2048_8192_SHA384),
        (AssertionAlgorithm::Rs512, &signature::RSA_PKCS1_2048_8192_SHA512),
        (AssertionAlgorithm::Ps256, &signature::RSA_PSS_2048_8192_SHA256),
        (AssertionAlgorithm::Ps384, &signature::RSA_PSS_2048_8192_SHA384),
        (AssertionAlgorithm::Ps512, &signature::RSA_PSS_2048_8192_SHA512),
    ];
    schemes.into_iter().find(|(name, _)| *name == algorithm).map(|(_, scheme)| scheme)
}

impl Parsed {
    fn from(members: &PublicMembers) -> Option<Self> {
        let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        Some(match members {
            #[cfg(feature = "josekit")]
            PublicMembers::Ec { crv: "P-521", .. } => Self::P521(super::es512::Es512Key::new(members)),
            PublicMembers::Ec { x, y, .. } => {
                let mut point = vec![4];
                point.extend(decode(x)?);
                point.extend(decode(y)?);
                Self::Point(point)
            }
            PublicMembers::Okp { x, .. } => Self::Point(decode(x)?),
            PublicMembers::Rsa { n, e } => Self::Rsa { n: decode(n)?, e: decode(e)? },
        })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
