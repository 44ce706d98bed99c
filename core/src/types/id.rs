//! Identifiers: text with a checked alphabet, and digests of fixed length.

use std::fmt;
use std::sync::Arc;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

/// A value that breaks the rule of its type. Names the type and the rule, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}")]
pub struct InvalidValue {
    pub(crate) what: &'static str,
    pub(crate) rule: &'static str,
}

impl InvalidValue {
    pub(crate) const fn new(what: &'static str, rule: &'static str) -> Self {
        Self { what, rule }
    }
}

/// A `client_id` (RFC 6749 §2.2): 1 to 255 bytes of VSCHAR (`%x20-7E`), compared byte for byte.
///
/// No case folding, trimming or Unicode normalization happens anywhere, and a store must not do any either.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(Arc<str>);

/// An `iss` of assertions (RFC 7523 §3 (1)): 1 to 512 characters of visible ASCII, compared byte for byte.
///
/// Not only URLs: some issuers are named by a mail address. One that publishes metadata is an [`Issuer`](crate::Issuer) as well.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuerName(Arc<str>);

/// Names one initial access token (RFC 7591 §1.2) without being it. 1 to 64 bytes of `A-Z a-z 0-9 - _ .`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InitialAccessId(Arc<str>);

/// Names one credential of a client. 1 to 64 bytes of `A-Z a-z 0-9 - _ .`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialId(Arc<str>);

/// A `kid` (RFC 7515 §4.1.4) of a key of this server. 1 to 128 bytes of `A-Z a-z 0-9 - _ .`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(Arc<str>);

/// Names one of the [`HostKeys`](crate::HostKeys). 1 to 64 bytes of `A-Z a-z 0-9 - _ .`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostKeyId(Arc<str>);

/// A `jti` (RFC 7519 §4.1.7) that this server made or verified. 1 to 256 bytes of text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Jti(Arc<str>);

macro_rules! text_type {
    ($name:ident, $word:literal, $rule:literal, $check:expr) => {
        impl $name {
            /// Takes the text as it is, unchanged.
            ///
            /// # Errors
            ///
            #[doc = concat!("[`InvalidValue`] unless it is ", $rule, ".")]
            pub fn new(text: impl Into<Arc<str>>) -> Result<Self, InvalidValue> {
                let text: Arc<str> = text.into();
                let check: fn(&[u8]) -> bool = $check;
                if check(text.as_bytes()) { Ok(Self(text)) } else { Err(InvalidValue::new($word, $rule)) }
            }

            /// The text, byte for byte as it came.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.as_str().to_owned()
            }
        }
    };
}

text_type!(ClientId, "client_id", "1 to 255 characters of %x20-7E", |text| {
    (1..=255).contains(&text.len()) && text.iter().all(|byte| matches!(byte, 0x20..=0x7e))
});
text_type!(IssuerName, "issuer", "1 to 512 characters of visible ASCII", |text| {
    (1..=512).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic)
});
text_type!(InitialAccessId, "initial access token id", "1 to 64 characters of A-Z a-z 0-9 - _ .", |text| {
    plain(text, 64)
});
text_type!(CredentialId, "credential id", "1 to 64 characters of A-Z a-z 0-9 - _ .", |text| plain(text, 64));
text_type!(KeyId, "kid", "1 to 128 characters of A-Z a-z 0-9 - _ .", |text| plain(text, 128));
text_type!(HostKeyId, "host key id", "1 to 64 characters of A-Z a-z 0-9 - _ .", |text| plain(text, 64));
text_type!(Jti, "jti", "1 to 256 bytes without control characters", |text| {
    (1..=256).contains(&text.len()) && text.iter().all(|byte| !byte.is_ascii_control())
});

fn plain(text: &[u8], most: usize) -> bool {
    (1..=most).contains(&text.len())
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Names a token to a store: 32 bytes, a digest, so that a store never sees a token.
///
/// For a JWT it is taken over issuer and `jti` after the signature has verified, since a digest of the text
/// would not survive a re-spelled signature; for an opaque token over the token itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId([u8; 32]);

impl TokenId {
    /// The id of a JWT whose signature and issuer have been verified.
    #[must_use]
    pub fn of_jwt(issuer: &str, jti: &Jti) -> Self {
        Self(digest(&[b"jwt", issuer.as_bytes(), jti.as_str().as_bytes()]))
    }

    /// The id of an opaque token.
    #[must_use]
    pub fn of_opaque(token: &[u8]) -> Self {
        Self(digest(&[b"opaque", token]))
    }

    /// An id that a store kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes under which a store keeps what it knows.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenId({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// Whose key verified a single-use proof. Part of its [`ProofId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProofNamespace {
    /// A JWT that a client made (RFC 7523 §2.2), whether it came as client assertion or as grant.
    Client,
    /// A JWT of a trusted issuer (RFC 7523 §2.1).
    Issuer,
    /// A DPoP proof (RFC 9449).
    Dpop,
}

/// Names a single-use proof to a store: 32 bytes, over namespace, owner and `jti`, each with its length.
///
/// Two owners may use one `jti`, and no two of (owner, `jti`) share an id (RFC 7523 §3 (7)).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProofId([u8; 32]);

impl ProofId {
    /// The id of the proof `jti` of `owner`, both already verified.
    #[must_use]
    pub fn new(namespace: ProofNamespace, owner: &str, jti: &Jti) -> Self {
        let namespace: &[u8] = match namespace {
            ProofNamespace::Client => b"client",
            ProofNamespace::Issuer => b"issuer",
            ProofNamespace::Dpop => b"dpop",
        };
        Self(digest(&[namespace, owner.as_bytes(), jti.as_str().as_bytes()]))
    }

    /// An id that a store kept, or one made up to test a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes under which a store remembers the proof.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ProofId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProofId({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// SHA-256 over parts that each carry their length, so that ("ab","c") and ("a","bc") differ.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a11_4_parts_never_run_together() {
        let id = |owner: &str, jti: &str| {
            ProofId::new(ProofNamespace::Client, owner, &Jti::new(jti).expect("jti"))
        };
        assert_ne!(id("ab", "c"), id("a", "bc"));
        assert_ne!(id("a", "x"), id("b", "x"), "two owners may use one jti");
        assert_eq!(id("a", "x"), id("a", "x"));
        let jti = Jti::new("x").expect("jti");
        assert_ne!(
            ProofId::new(ProofNamespace::Client, "a", &jti),
            ProofId::new(ProofNamespace::Issuer, "a", &jti)
        );
        assert_ne!(TokenId::of_jwt("opaque", &jti).as_bytes(), TokenId::of_opaque(b"x").as_bytes());
    }

    /// T09: what an older release has spent or revoked stays so under a newer one. Whoever changes how an id is made
    /// has to ask for both forms, for as long as the longest life of what they name.
    #[test]
    fn t09_ids_stay_the_same_across_releases() {
        let jti = Jti::new("j").expect("jti");
        let hex = |bytes: &[u8; 32]| data_encoding::HEXLOWER.encode(bytes);
        let proof = ProofId::new(ProofNamespace::Client, "billing", &jti);
        assert_eq!(hex(proof.as_bytes()), "e0d88d726c76ff5118b8a45de739000c6f9ea999d686f75aba43adccda2ba8e7");
        let proof = ProofId::new(ProofNamespace::Issuer, "https://issuer.example", &jti);
        assert_eq!(hex(proof.as_bytes()), "d56c6bc047a34c32a23e797c166ccfad79e4d1652876b345dda857271e423962");
        assert_eq!(
            hex(TokenId::of_jwt("https://issuer.example", &jti).as_bytes()),
            "4633d8e6eb8b72d66c6353ee955c999608c14663d0c80bf90f03cb1b5d67b905"
        );
        assert_eq!(
            hex(TokenId::of_opaque(b"token").as_bytes()),
            "820ea9f16b3e4c126780a66db956a1cb10403d95d98e81b0f9a7963c1c876b00"
        );
    }

    #[test]
    fn rfc6749_appendix_a1_client_id_is_vschar() {
        assert!(ClientId::new(" ~").is_ok());
        assert!(ClientId::new("x".repeat(255)).is_ok());
        for bad in ["", "a\0", "a\n", "é", "a\u{7f}", &"x".repeat(256)] {
            assert!(ClientId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_invalid_value_is_not_echoed() {
        let error = ClientId::new("hunter2\n").expect_err("newline");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
