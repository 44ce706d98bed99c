//! What a route asks of a token that is valid (RFC 6750 §3.1, RFC 9068 §5).

use serde::de::DeserializeOwned;

use super::Refused;
use crate::error::{FaultKind, Reason};
use crate::token::AccessToken;
use crate::types::Scope;

/// A scope that a route needs, as a type: the extractors of the adapters take it.
///
/// ```
/// use grantor::resource::RequiredScope;
///
/// struct ReadInvoices;
///
/// impl RequiredScope for ReadInvoices {
///     const SCOPE: &'static str = "invoices:read";
/// }
/// ```
pub trait RequiredScope: Send + Sync + 'static {
    /// One scope or several, with a space between: all of them are needed. What is no scope by the grammar of RFC 6749 §3.3
    /// does not build where it is used.
    const SCOPE: &'static str;
}

impl AccessToken {
    /// Asks for this scope, or for all of several with a space between.
    ///
    /// # Errors
    ///
    /// [`Refused`], 403 `insufficient_scope` with the scope that is needed; 500 where `scope` is none.
    pub fn require(&self, scope: &str) -> Result<(), Refused> {
        if scope.split(' ').all(|token| self.scope().contains(token)) {
            return Ok(());
        }
        Err(self.refuse(match Scope::parse(scope) {
            Ok(needed) if !needed.is_empty() => Refused::insufficient_scope(needed),
            Ok(_) | Err(_) => {
                tracing::error!(scope, "a route asks for a scope that is none (RFC 6749 section 3.3)");
                Refused::failed(FaultKind::Internal)
            }
        }))
    }

    /// Asks for the scope of a type. What is no scope, such as one with two spaces, does not build.
    ///
    /// # Errors
    ///
    /// As [`AccessToken::require`].
    pub fn require_scope<R: RequiredScope>(&self) -> Result<(), Refused> {
        const { assert!(is_scope(R::SCOPE.as_bytes()), "RequiredScope::SCOPE is no scope (RFC 6749 section 3.3)") }
        self.require(R::SCOPE)
    }

    /// The claims, in a struct of the application's own. It sees all of them, and names those that it wants.
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct Tenant {
    ///     tenant: String,
    /// }
    /// # fn tenant(token: &grantor::resource::AccessToken) -> Result<String, grantor::resource::Refused> {
    /// let Tenant { tenant } = token.claims()?;
    /// # Ok(tenant) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Refused`], 401 `invalid_token`, where the token lacks a claim or has it in another type: it is not good for this
    /// API.
    pub fn claims<C: DeserializeOwned>(&self) -> Result<C, Refused> {
        self.deserialize().map_err(|_values_in_it| {
            tracing::debug!(into = std::any::type_name::<C>(), "the claims of a token do not fit");
            self.refuse(Refused::invalid_token(Reason::TokenClaims))
        })
    }

    fn refuse(&self, refused: Refused) -> Refused {
        match &self.0.checked_for {
            Some(resource) => resource.refuse(refused),
            None => refused,
        }
    }
}

/// RFC 6749 §3.3, one token or more, when the program is compiled.
const fn is_scope(mut text: &[u8]) -> bool {
    let mut in_token = false;
    while let [first, rest @ ..] = text {
        in_token = match *first {
            b' ' if in_token => false,
            0x21 | 0x23..=0x5b | 0x5d..=0x7e => true,
            _ => return false,
        };
        text = rest;
    }
    in_token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_s3_3_the_compiler_reads_scopes_as_the_parser_does() {
        for text in [
            "", " ", "a", "a b", "a  b", " a", "a ", "a\"b", "a\\b", "!", "~", "\u{7f}", "\u{e9}", "a,b",
            "a\tb",
        ] {
            let parsed = Scope::parse(text).is_ok_and(|scope| !scope.is_empty());
            assert_eq!(is_scope(text.as_bytes()), parsed, "{text:?}");
        }
    }
}
