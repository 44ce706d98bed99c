//! Layer 0: the words of the protocol, each a checked type. Parse once, then trust the type.

mod id;
mod issuer;
mod key_set_url;
mod opaque_token;
mod registration;
mod resource;
mod rule;
mod scope;
mod secret;
mod time;

pub use id::{
    ClientId, CredentialId, HostKeyId, InitialAccessId, InvalidValue, IssuerName, Jti, KeyId, ProofId,
    ProofNamespace, TokenId,
};
pub use issuer::Issuer;
pub use key_set_url::KeySetUrl;
pub(crate) use opaque_token::OpaqueToken;
pub use registration::{InitialAccessToken, RegistrationAccessToken};
pub use resource::ResourceUri;
pub(crate) use rule::{LINE, LINE_RULE, all_hold, is_line};
pub use scope::Scope;
pub use secret::ClientSecret;
pub(crate) use secret::PresentedSecret;
pub use time::Timestamp;
