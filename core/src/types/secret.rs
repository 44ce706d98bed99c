//! Client secrets that this server makes: 256 random bits in a form that is recognised everywhere.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::id::{CredentialId, InvalidValue};

/// Longer presented secrets are refused before anything is hashed (T44).
const SECRET_MAX_BYTES: usize = 1024;

const PREFIX: &str = "grantor_";
const ID_CHARS: usize = 16;
pub(super) const RANDOM_CHARS: usize = 52;
pub(super) const CHECK_CHARS: usize = 7;
const SECRET_CHARS: usize = PREFIX.len() + ID_CHARS + 1 + RANDOM_CHARS + CHECK_CHARS;

/// A client secret made by Grantor: `grantor_<credential id>_<256 random bits><checksum>`, 84 characters of
/// `a-z 0-9 _`, so that form-encoded and plain HTTP Basic mean the same and scanners can find a leaked one.
///
/// It cannot be printed; [`ClientSecret::expose`] is the one way to read it. Show it once and forget it.
#[derive(Clone)]
pub struct ClientSecret {
    credential: CredentialId,
    text: SecretString,
}

impl ClientSecret {
    /// From 10 bytes that become the credential's id and 32 random bytes.
    pub(crate) fn from_random(id: [u8; 10], random: &[u8; 32]) -> Result<Self, InvalidValue> {
        let id = BASE32_DNSSEC.encode(&id);
        let mut text = Zeroizing::new(String::with_capacity(SECRET_CHARS));
        text.push_str(PREFIX);
        text.push_str(&id);
        text.push('_');
        let random = Zeroizing::new(BASE32_DNSSEC.encode(random));
        text.push_str(&random);
        let check = checksum(&text);
        text.push_str(&check);
        Ok(Self { credential: CredentialId::new(id)?, text: SecretString::from(text.as_str()) })
    }

    /// Reads a secret that Grantor made, for example from an environment variable.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for any other form and for a wrong checksum. The text is not told.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        match PresentedSecret::classify(text) {
            PresentedSecret::Generated(id) => {
                Ok(Self { credential: CredentialId::new(id)?, text: SecretString::from(text) })
            }
            PresentedSecret::Malformed | PresentedSecret::Foreign => Err(InvalidValue::new(
                "a client secret",
                "one that Grantor made: grantor_ and 76 more characters with a fitting checksum",
            )),
        }
    }

    /// The id of the credential that this secret opens.
    #[must_use]
    pub fn credential_id(&self) -> &CredentialId {
        &self.credential
    }

    /// The secret itself. Never log it, never store it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret").field("credential", &self.credential).finish_non_exhaustive()
    }
}

/// What a presented secret looks like. The work of checking it follows from this alone, so that it tells
/// nothing about the client (T41).
pub(crate) enum PresentedSecret<'a> {
    /// Our form with a fitting checksum, and the credential that it names: one HMAC.
    Generated(&'a str),
    /// Our prefix with a wrong form or checksum: no work.
    Malformed,
    /// Anything else: one check of an imported secret, where those are on.
    Foreign,
}

impl<'a> PresentedSecret<'a> {
    /// Whether a text begins as our secrets do, wherever it stands.
    pub(crate) fn is_recognised(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    pub(crate) fn classify(text: &'a str) -> Self {
        let Some(rest) = text.strip_prefix(PREFIX) else {
            let plausible = (1..=SECRET_MAX_BYTES).contains(&text.len());
            return if plausible { Self::Foreign } else { Self::Malformed };
        };
        let parts = || {
            let (id, rest) = rest.split_at_checked(ID_CHARS)?;
            let (random, check) = rest.strip_prefix('_')?.split_at_checked(RANDOM_CHARS)?;
            let body = text.get(..SECRET_CHARS - CHECK_CHARS)?;
            let ok = base32(id) && base32(random) && check.len() == CHECK_CHARS && checksum(body) == check;
            ok.then_some(id)
        };
        parts().map_or(Self::Malformed, Self::Generated)
    }
}

pub(super) fn base32(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'))
}

/// 35 bits of SHA-256: enough to catch typing errors and cut-off copies, and no secret.
pub(super) fn checksum(body: &str) -> String {
    let digest = digest(&SHA256, body.as_bytes());
    let (first, _rest) = digest.as_ref().split_at(5);
    let mut text = BASE32_DNSSEC.encode(first);
    text.truncate(CHECK_CHARS);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> ClientSecret {
        ClientSecret::from_random([1; 10], &[2; 32]).expect("secret")
    }

    #[test]
    fn rfc6749_s10_10_form_carries_256_bits_and_64_characters() {
        let secret = secret();
        assert_eq!(secret.expose().len(), SECRET_CHARS);
        assert!(secret.expose().len() >= 64);
        assert!(secret.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(
            ClientSecret::parse(secret.expose()).expect("parse").credential_id(),
            secret.credential_id()
        );
    }

    /// Secrets live for years: one that was given out is read by every later release.
    #[test]
    fn a_secret_of_an_earlier_release_is_read() {
        let text = "grantor_040g2081040g2081_081040g2081040g2081040g2081040g2081040g2081040g20810kl4lm6d";
        assert_eq!(secret().expose(), text);
        assert!(ClientSecret::parse(text).is_ok());
    }

    #[test]
    fn the_checksum_drops_a_changed_or_cut_secret() {
        let secret = secret();
        let text = secret.expose();
        for at in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(bytes).expect("ascii");
            assert!(ClientSecret::parse(&changed).is_err(), "changed at {at}");
            assert!(ClientSecret::parse(&text[..at]).is_err(), "cut at {at}");
        }
        for bad in [format!("{text}x"), format!("{text} "), text.to_uppercase(), format!("{text}\0")] {
            assert!(ClientSecret::parse(&bad).is_err());
        }
        assert!(matches!(
            PresentedSecret::classify(&text.replace('2', "é")),
            PresentedSecret::Malformed | PresentedSecret::Generated(_)
        ));
        assert!(matches!(PresentedSecret::classify("hunter2"), PresentedSecret::Foreign));
        assert!(matches!(PresentedSecret::classify(""), PresentedSecret::Malformed));
        assert!(matches!(PresentedSecret::classify(&"x".repeat(1025)), PresentedSecret::Malformed));
    }

    #[test]
    fn t95_a_secret_cannot_be_printed() {
        let secret = secret();
        let random = &secret.expose()[PREFIX.len() + ID_CHARS + 1..];
        assert!(!format!("{secret:?}").contains(random));
        assert!(!format!("{secret:#?}").contains(random));
    }
}
