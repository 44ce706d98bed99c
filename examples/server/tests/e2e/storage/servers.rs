//! Servers of one test: started by `.ci/servers` in a folder of their own, and gone with it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::program::between;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.ci/servers");

/// Stopped on drop, so after a panic too.
pub(crate) struct Servers {
    folder: PathBuf,
    /// Where they are, as the script printed it.
    printed: String,
}

impl Servers {
    /// Of `postgres`, `redis` and `cluster` these.
    pub(crate) fn start(parts: &[&str]) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let folder = format!("grantor-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut servers = Self { folder: std::env::temp_dir().join(folder), printed: String::new() };
        servers.printed = servers.script("start", parts);
        servers
    }

    /// What the script calls `GRANTOR_TEST_…`.
    pub(crate) fn url(&self, name: &str) -> &str {
        between(&self.printed, &format!("export GRANTOR_TEST_{name}="), "\n")
    }

    /// Ends `postgres` or `redis` as a crash does. On return it is gone.
    pub(crate) fn crash(&self, part: &str) {
        self.script("crash", &[part]);
    }

    /// Starts it again, with the data of before. On return it answers.
    pub(crate) fn resume(&self, part: &str) {
        self.script("resume", &[part]);
    }

    fn script(&self, action: &str, parts: &[&str]) -> String {
        let output =
            Command::new("bash").args([SCRIPT, action]).arg(&self.folder).args(parts).output().expect("bash");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "PostgreSQL and Redis must be installed: {action} {parts:?}: {said}"
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = Command::new("bash").args([SCRIPT, "stop"]).arg(&self.folder).output();
    }
}
