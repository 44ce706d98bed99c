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
