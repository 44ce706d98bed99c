//! The real process, on a socket in a folder of its own.

#![allow(dead_code)]

pub(crate) mod world;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use signing_process::ProcessSigner;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("grantor-signing-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// The names of the files that hold keys.
    pub(crate) fn held(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.keys()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    pub(crate) fn signer(&self) -> ProcessSigner {
        ProcessSigner::new(self.socket())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct Process {
    child: Child,
    _output: BufReader<ChildStdout>,
    pub(crate) said: String,
}

impl Process {
    /// Returns when it listens.
    pub(crate) async fn start(folder: &Folder) -> Self {
        let mut child = command(&folder.socket(), Some(&folder.keys())).spawn().unwrap();
        let (mut output, mut said) = (BufReader::new(child.stdout.take().unwrap()), String::new());
        output.read_line(&mut said).await.unwrap();
        assert!(said.contains("keys, on"), "it did not start: {said:?}");
        Self { child, _output: output, said }
    }

    /// As a crash does, with nothing tidied up.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

pub(crate) fn command(socket: &Path, keys: Option<&Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signing-process"));
    command.arg(socket).args(keys).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}
