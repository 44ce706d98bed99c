//! What `assertion` is told.

use std::path::PathBuf;

use clap::Args;

/// The assertion to make. --issuer says for which server.
#[derive(Args, Debug)]
pub(crate) struct NewAssertion {
    #[command(flatten)]
    pub(crate) from: SignWith,
    /// The client's id; with --grant also the name of a trusted issuer, which speaks about itself then
    #[arg(long, value_name = "ID")]
    pub(crate) client: String,
    /// A grant instead of a client assertion: for the grant type jwt-bearer, as `assertion`
    #[arg(long)]
    pub(crate) grant: bool,
    /// The algorithm [default: by the kind of key: ES256, ES384, EdDSA, RS256 or HS256]
    #[arg(long, value_name = "ALGORITHM")]
    pub(crate) alg: Option<String>,
    /// How long it may be used, 1s to 1h
    #[arg(long, default_value = "60s")]
    pub(crate) lifetime: String,
    /// The key's id, for its header [default: that of a JWK]
    #[arg(long)]
    pub(crate) kid: Option<String>,
}

/// What signs it. Never a secret itself: the command line is for everybody to see.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct SignWith {
    /// The private key, for private_key_jwt: PKCS#8 PEM or a JWK
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// The name of the environment variable that holds the secret, for client_secret_jwt
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_env: Option<String>,
    /// The file that holds the secret alone, for client_secret_jwt
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
}
