//! The guide: how-to pages and the reasons behind the defaults, versioned with the code. In the order of reading:
//!
//! 1. [`embedding`]: what makes a server, and how it becomes a part of your application
//! 2. [`clients_and_secrets`]: who gets tokens, and by which secret
//! 3. [`administration`]: making, changing and ending clients while servers run
//! 4. [`registration`]: clients that register themselves
//! 5. [`jwt_client_authentication`]: clients that sign instead of sending a secret
//! 6. [`jwt_grants`]: service accounts and trusted issuers, whose JWT is the whole request
//! 7. [`workload_identities`]: pods, CI jobs and machines that their platform vouches for
//! 8. [`resources_and_scopes`]: what tokens are for, and what they allow
//! 9. [`checking_tokens`]: APIs that take them
//! 10. [`introspection_and_revocation`]: looking tokens up, and ending them
//! 11. [`signing_keys`]: how they change by themselves, and what to do when somebody has one
//! 12. [`storage`]: where things are kept, and what that promises
//! 13. [`your_own_store`]: over tables that you have
//! 14. [`operating`]: logs, limits, what clients are told
//! 15. [`defaults`]: every default, and why
//! 16. [`conformance`]: which test holds which requirement

#[doc = include_str!("../docs/embedding.md")]
pub mod embedding {}

#[doc = include_str!("../docs/clients-and-secrets.md")]
pub mod clients_and_secrets {}

#[doc = include_str!("../docs/administration.md")]
pub mod administration {}

#[doc = include_str!("../docs/registration.md")]
pub mod registration {}

#[doc = include_str!("../docs/jwt-client-authentication.md")]
pub mod jwt_client_authentication {}

#[doc = include_str!("../docs/jwt-grants.md")]
pub mod jwt_grants {}

#[doc = include_str!("../docs/workload-identities.md")]
pub mod workload_identities {}

#[doc = include_str!("../docs/resources-and-scopes.md")]
pub mod resources_and_scopes {}

#[doc = include_str!("../docs/checking-tokens.md")]
pub mod checking_tokens {}

#[doc = include_str!("../docs/introspection-and-revocation.md")]
pub mod introspection_and_revocation {}

#[doc = include_str!("../docs/signing-keys.md")]
pub mod signing_keys {}

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
