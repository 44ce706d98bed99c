//! A [`Signer`] whose keys AWS KMS makes and never gives away.
//!
//! Each key is made as `SIGN_VERIFY`, tagged with the issuer, and named by its ARN. KMS is sent the digest of a token, not the
//! token. A key that has left the key set is scheduled for deletion, in the 7 days that KMS asks for at least.

use std::error::Error;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyState, KeyUsageType, MessageType, SigningAlgorithmSpec, Tag};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use grantor::{PublicKey, Signer, SignerError, SignerKey, SigningAlgorithm, async_trait};
use ring::digest::{SHA256, SHA384, digest};

/// The tag of every key that is made here, so that one which no key set names can be found.
pub const ISSUER_TAG: &str = "grantor:issuer";

/// The least that KMS allows.
const DELETED_AFTER_DAYS: i32 = 7;
/// Every token waits for a signature: one attempt has so long, and all of a call.
const ATTEMPT: Duration = Duration::from_secs(1);
const CALL: Duration = Duration::from_secs(3);

/// Signing keys in AWS KMS, of ES256, ES384, RS256 and PS256.
#[derive(Clone, Debug)]
pub struct KmsSigner {
    client: Client,
    issuer: String,
}

impl KmsSigner {
    /// By a client that is there already. Its timeouts and retries are those of the token endpoint.
    ///
    /// `issuer` becomes the tag of the keys: 256 letters, digits, spaces and `_.:/=+-@` at most.
    #[must_use]
    pub fn new(client: Client, issuer: impl Into<String>) -> Self {
        Self { client, issuer: issuer.into() }
    }

    /// By credentials, region and endpoint as every AWS tool finds them: environment, profile, web identity, container,
    /// instance. TLS by rustls and ring.
    pub async fn from_environment(issuer: impl Into<String>) -> Self {
        let https = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .load()
            .await;
        Self::new(Client::new(&config), issuer)
    }

    /// Whether the key is on its way out, which is all that deleting it could do.
    async fn is_being_deleted(&self, key: &str) -> Result<bool, SignerError> {
        let described = self.client.describe_key().key_id(key).send().await.map_err(failed)?;
        let state = described.key_metadata.and_then(|key| key.key_state);
        Ok(matches!(state, Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion)))
    }
}

#[async_trait]
impl Signer for KmsSigner {
    fn name(&self) -> &'static str {
        "aws-kms"
    }

    async fn create(&self, algorithm: SigningAlgorithm) -> Result<SignerKey, SignerError> {
        let (spec, _) = specs(algorithm)?;
        let tag = Tag::builder()
            .tag_key(ISSUER_TAG)
            .tag_value(&self.issuer)
            .build()
            .map_err(SignerError::refused)?;
        let create = self.client.create_key().key_usage(KeyUsageType::SignVerify).key_spec(spec);
        let create = create.description("Signs access tokens; made and deleted by Grantor").tags(tag);
        let created = create.send().await.map_err(failed)?;
        let arn = created.key_metadata.and_then(|key| key.arn);
        let arn = arn.ok_or_else(|| SignerError::refused("KMS has made a key without an ARN"))?;
        // A new key is known to all of KMS only after a while, and then maintenance makes another one.
        match self.client.get_public_key().key_id(&arn).send().await {
            Ok(public) => {
                let der = public.public_key.unwrap_or_else(|| Blob::new([]));
                let public =
                    PublicKey::from_spki_der(der.as_ref(), algorithm.into()).map_err(SignerError::refused)?;
                Ok(SignerKey::new(arn, public))
            }
            Err(error) => {
                let _ = self.delete(&arn).await;
                Err(SignerError::unavailable(causes(&error)))
            }
        }
    }

    async fn sign(
        &self,
        key: &str,
        algorithm: SigningAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, SignerError> {
        let (_, spec) = specs(algorithm)?;
        let hash = if algorithm == SigningAlgorithm::Es384 { &SHA384 } else { &SHA256 };
        // A message itself may have 4096 bytes, which some tokens exceed.
        let sign = self.client.sign().key_id(key).signing_algorithm(spec).message_type(MessageType::Digest);
        let signed = sign.message(Blob::new(digest(hash, message).as_ref())).send().await.map_err(failed)?;
        let signature =
            signed.signature.ok_or_else(|| SignerError::refused("KMS has answered without a signature"))?;
        match algorithm {
            SigningAlgorithm::Es256 | SigningAlgorithm::Es384 => {
                algorithm.signature_from_der(signature.as_ref()).map_err(SignerError::refused)
            }
            SigningAlgorithm::EdDsa | SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 | _ => {
                Ok(signature.into_inner())
            }
        }
    }

    async fn delete(&self, key: &str) -> Result<(), SignerError> {
        let delete =
            self.client.schedule_key_deletion().key_id(key).pending_window_in_days(DELETED_AFTER_DAYS);
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NotFoundException") => Ok(()),
            Err(error) if error.code() == Some("KMSInvalidStateException") => {
                if self.is_being_deleted(key).await? { Ok(()) } else { Err(failed(error)) }
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// The kind of key for an algorithm, and its name in KMS.
fn specs(algorithm: SigningAlgorithm) -> Result<(KeySpec, SigningAlgorithmSpec), SignerError> {
    match algorithm {
        SigningAlgorithm::Es256 => Ok((KeySpec::EccNistP256, SigningAlgorithmSpec::EcdsaSha256)),
        SigningAlgorithm::Es384 => Ok((KeySpec::EccNistP384, SigningAlgorithmSpec::EcdsaSha384)),
        SigningAlgorithm::Rs256 => Ok((KeySpec::Rsa2048, SigningAlgorithmSpec::RsassaPkcs1V15Sha256)),
        SigningAlgorithm::Ps256 => Ok((KeySpec::Rsa2048, SigningAlgorithmSpec::RsassaPssSha256)),
        // KMS signs with Ed25519 only what it hashes itself, which may be no longer than 4096 bytes.
        SigningAlgorithm::EdDsa | _ => {
            Err(SignerError::refused(format!("no keys for {algorithm} are made in KMS")))
        }
    }
}

/// Away, slow or overloaded, or a refusal. KMS tells overload with a status of 400.
#[allow(clippy::needless_pass_by_value)] // For `map_err`.
fn failed<E>(error: SdkError<E>) -> SignerError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    const LATER: [&str; 9] = [
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "LimitExceededException",
        "DependencyTimeoutException",
        "KeyUnavailableException",
        "KMSInternalException",
        "ServiceUnavailable",
    ];
    let later = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status();
            // What bears no code is not by KMS: a proxy has answered.
            let by_code = answer.err().code().is_none_or(|code| LATER.contains(&code));
            by_code || status.is_server_error() || status.as_u16() == 429
        }
        SdkError::ConstructionFailure(_) | _ => false,
    };
    if later { SignerError::unavailable(causes(&error)) } else { SignerError::refused(causes(&error)) }
}

/// The SDK's own words say only that something failed.
fn causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
