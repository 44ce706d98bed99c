//! Files that hold what nobody else should read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

/// More than any secret or private key; whatever is longer is another file.
const MOST_BYTES: u64 = 16 * 1024;

/// The text of the file. Whoever left it open to everybody is told.
pub(crate) fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path)?;
    if is_open_to_others(&file) {
        tracing::warn!(file = %path.display(), "everybody on this machine can read this secret: chmod o-r");
    }
    file.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        let too_long = format!("it is longer than {MOST_BYTES} bytes, so it is another file");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, too_long));
    }
    Ok(text)
}

/// A secret that stands alone in its file, without the end of its line.
pub(crate) fn read_secret(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = read(path)?;
    let end = text.strip_suffix('\n').map_or(text.len(), |rest| rest.trim_end_matches('\r').len());
    text.truncate(end);
    Ok(text)
}

/// A new file that its owner alone can read. One that is there already stays as it is.
pub(crate) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Changes the text of a file, or makes the file, whole or not at all: half a file of keys would lock everybody out. Gives
/// the text that it had. Two at once do not lose each other's change: the second one fails.
pub(crate) fn rewrite(
    path: &Path,
    change: impl FnOnce(&str) -> io::Result<String>,
) -> io::Result<Zeroizing<String>> {
    // What a link points to is what is changed.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    write_new(&beside, "").map_err(|error| {
        let shown = beside.display();
        io::Error::new(
            error.kind(),
            format!("`{shown}` cannot be made, perhaps another change is under way: {error}"),
        )
    })?;
    let done = replace(&path, &beside, change);
    if done.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    done
}

fn replace(
    path: &Path,
    beside: &Path,
    change: impl FnOnce(&str) -> io::Result<String>,
) -> io::Result<Zeroizing<String>> {
    let before = match read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Zeroizing::default(),
        Err(error) => return Err(error),
    };
    let after = Zeroizing::new(change(&before)?);
    let mut file = OpenOptions::new().write(true).truncate(true).open(beside)?;
    file.write_all(after.as_bytes())?;
    keep_owner(path, &file)?;
    file.sync_all()?;
    std::fs::rename(beside, path)?;
    // The new name has to outlive a crash too. An empty parent is the current folder.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some systems cannot sync a folder; the file is there all the same.
        tracing::debug!(%error, "the folder was not synced");
    }
    Ok(before)
}

/// Whoever could read the old file has to be able to read the new one: the service, at its next start.
#[cfg(unix)]
fn keep_owner(path: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Ok(about) = std::fs::metadata(path) else { return Ok(()) };
    fchown(file, Some(about.uid()), Some(about.gid()))?;
    file.set_permissions(about.permissions())
}

#[cfg(not(unix))]
fn keep_owner(_path: &Path, _file: &File) -> io::Result<()> {
    Ok(())
}

/// A new folder that its owner alone can enter.
pub(crate) fn new_folder(path: &Path) -> io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|about| about.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_file: &File) -> bool {
    false
}
