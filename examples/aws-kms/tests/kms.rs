//! The signer alone, against a KMS that speaks AWS's protocol.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use aws_kms::{ISSUER_TAG, KmsSigner};
use aws_sdk_kms::types::KeyState;
use grantor::SigningAlgorithm::{Es256, Es384, Ps256, Rs256};
use grantor::{Signer, SignerKey};
use serde_json::Value;

mod support;
use support::world::{ISSUER, verifies};
use support::{client, moto};

fn jwk(key: &SignerKey) -> Value {
    serde_json::from_str(&key.public().to_jwk()).unwrap()
}

#[tokio::test]
#[ignore = "needs moto, see .ci/servers"]
async fn s4_keys_of_every_algorithm_are_made_and_sign() {
    let signer = KmsSigner::new(client(&moto()), ISSUER);
    for algorithm in [Es256, Es384, Rs256, Ps256] {
        let key = signer.create(algorithm).await.unwrap();
        assert!(key.key().starts_with("arn:aws:kms:eu-central-1:"), "{}", key.key());
        assert_eq!(key.public().algorithm().as_str(), algorithm.as_str());
        let other = signer.create(algorithm).await.unwrap();
        // 4096 bytes are the most that KMS takes unhashed. A few of each: r and s have zeros in front now and then.
        for length in [1, 500, 4096, 4097, 20_000] {
            let message = vec![b'a'; length];
            let signature = signer.sign(key.key(), algorithm, &message).await.unwrap();
            assert!(verifies(&jwk(&key), &message, &signature), "{algorithm}, {length} bytes");
            assert!(!verifies(&jwk(&other), &message, &signature));
            assert!(!verifies(&jwk(&key), b"another", &signature));
        }
        for made in [&key, &other] {
            signer.delete(made.key()).await.unwrap();
        }
    }
}

#[tokio::test]
#[ignore = "needs moto, see .ci/servers"]
async fn s4_a_key_bears_the_issuer_and_goes_once() {
    let kms = client(&moto());
    let signer = KmsSigner::new(kms.clone(), ISSUER);
    let key = signer.create(Es256).await.unwrap();
    let tags = kms.list_resource_tags().key_id(key.key()).send().await.unwrap();
    let tags: Vec<_> = tags.tags().iter().map(|tag| (tag.tag_key(), tag.tag_value())).collect();
    assert_eq!(tags, [(ISSUER_TAG, ISSUER)]);

    for _ in 0..3 {
        signer.delete(key.key()).await.unwrap();
    }
    let described = kms.describe_key().key_id(key.key()).send().await.unwrap().key_metadata.unwrap();
    assert_eq!(described.key_state, Some(KeyState::PendingDeletion));
    let left = described.deletion_date.unwrap().secs() - described.creation_date.unwrap().secs();
    assert_eq!(left / 86_400, 7);

    let refused = signer.sign(key.key(), Es256, b"a token").await.unwrap_err();
    assert!(!refused.is_unavailable() && refused.to_string().contains("pending deletion"), "{refused}");
    let unknown = key.key().replace(|c: char| c.is_ascii_digit(), "0");
    let refused = signer.sign(&unknown, Es256, b"a token").await.unwrap_err();
    assert!(!refused.is_unavailable() && refused.to_string().contains("does not exist"), "{refused}");
    signer.delete(&unknown).await.unwrap();
    let refused = signer.sign(key.key(), Rs256, b"a token").await.unwrap_err();
    assert!(!refused.is_unavailable(), "another algorithm: {refused}");
}

#[tokio::test]
#[ignore = "needs moto, see .ci/servers"]
async fn s4_a_key_that_is_disabled_is_not_deleted_unseen() {
    let kms = client(&moto());
    let signer = KmsSigner::new(kms.clone(), ISSUER);
    let key = signer.create(Es256).await.unwrap();
    let (_, id) = key.key().rsplit_once('/').unwrap();
    kms.disable_key().key_id(id).send().await.unwrap();
    let refused = signer.sign(key.key(), Es256, b"a token").await.unwrap_err();
    assert!(!refused.is_unavailable() && refused.to_string().contains("disabled"), "{refused}");
    signer.delete(key.key()).await.unwrap();
    let described = kms.describe_key().key_id(key.key()).send().await.unwrap().key_metadata.unwrap();
    assert_eq!(described.key_state, Some(KeyState::PendingDeletion));
}
