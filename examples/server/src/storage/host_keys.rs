//! The host's keys: a file with one on each line, the newest first, as an id and base64url of 32 random bytes.

use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use grantor::{Clock, Entropy, HostKey, HostKeyId, HostKeys, SystemClock, SystemEntropy};
use zeroize::Zeroizing;

use super::missing;
use crate::config::Mistake;
use crate::failure::Failure;
use crate::flags::Flags;
use crate::paste::{say, shell_word};
use crate::private_file;

const FLAG: &str = "--host-keys (GRANTOR_HOST_KEYS)";
const REMEDY: &str =
    "make the file with `grantor-server host-key FILE`, and give every server of this issuer the same one";

/// Whoever has them and the database can sign tokens, so they are kept apart from it.
pub(super) fn read(flags: &Flags) -> Result<HostKeys, Failure> {
    let path = flags.host_keys.as_deref().ok_or_else(|| missing(FLAG, REMEDY))?;
    let shown = path.display();
    let text = private_file::read(path)
        .map_err(|error| Mistake::new(FLAG, format!("`{shown}` cannot be read: {error}"), REMEDY))?;
    let keys = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(|(at, line)| {
        let remedy = "write an id, a space and base64url of 32 random bytes on each line, the newest first";
        key(line).ok_or_else(|| Mistake::new(FLAG, format!("line {} of `{shown}` is no key", at + 1), remedy))
    });
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    HostKeys::new(keys).map_err(|rule| Mistake::new(FLAG, format!("`{shown}`: {rule}"), REMEDY).into())
}

pub(super) fn not_of_this_store(missing: &HostKeyId) -> Failure {
    let wrong =
        format!("this is not the file that the servers of this store use: it lacks the host key `{missing}`");
    Mistake::new(FLAG, wrong, "give it the file that they have; nothing was changed").into()
}

fn key(line: &str) -> Option<HostKey> {
    let (id, secret) = line.trim().split_once(' ')?;
    let secret = Zeroizing::new(BASE64URL_NOPAD.decode(secret.trim().as_bytes()).ok()?);
    HostKey::new(HostKeyId::new(id).ok()?, &secret).ok()
}

/// `host-key FILE`: makes a key. In a file that has some it comes last, so that every server can have it before anything
/// is made with it.
pub(crate) fn add(path: &Path) -> Result<(), Failure> {
    let (mut name, mut secret) = ([0; 4], Zeroizing::new([0; 32]));
    let entropy = SystemEntropy::new();
    entropy
        .fill(&mut name)
        .and_then(|()| entropy.fill(&mut *secret))
        .map_err(|error| Failure::because("no key could be made", error))?;
    let today = SystemClock::new().now().to_string();
    let today = today.split('T').next().unwrap_or_default();
    let id = format!("{today}-{}", data_encoding::HEXLOWER.encode(&name));
    let line = Zeroizing::new(format!("{id} {}", BASE64URL_NOPAD.encode(&*secret)));
    let before = private_file::rewrite(path, |text| {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).chain([line.as_str()]);
        Ok(lines.map(|line| format!("{line}\n")).collect())
    });
    let before = before.map_err(|error| unwritten(path, error))?;
    let file = shell_word(&path.display().to_string());
    say(&if before.trim().is_empty() {
        format!(
            "Host key {id} is in {file}, for its owner alone. Keep a copy, apart from the database: without it no secret\n\
             and no signing key in the database can be used. Every server of this issuer needs the same file:\n\n    \
             grantor-server --storage postgres --host-keys {file} …\n"
        )
    } else {
        format!(
            "Host key {id} is the last in {file}. Copy the file to every server of this issuer and restart them all; then\n\
             `grantor-server host-key {file} --use-last` puts it first, so that what is made from then on is made with it.\n\
             The others stay for what was made with them.\n"
        )
    })
}

/// `host-key FILE --use-last`: the last key becomes the first.
pub(crate) fn use_last(path: &Path) -> Result<(), Failure> {
    let mut order = Vec::new();
    private_file::rewrite(path, |text| {
        let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        match lines.len() {
            0 => Err(std::io::Error::other("it has no key")),
            1 => Err(std::io::Error::other("it has one key alone, which is the first")),
            _ => {
                lines.rotate_right(1);
                let ids = lines.iter().filter_map(|line| line.split_whitespace().next());
                order = ids.map(str::to_owned).collect();
                Ok(lines.into_iter().map(|line| format!("{line}\n")).collect())
            }
        }
    })
    .map_err(|error| unwritten(path, error))?;
    say(&format!(
        "The last host key is the first now: {}. Copy the file to every server of this issuer and restart them.\n",
        order.join(", then ")
    ))
}

fn unwritten(path: &Path, error: std::io::Error) -> Failure {
    Failure::because(&format!("`{}` was not changed", path.display()), error)
}
