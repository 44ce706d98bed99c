//! The tokens of registration: 256 random bits each, in a form that is recognised everywhere and cannot be printed.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use zeroize::Zeroizing;

use super::id::{ClientId, InitialAccessId, InvalidValue, digest};
use super::secret::{CHECK_CHARS, RANDOM_CHARS, base32, checksum};

const ID_CHARS: usize = 16;
const INITIAL: &str = "grantor_iat_";
const REGISTRATION: &str = "grantor_rat_";

/// An initial access token (RFC 7591 §1.2): whoever has it may register clients. `grantor_iat_<id>_<256 random
/// bits><checksum>`, 88 characters of `a-z 0-9 _`.
///
/// It cannot be printed; [`InitialAccessToken::expose`] is the one way to read it. Show it once and forget it.
#[derive(Clone)]
pub struct InitialAccessToken {
    id: InitialAccessId,
    text: Zeroizing<String>,
}

impl InitialAccessToken {
    /// From 10 bytes that become its id and 32 random bytes.
    pub(crate) fn from_random(id: [u8; 10], random: &[u8; 32]) -> Result<Self, InvalidValue> {
        let id = BASE32_DNSSEC.encode(&id);
        let text = checked(&format!("{INITIAL}{id}_"), random);
        Ok(Self { id: InitialAccessId::new(id)?, text })
    }

    /// The id and the digest of a presented token, if it has this form: what has a wrong checksum costs no look into a store.
    pub(crate) fn read(presented: &str) -> Option<(InitialAccessId, [u8; 32])> {
        let (id, rest) = presented.strip_prefix(INITIAL)?.split_at_checked(ID_CHARS)?;
        let is_ours = base32(id) && is_checked(presented, rest.strip_prefix('_')?);
        let digest = digest(&[b"initial access", presented.as_bytes()]);
        InitialAccessId::new(id).ok().filter(|_| is_ours).map(|id| (id, digest))
    }

    /// What a store keeps of it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        digest(&[b"initial access", self.text.as_bytes()])
    }

    /// Names the token without being it.
    #[must_use]
    pub const fn id(&self) -> &InitialAccessId {
        &self.id
    }

    /// The token itself. Never log it, never store it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// A registration access token (RFC 7592 §1.2): whoever has it reads, changes and deletes the registration of one client.
/// `grantor_rat_<256 random bits><checksum>`, 71 characters of `a-z 0-9 _`.
///
/// It cannot be printed; [`RegistrationAccessToken::expose`] is the one way to read it. Show it once and forget it.
#[derive(Clone)]
pub struct RegistrationAccessToken(Zeroizing<String>);

impl RegistrationAccessToken {
    /// From 32 random bytes.
    pub(crate) fn from_random(random: &[u8; 32]) -> Self {
        Self(checked(REGISTRATION, random))
    }

    /// A presented one, if it has this form.
    pub(crate) fn read(presented: &str) -> Option<Self> {
        let random = presented.strip_prefix(REGISTRATION)?;
        is_checked(presented, random).then(|| Self(Zeroizing::new(presented.to_owned())))
    }

    /// What the record of `client` keeps of it: for another client it is another (RFC 7592 appendix B, T81).
    ///
    /// No pepper: a registration access token lives as long as its client, and would keep a host key for ever.
    pub(crate) fn digest(&self, client: &ClientId) -> [u8; 32] {
        digest(&[b"registration", client.as_str().as_bytes(), self.0.as_bytes()])
    }

    /// The token itself. Never log it, never store it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// `start`, the random part and the checksum of both.
fn checked(start: &str, random: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(start.len() + RANDOM_CHARS + CHECK_CHARS));
    text.push_str(start);
    BASE32_DNSSEC.encode_append(random, &mut text);
    let check = checksum(&text);
    text.push_str(&check);
    text
}

/// Whether `random_part`, with which `whole` ends, has the form and the checksum that we give.
fn is_checked(whole: &str, random_part: &str) -> bool {
    let parts = random_part.split_at_checked(RANDOM_CHARS);
    let body = whole.len().checked_sub(CHECK_CHARS).and_then(|end| whole.get(..end));
    parts.zip(body).is_some_and(|((random, check), body)| {
        base32(random) && check.len() == CHECK_CHARS && checksum(body) == check
    })
}

impl fmt::Debug for InitialAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitialAccessToken").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for RegistrationAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationAccessToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn initial() -> InitialAccessToken {
        InitialAccessToken::from_random([1; 10], &[2; 32]).expect("token")
    }

    #[test]
    fn rfc7592_s5_256_bits_in_a_form_that_is_recognised() {
        let (initial, registration) = (initial(), RegistrationAccessToken::from_random(&[3; 32]));
        assert_eq!((initial.expose().len(), registration.expose().len()), (88, 71));
        for text in [initial.expose(), registration.expose()] {
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        }
        let read = InitialAccessToken::read(initial.expose()).expect("read");
        assert_eq!(read, (initial.id().clone(), initial.digest()));
    }

    #[test]
    fn t79_no_token_passes_for_one_of_another_kind_and_none_with_a_fault() {
        let (initial, registration) = (initial(), RegistrationAccessToken::from_random(&[3; 32]));
        assert!(RegistrationAccessToken::read(initial.expose()).is_none());
        assert!(InitialAccessToken::read(registration.expose()).is_none());
        for text in [initial.expose(), registration.expose()] {
            for at in 0..text.len() {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
                let changed = String::from_utf8(bytes).expect("ascii");
                for bad in [&changed, &text[..at], &format!("{text}0"), &text.to_uppercase()] {
                    assert!(InitialAccessToken::read(bad).is_none(), "{bad}");
                    assert!(RegistrationAccessToken::read(bad).is_none(), "{bad}");
                }
            }
        }
    }

    #[test]
    fn t81_a_registration_token_is_bound_to_its_client() {
        let token = RegistrationAccessToken::from_random(&[3; 32]);
        let id = |id: &str| ClientId::new(id).expect("id");
        assert_ne!(token.digest(&id("a")), token.digest(&id("b")));
    }

    #[test]
    fn t95_tokens_of_registration_cannot_be_printed() {
        let (initial, registration) = (initial(), RegistrationAccessToken::from_random(&[3; 32]));
        let random = &initial.expose()[INITIAL.len() + ID_CHARS + 1..];
        assert!(!format!("{initial:?}").contains(random));
        assert!(!format!("{registration:?}").contains(&registration.expose()[REGISTRATION.len()..]));
    }
}
