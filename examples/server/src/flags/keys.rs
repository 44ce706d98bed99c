//! What the commands about signing keys are told.

use std::path::PathBuf;

use clap::Subcommand;
use grantor::SigningAlgorithm;

use super::client::algorithm;

/// What can be done with signing keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Lists the signing keys: what each is for, since and until when, and where its private half is
    List {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Makes new signing keys: published now, and signing as soon as every verifier may know them
    ///
    /// Servers do that by themselves, as the configuration says; this is for what cannot wait.
    Rotate {
        /// They sign at once, and verifiers that keep the published keys refuse their tokens for a while
        #[arg(long)]
        now: bool,
        /// Ends the trust in this key instead, for example one that somebody may have. Needs --now and --because
        // base64url: it may begin with a hyphen.
        #[arg(long, value_name = "KID", allow_hyphen_values = true)]
        retire: Option<String>,
        /// Why, for the log and the list, such as compromised
        #[arg(long, value_name = "TEXT")]
        because: Option<String>,
    },
    /// Takes a private key from elsewhere as the next signing key: PKCS#8 in PEM, or a JWK
    Import {
        /// The file of the private key
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// With which algorithm it signs [default: as the key says, or the only one it can be for]
        #[arg(long, value_name = "ALGORITHM", value_parser = algorithm)]
        alg: Option<SigningAlgorithm>,
        /// It signs at once, and verifiers that keep the published keys refuse its tokens for a while
        #[arg(long)]
        now: bool,
    },
    /// Prints the public half of a signing key, as a JWK
    Export {
        /// Its kid
        #[arg(value_name = "KID", allow_hyphen_values = true)]
        kid: String,
        /// As SubjectPublicKeyInfo in PEM, for software that knows no JWK
        #[arg(long)]
        pem: bool,
    },
}
