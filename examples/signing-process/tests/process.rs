//! The process and the signer that talks to it, alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use grantor::SigningAlgorithm::{EdDsa, Es256, Es384, Ps256, Rs256};
use grantor::{Signer, SignerKey};
use serde_json::Value;
use signing_process::ProcessSigner;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

mod support;
use support::world::verifies;
use support::{Folder, Process, command};

fn jwk(key: &SignerKey) -> Value {
    serde_json::from_str(&key.public().to_jwk()).unwrap()
}

#[tokio::test]
async fn s4_a_key_signs_for_what_it_was_made_until_it_is_deleted() {
    let folder = Folder::new();
    let process = Process::start(&folder).await;
    let signer = folder.signer();
    for (algorithm, another) in [(Es256, Es384), (Es384, EdDsa), (EdDsa, Es256)] {
        let key = signer.create(algorithm).await.unwrap();
        for message in [&b""[..], b"a token", &[b'a'; 100_000]] {
            let signature = signer.sign(key.key(), algorithm, message).await.unwrap();
            assert!(verifies(&jwk(&key), message, &signature), "{algorithm}");
        }
        let refused = signer.sign(key.key(), another, b"a token").await.unwrap_err();
        assert!(!refused.is_unavailable() && refused.to_string().contains(algorithm.as_str()), "{refused}");
        for _ in 0..2 {
            signer.delete(key.key()).await.unwrap();
        }
        let refused = signer.sign(key.key(), algorithm, b"a token").await.unwrap_err();
        assert!(!refused.is_unavailable() && refused.to_string().contains("no such key"), "{refused}");
    }
    for algorithm in [Rs256, Ps256] {
        let refused = signer.create(algorithm).await.unwrap_err();
        assert!(!refused.is_unavailable() && refused.to_string().contains("ES256"), "{refused}");
    }
    assert!(folder.held().is_empty());
    process.kill().await;
}

#[tokio::test]
async fn s4_a_key_that_was_made_outlives_a_crash() {
    let folder = Folder::new();
    let process = Process::start(&folder).await;
    let signer = folder.signer();
    let (kept, deleted) = (signer.create(Es256).await.unwrap(), signer.create(Es256).await.unwrap());
    signer.delete(deleted.key()).await.unwrap();
    process.kill().await;
    assert!(signer.sign(kept.key(), Es256, b"a token").await.unwrap_err().is_unavailable());
    let _process = Process::start(&folder).await;
    let signature = signer.sign(kept.key(), Es256, b"a token").await.unwrap();
    assert!(verifies(&jwk(&kept), b"a token", &signature));
    assert!(!signer.sign(deleted.key(), Es256, b"a token").await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn t65_the_keys_are_for_this_user_alone() {
    let folder = Folder::new();
    let _process = Process::start(&folder).await;
    folder.signer().create(Es256).await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.keys()), 0o700);
    assert_eq!(mode(&folder.keys().join(&folder.held()[0])), 0o600);
    assert_eq!(mode(&folder.socket()), 0o660);
}

/// A name is looked up among the keys, and never a path.
#[tokio::test]
async fn t65_a_name_reaches_no_other_file() {
    let folder = Folder::new();
    let _process = Process::start(&folder).await;
    let signer = folder.signer();
    let other = folder.keys().join("other.ES256x");
    std::fs::write(&other, "not a key").unwrap();
    for name in ["", ".", "../socket", "other", "other.ES256x", "/etc/passwd", "a\0b", &"x".repeat(5000)] {
        signer.delete(name).await.unwrap();
        assert!(!signer.sign(name, Es256, b"a token").await.unwrap_err().is_unavailable(), "{name:?}");
    }
    assert!(other.exists() && folder.socket().exists());
}

#[tokio::test]
async fn t33_what_is_no_request_ends_its_connection_and_nothing_else() {
    let folder = Folder::new();
    let _process = Process::start(&folder).await;
    let signer = folder.signer();
    let key = signer.create(Es256).await.unwrap();
    let frame = |body: &[u8]| [&u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat();
    let garbage = [
        frame(b""),
        frame(b"x"),
        frame(b"s"),
        frame(b"d\xff\xff\xff\xffabc"),
        frame(b"c\x00\x00\x00\x01\xff"),
        frame(b"d\x00\x00\x00\x01a\x00"),
        vec![0xff; 8],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    ];
    for bytes in garbage {
        let mut connection = UnixStream::connect(folder.socket()).await.unwrap();
        connection.write_all(&bytes).await.unwrap();
        let mut answer = Vec::new();
        // One that was ended with something unread is reset.
        let _ = connection.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{bytes:?}");
    }
    signer.sign(key.key(), Es256, b"a token").await.unwrap();
    let refused = signer.sign(key.key(), Es256, &vec![0; 1 << 20]).await.unwrap_err();
    assert!(!refused.is_unavailable(), "{refused}");
}

#[tokio::test]
async fn a_second_process_does_not_take_the_socket() {
    let folder = Folder::new();
    let _process = Process::start(&folder).await;
    let second = command(&folder.socket(), None).stderr(std::process::Stdio::piped()).output().await.unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && said.contains("another process"), "{said}");
    folder.signer().create(Es256).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_broken_is_told_at_start() {
    let folder = Folder::new();
    let process = Process::start(&folder).await;
    let key = folder.signer().create(Es256).await.unwrap();
    process.kill().await;
    let file = folder.keys().join(format!("{}.ES256", key.key()));
    let half = std::fs::read(&file).unwrap()[..60].to_vec();
    std::fs::write(&file, half).unwrap();
    let mut start = command(&folder.socket(), Some(&folder.keys()));
    let start = start.stderr(std::process::Stdio::piped()).output().await.unwrap();
    let said = String::from_utf8_lossy(&start.stderr);
    assert!(!start.status.success() && said.contains(key.key()), "{said}");
}

/// Time goes by where nobody has anything to do.
#[tokio::test(start_paused = true)]
async fn s5_a_process_that_is_silent_is_an_outage_by_the_deadline() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.socket()).unwrap();
    let signer = ProcessSigner::new(folder.socket()).deadline(Duration::from_secs(5));
    let begun = tokio::time::Instant::now();
    let (refused, _silent) = tokio::join!(signer.sign("key", Es256, b"a token"), listener.accept());
    assert!(refused.unwrap_err().is_unavailable());
    assert_eq!(begun.elapsed().as_secs(), 5);
}

/// An answer that comes too late belongs to nobody: its connection is not used again.
#[tokio::test(start_paused = true)]
async fn s5_a_late_answer_is_read_by_no_other_call() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.socket()).unwrap();
    let signer = folder.signer();
    let (late, first) = tokio::join!(signer.sign("key", Es256, b"a token"), listener.accept());
    assert!(late.unwrap_err().is_unavailable());
    let mut first = first.unwrap().0;
    let answers = async {
        let _ = first.write_all(b"\0\0\0\x09S\0\0\0\x04late").await;
        let mut second = listener.accept().await.unwrap().0;
        second.write_all(b"\0\0\0\x08S\0\0\0\x03own").await.unwrap();
        second
    };
    let (own, _second) = tokio::join!(signer.sign("key", Es256, b"another token"), answers);
    assert_eq!(own.unwrap(), b"own");
}
