//! The guide: how-to pages and the reasons behind the defaults, versioned with the code.

#[doc = include_str!("../docs/embedding.md")]
pub mod embedding {}

#[doc = include_str!("../docs/clients-and-secrets.md")]
pub mod clients_and_secrets {}

#[doc = include_str!("../docs/jwt-client-authentication.md")]
pub mod jwt_client_authentication {}

#[doc = include_str!("../docs/resources-and-scopes.md")]
pub mod resources_and_scopes {}

#[doc = include_str!("../docs/checking-tokens.md")]
pub mod checking_tokens {}

#[doc = include_str!("../docs/introspection-and-revocation.md")]
pub mod introspection_and_revocation {}

#[doc = include_str!("../docs/storage.md")]
pub mod storage {}

#[doc = include_str!("../docs/your-own-store.md")]
pub mod your_own_store {}

#[doc = include_str!("../docs/operating.md")]
pub mod operating {}

#[doc = include_str!("../docs/defaults.md")]
pub mod defaults {}

#[doc = include_str!("../docs/conformance.md")]
pub mod conformance {}
