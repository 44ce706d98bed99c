//! What KMS says when it cannot, and what it is to the server: an outage (503) or a refusal (500).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use aws_kms::KmsSigner;
use grantor::{Signer, SignerError, SigningAlgorithm};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

mod support;
use support::client;
use support::world::ISSUER;

const ARN: &str = "arn:aws:kms:eu-central-1:123456789012:key/1c390c1a-70e3-421f-8b27-389a4263a133";

/// A KMS that gives one answer to everything; with an empty one it never answers.
async fn answering(answer: String) -> KmsSigner {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 64 * 1024];
                while connection.read(&mut request).await.is_ok_and(|length| length > 0) {
                    let _ = connection.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    KmsSigner::new(client(&endpoint), ISSUER)
}

fn error(status: u16, kind: &str) -> String {
    let body = format!(r#"{{"__type":"{kind}","message":"said by KMS"}}"#);
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

async fn outcomes(signer: &KmsSigner) -> [SignerError; 3] {
    [
        signer.sign(ARN, SigningAlgorithm::Es256, b"a token").await.unwrap_err(),
        signer.create(SigningAlgorithm::Es256).await.unwrap_err(),
        signer.delete(ARN).await.unwrap_err(),
    ]
}

/// Time goes by when nobody has anything to do, so the SDK's own waits cost none.
#[tokio::test(start_paused = true)]
async fn s5_overload_and_faults_of_kms_are_outages() {
    for (status, kind) in [
        (400, "ThrottlingException"),
        (400, "LimitExceededException"),
        (400, "KeyUnavailableException"),
        (429, "Whatever"),
        (500, "KMSInternalException"),
        (503, "Whatever"),
    ] {
        for error in outcomes(&answering(error(status, kind)).await).await {
            assert!(error.is_unavailable(), "{status} {kind}: {error}");
            assert!(error.to_string().contains(kind) || error.to_string().contains("said by KMS"), "{error}");
        }
    }
}

#[tokio::test]
async fn s5_a_refusal_of_kms_is_no_outage() {
    for kind in
        ["AccessDeniedException", "DisabledException", "ValidationException", "InvalidKeyUsageException"]
    {
        for error in outcomes(&answering(error(400, kind)).await).await {
            assert!(!error.is_unavailable(), "{kind}: {error}");
            assert!(error.to_string().contains("said by KMS"), "what happened is told: {error}");
        }
    }
    let signer = answering(String::new()).await;
    assert!(!signer.create(SigningAlgorithm::EdDsa).await.unwrap_err().is_unavailable(), "not asked at all");
}

#[tokio::test(start_paused = true)]
async fn s5_a_kms_that_is_silent_or_not_there_is_an_outage() {
    for error in outcomes(&answering(String::new()).await).await {
        assert!(error.is_unavailable(), "{error}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    for error in outcomes(&KmsSigner::new(client(&endpoint), ISSUER)).await {
        assert!(error.is_unavailable(), "{error}");
    }
    for answer in ["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n<ht>", "no HTTP at all\r\n\r\n"] {
        let error = answering(answer.to_owned()).await.sign(ARN, SigningAlgorithm::Es256, b"a token").await;
        assert!(error.unwrap_err().is_unavailable(), "{answer}");
    }
}

#[tokio::test]
async fn s4_a_key_that_is_gone_is_deleted() {
    answering(error(400, "NotFoundException")).await.delete(ARN).await.unwrap();
}
