//! The private key of a demo client: in a file of its own for as long as the server runs.

use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use grantor::store::Credential;
use grantor::{Entropy, SystemEntropy};

use crate::assertion::MadeKey;
use crate::failure::Failure;
use crate::private_file;

/// The file, in a folder that nobody else can enter. Both are removed at the end, as far as that is possible.
pub(super) struct DemoKey(PathBuf);

impl DemoKey {
    /// Makes it. `None` where no file can be written: then there is one demo client less, and the log says so.
    pub(super) fn make(client: &str) -> Result<Option<(Self, Credential)>, Failure> {
        let key = MadeKey::generate()?;
        match write(client, &key.pem) {
            Ok(file) => Ok(Some((Self(file), key.credential))),
            Err(error) => {
                tracing::warn!(%error, "no demo client `{client}`: its key cannot be written (TMPDIR says where)");
                Ok(None)
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

fn write(client: &str, pem: &str) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    SystemEntropy::new().fill(&mut random).map_err(io::Error::other)?;
    let folder = std::env::temp_dir().join(format!("grantor-demo-{}", HEXLOWER.encode(&random)));
    private_file::new_folder(&folder)?;
    let file = folder.join(format!("{client}.pem"));
    private_file::write_new(&file, pem)?;
    Ok(file)
}

impl Drop for DemoKey {
    fn drop(&mut self) {
        // A demo's key opens nothing once the server is gone, so one that cannot be removed is no harm.
        let _ = std::fs::remove_file(&self.0);
        let _ = self.0.parent().map(std::fs::remove_dir);
    }
}
