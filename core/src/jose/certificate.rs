//! How a header names the certificate of a key (RFC 7515 §4.1.7 and §4.1.8).

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// `x5t` and `x5t#S256` of one certificate, without padding. A key has those that it was registered with, a header those that its
/// sender knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Thumbprints {
    pub(super) sha1: Option<String>,
    pub(super) sha256: Option<String>,
}

impl Thumbprints {
    pub(super) fn of(certificate: &[u8]) -> Self {
        let of = |algorithm| Some(BASE64URL_NOPAD.encode(digest(algorithm, certificate).as_ref()));
        Self { sha1: of(&SHA1_FOR_LEGACY_USE_ONLY), sha256: of(&SHA256) }
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.sha1.is_none() && self.sha256.is_none()
    }

    /// Whether no thumbprint of the one contradicts the other.
    pub(super) fn agree(&self, other: &Self) -> bool {
        self.both(other).all(|(own, other)| own == other)
    }

    /// Whether they share a thumbprint, and none contradicts another.
    pub(super) fn name(&self, other: &Self) -> bool {
        self.both(other).next().is_some() && self.agree(other)
    }

    /// The members of a JWK.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let members = [("x5t", &self.sha1), ("x5t#S256", &self.sha256)];
        members.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// The thumbprints of a kind that both have.
    fn both<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a String, &'a String)> {
        let pairs = [(&self.sha1, &other.sha1), (&self.sha256, &other.sha256)];
        pairs.into_iter().filter_map(|(own, other)| own.as_ref().zip(other.as_ref()))
    }
}
