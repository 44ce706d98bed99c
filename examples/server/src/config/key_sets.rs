//! `[key_sets]`: what may be fetched from inside one's own network.

use grantor_fetch::{BuildError, FetcherBuilder};

use super::{Config, Mistake};

impl Config {
    /// Tells `fetcher` which hosts and authorities the file names.
    pub(crate) fn allow(&self, mut fetcher: FetcherBuilder) -> Result<FetcherBuilder, Mistake> {
        let entry = &self.document.key_sets;
        for host in &entry.allow_hosts {
            fetcher = fetcher.allow_host(host);
        }
        for (at, path) in entry.roots.iter().enumerate() {
            let path = self.beside(path);
            let pem = std::fs::read(&path).map_err(|error| {
                let wrong = format!("`{}` cannot be read: {error}", path.display());
                let remedy = "write the path of a readable file with certificates in PEM; relative paths begin beside this file";
                self.mistake(&format!("key_sets.roots[{at}]"), wrong, remedy)
            })?;
            fetcher = fetcher.root_certificates(pem);
        }
        Ok(fetcher)
    }

    /// What is wrong with them, where it is they that are wrong.
    pub(crate) fn not_allowed(&self, error: &BuildError) -> Option<Mistake> {
        match error {
            BuildError::Host(host) => {
                let wrong = format!("`{}` is no host", host.escape_debug());
                let remedy = "write a name or an address, without scheme, port and path";
                Some(self.mistake("key_sets.allow_hosts", wrong, remedy))
            }
            BuildError::RootCertificates => {
                let remedy = "write paths of files with at least one `-----BEGIN CERTIFICATE-----` in each";
                Some(self.mistake("key_sets.roots", "no certificates in PEM", remedy))
            }
            BuildError::Deadline | BuildError::Tls(_) | _ => None,
        }
    }
}
