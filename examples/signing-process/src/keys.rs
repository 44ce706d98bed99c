//! The private keys: made here, kept in a folder that nobody else reads, or in memory alone.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use data_encoding::BASE64URL_NOPAD;
use grantor::{PublicKey, SigningAlgorithm};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING as P256, ECDSA_P384_SHA384_FIXED_SIGNING as P384, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair,
};
use serde_json::json;
use zeroize::Zeroizing;

/// A PKCS#8 key of ring's has far less.
const MOST_BYTES: u64 = 1024;

/// All keys, by their name: the RFC 7638 thumbprint of the public half.
pub(crate) struct Keys {
    folder: Option<PathBuf>,
    random: SystemRandom,
    held: RwLock<HashMap<String, (SigningAlgorithm, PrivateKey)>>,
}

enum PrivateKey {
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl Keys {
    /// Those of the folder, which is made if it is missing; without one they end with this process.
    pub(crate) fn open(folder: Option<PathBuf>) -> io::Result<Self> {
        #[allow(clippy::disallowed_methods)]
        // Here is where keys are made; there is no server whose port it could be.
        let random = SystemRandom::new();
        let keys = Self { folder, random, held: RwLock::default() };
        if let Some(folder) = &keys.folder {
            if !folder.exists() {
                DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
            }
            for entry in fs::read_dir(folder)? {
                keys.load(&entry?.path())?;
            }
        }
        Ok(keys)
    }

    /// A file of ours is `NAME.ALGORITHM`. Others are left alone.
    fn load(&self, path: &std::path::Path) -> io::Result<()> {
        let part = |part: Option<&std::ffi::OsStr>| {
            part.and_then(|part| part.to_str()).unwrap_or_default().to_owned()
        };
        let (name, algorithm) = (part(path.file_stem()), part(path.extension()));
        let Some(algorithm) = SigningAlgorithm::from_name(&algorithm) else { return Ok(()) };
        let mut pkcs8 = Zeroizing::new(Vec::new());
        File::open(path)?.take(MOST_BYTES).read_to_end(&mut pkcs8)?;
        let key = PrivateKey::open(algorithm, &pkcs8, &self.random);
        // A key that is half written or of somebody else must not be missed in silence.
        let key = key.filter(|key| key.public(algorithm).is_some_and(|public| public.thumbprint() == name));
        let broken =
            || io::Error::new(io::ErrorKind::InvalidData, format!("{} is no key of ours", path.display()));
        self.held
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, (algorithm, key.ok_or_else(broken)?));
        Ok(())
    }

    /// Makes a key. It is on the disk when this returns.
    pub(crate) fn create(&self, algorithm: &str) -> Result<(String, String), String> {
        let not_known =
            || format!("no key can be made here for {algorithm}, only for ES256, ES384 and EdDSA");
        let algorithm = SigningAlgorithm::from_name(algorithm).ok_or_else(not_known)?;
        let pkcs8 = PrivateKey::generate(algorithm, &self.random).ok_or_else(not_known)?;
        let key = PrivateKey::open(algorithm, &pkcs8, &self.random).ok_or_else(not_known)?;
        let public = key.public(algorithm).ok_or_else(not_known)?;
        let name = public.thumbprint();
        self.write(&name, algorithm, &pkcs8)
            .map_err(|error| format!("the key could not be kept: {error}"))?;
        self.held.write().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), (algorithm, key));
        Ok((name, public.to_jwk()))
    }

    fn write(&self, name: &str, algorithm: SigningAlgorithm, pkcs8: &[u8]) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let path = folder.join(format!("{name}.{algorithm}"));
        let beside = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(pkcs8)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(folder)?.sync_all()
    }

    pub(crate) fn sign(&self, name: &str, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, String> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let Some((own, key)) = held.get(name) else { return Err("there is no such key".to_owned()) };
        if own.as_str() != algorithm {
            return Err(format!("the key was made for {own}"));
        }
        match key {
            PrivateKey::Ecdsa(pair) => {
                let signature = pair.sign(&self.random, message).map_err(|error| error.to_string())?;
                Ok(signature.as_ref().to_vec())
            }
            PrivateKey::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// Of a key that is held here: so a name is never a path.
    pub(crate) fn delete(&self, name: &str) -> Result<(), String> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let Some((algorithm, _)) = held.get(name) else { return Ok(()) };
        if let Some(folder) = &self.folder {
            let removed = fs::remove_file(folder.join(format!("{name}.{algorithm}")));
            if let Err(error) = removed.and_then(|()| File::open(folder)?.sync_all())
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(format!("the key could not be deleted: {error}"));
            }
        }
        held.remove(name);
        Ok(())
    }

    pub(crate) fn count(&self) -> usize {
        self.held.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl PrivateKey {
    fn generate(algorithm: SigningAlgorithm, random: &SystemRandom) -> Option<Zeroizing<Vec<u8>>> {
        let document = match algorithm {
            SigningAlgorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&P256, random),
            SigningAlgorithm::Es384 => EcdsaKeyPair::generate_pkcs8(&P384, random),
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(random),
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 | _ => return None,
        };
        Some(Zeroizing::new(document.ok()?.as_ref().to_vec()))
    }

    fn open(algorithm: SigningAlgorithm, pkcs8: &[u8], random: &SystemRandom) -> Option<Self> {
        let ecdsa =
            |curve| EcdsaKeyPair::from_pkcs8(curve, pkcs8, random).ok().map(Box::new).map(Self::Ecdsa);
        match algorithm {
            SigningAlgorithm::Es256 => ecdsa(&P256),
            SigningAlgorithm::Es384 => ecdsa(&P384),
            SigningAlgorithm::EdDsa => {
                Ed25519KeyPair::from_pkcs8(pkcs8).ok().map(Box::new).map(Self::Ed25519)
            }
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 | _ => None,
        }
    }

    fn public(&self, algorithm: SigningAlgorithm) -> Option<PublicKey> {
        let jwk = match self {
            Self::Ecdsa(pair) => {
                let point = pair.public_key().as_ref().strip_prefix(&[4])?;
                let (x, y) = point.split_at(point.len() / 2);
                let crv = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": crv, "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y)})
            }
            Self::Ed25519(pair) => {
                let x = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "x": x})
            }
        };
        PublicKey::from_jwk_for(&jwk.to_string(), algorithm.into()).ok()
    }
}
