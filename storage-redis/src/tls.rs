//! Whether `rediss://` can work.

/// Why it cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoTls {
    #[error("a `rediss://` address needs the feature `tls` of grantor-storage-redis")]
    #[cfg_attr(feature = "tls", allow(dead_code))]
    Feature,
    #[error(
        "a `rediss://` address needs a cryptography provider of rustls: call \
         `rustls::crypto::ring::default_provider().install_default()` at the start of the program (with the feature \
         `ring` of rustls)"
    )]
    #[cfg_attr(not(feature = "tls"), allow(dead_code))]
    Provider,
}

#[cfg(feature = "tls")]
pub(crate) fn ready() -> Result<(), NoTls> {
    rustls::crypto::CryptoProvider::get_default().map(drop).ok_or(NoTls::Provider)
}

#[cfg(not(feature = "tls"))]
pub(crate) fn ready() -> Result<(), NoTls> {
    Err(NoTls::Feature)
}
