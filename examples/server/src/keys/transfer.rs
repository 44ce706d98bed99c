//! `keys import` and `keys export`: private keys that signed elsewhere come in, public halves go out.

use std::path::Path;

use grantor::{ImportedKey, InvalidValue, SigningAlgorithm};

use super::rotate::{GAP, SOON, what_is_new};
use super::{Desk, named};
use crate::config::Mistake;
use crate::failure::Failure;
use crate::paste::{say, shell_word};
use crate::private_file;

impl Desk {
    pub(super) async fn import(
        &self,
        file: &Path,
        algorithm: Option<SigningAlgorithm>,
        at_once: bool,
    ) -> Result<(), Failure> {
        let key = read(file, algorithm)?;
        let (kid, algorithm) = (key.kid(), key.algorithm());
        if !self.algorithms.contains(&algorithm) {
            let own: Vec<_> = self.algorithms.iter().map(|own| own.as_str()).collect();
            let wrong = format!(
                "the key is for {algorithm}, and its servers sign with {} by this configuration",
                own.join(", ")
            );
            let remedy = format!(
                "give it the configuration of the servers, with signing_algorithm = \"{algorithm}\" in it"
            );
            return Err(Mistake::new("--config (GRANTOR_CONFIG)", wrong, remedy).into());
        }
        let before = self.stored().await?;
        self.backends.check_host_keys().await?;
        if let Some(held) = before.iter().find(|held| held.kid().as_str() == kid) {
            return Err(Failure::Runtime(format!(
                "the signing key `{kid}` is there already, {}: nothing was changed",
                held.state()
            )));
        }
        self.keys.import(key, at_once).await.map_err(|error| self.unchanged(error))?;
        let said = what_is_new(&before, &self.stored().await?);
        let gap = if at_once && !before.is_empty() { GAP } else { "" };
        let file = shell_word(&file.display().to_string());
        say(&format!(
            "{said}{gap}Its private half is in the store now, sealed for the issuer {}. Whoever has {file} signs tokens of it too:\n\
             remove the file when nothing else signs with it.\n{SOON}",
            self.issuer
        ))
    }

    pub(super) async fn export(&self, kid: &str, as_pem: bool) -> Result<(), Failure> {
        let stored = self.stored().await?;
        let key = named(&stored, kid)?;
        let public = key.public().ok_or_else(|| {
            Failure::Runtime(format!(
                "the signing key `{kid}` is for {}, which this release does not know",
                key.record().alg()
            ))
        })?;
        if as_pem {
            return say(&public.to_spki_pem());
        }
        say(&format!("{}\n", public.to_jwk()))
    }
}

fn read(file: &Path, wanted: Option<SigningAlgorithm>) -> Result<ImportedKey, Failure> {
    let shown = file.display().to_string();
    let text = private_file::read(file).map_err(|error| {
        let remedy = "name a readable file that holds one private key, PKCS#8 in PEM or a JWK";
        Mistake::new(&shown, format!("cannot be read: {error}"), remedy)
    })?;
    let refused = |rule: InvalidValue| Mistake::new(&shown, "is not taken", rule.to_string());
    if !text.trim_start().starts_with('{') {
        return Ok(ImportedKey::from_pem(&text, wanted).map_err(refused)?);
    }
    let key = ImportedKey::from_jwk(&text).map_err(refused)?;
    match wanted.filter(|wanted| *wanted != key.algorithm()) {
        None => Ok(key),
        Some(_) => {
            let wrong = format!("the JWK in `{shown}` is for {}", key.algorithm());
            let remedy = "take it out, or write the `alg` into the JWK, where it is bound to the key";
            Err(Mistake::new("--alg", wrong, remedy).into())
        }
    }
}
