//! Layer 0: the words of the protocol, each a checked type. Parse once, then trust the type.

mod id;
mod issuer;
mod key_set_url;
mod opaque_token;
mod resource;
mod scope;
mod secret;
mod time;

pub use id::{
    ClientId, CredentialId, HostKeyId, InvalidValue, IssuerName, Jti, KeyId, ProofId, ProofNamespace, TokenId,
};
pub use issuer::Issuer;
pub use key_set_url::KeySetUrl;
pub(crate) use opaque_token::OpaqueToken;
pub use resource::ResourceUri;
pub use scope::Scope;
pub use secret::ClientSecret;
pub(crate) use secret::PresentedSecret;
pub use time::Timestamp;
