//! Opaque access tokens: 256 random bits in a form that is recognised everywhere.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use zeroize::Zeroizing;

use super::id::TokenId;
use super::secret::{CHECK_CHARS, RANDOM_CHARS, base32, checksum};

const PREFIX: &str = "grantor_at_";
const CHARS: usize = PREFIX.len() + RANDOM_CHARS + CHECK_CHARS;

/// `grantor_at_<256 random bits><checksum>`, 70 characters of `a-z 0-9 _`. It cannot be printed.
pub(crate) struct OpaqueToken(Zeroizing<String>);

impl OpaqueToken {
    /// From 32 random bytes.
    pub(crate) fn from_random(random: &[u8; 32]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(CHARS));
        text.push_str(PREFIX);
        BASE32_DNSSEC.encode_append(random, &mut text);
        let check = checksum(&text);
        text.push_str(&check);
        Self(text)
    }

    /// The name of a presented token, if it has this form: what has a wrong checksum costs no look into a store.
    pub(crate) fn id(presented: &str) -> Option<TokenId> {
        let (random, check) = presented.strip_prefix(PREFIX)?.split_at_checked(RANDOM_CHARS)?;
        let body = presented.get(..PREFIX.len() + RANDOM_CHARS)?;
        let is_ours = base32(random) && check.len() == CHECK_CHARS && checksum(body) == check;
        is_ours.then(|| TokenId::of_opaque(presented.as_bytes()))
    }

    /// The token, for its client alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpaqueToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_s10_10_256_bits_in_a_form_that_is_recognised() {
        let token = OpaqueToken::from_random(&[7; 32]);
        assert_eq!(token.expose().len(), CHARS);
        assert_eq!(OpaqueToken::id(token.expose()), Some(TokenId::of_opaque(token.expose().as_bytes())));
        assert_ne!(token.expose(), OpaqueToken::from_random(&[8; 32]).expose());
        assert!(!format!("{token:?}").contains(token.expose()));
    }

    #[test]
    fn t75_what_has_another_form_is_never_looked_up() {
        let token = OpaqueToken::from_random(&[7; 32]).expose().to_owned();
        for bad in [
            String::new(),
            "*".to_owned(),
            token.to_uppercase(),
            format!("{token} "),
            format!("{token}0"),
            token[..token.len() - 1].to_owned(),
            token.replacen("at_", "at-", 1),
            format!("{}0{}", &token[..20], &token[21..]),
        ] {
            assert_eq!(OpaqueToken::id(&bad), None, "{bad:?}");
        }
    }
}
