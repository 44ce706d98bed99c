//! `grantor-server host-key`: what it does to the file.

use std::fs;
use std::path::Path;

use crate::program::{file, printed, run};

fn ids(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split_once(' ').unwrap().0.to_owned()).collect()
}

fn host_key(path: &Path, more: &[&str]) -> String {
    printed(&[&["host-key", path.to_str().unwrap()], more].concat(), &[])
}

#[test]
fn a_new_key_comes_last_until_it_is_put_first() {
    let path = file("beside", "").with_file_name("host.keys");
    host_key(&path, &[]);
    let first = ids(&path);
    let said = host_key(&path, &[]);
    assert!(said.contains("restart them all") && said.contains("--use-last"), "{said}");
    let both = ids(&path);
    assert_eq!((both.len(), &both[0]), (2, &first[0]));
    host_key(&path, &["--use-last"]);
    assert_eq!(ids(&path), [both[1].clone(), both[0].clone()]);
    let text = fs::read_to_string(&path).unwrap();
    let (_, secret) = text.lines().next().unwrap().split_once(' ').unwrap();
    assert!(secret.len() >= 43 && !said.contains(secret));
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone_and_stays_for_whom_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let path = file("beside", "").with_file_name("host.keys");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    host_key(&path, &[]);
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    host_key(&path, &[]);
    assert_eq!(mode(), 0o640, "whoever read it before can read it");
    let link = path.with_file_name("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    host_key(&link, &[]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(ids(&path).len(), 3);
}

#[test]
fn of_many_at_once_none_loses_anothers_key() {
    let path = file("beside", "").with_file_name("host.keys");
    host_key(&path, &[]);
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || run(&["host-key", path.to_str().unwrap()], &[]).status.success())
        })
        .collect();
    let succeeded = threads.into_iter().map(|thread| thread.join().unwrap()).filter(|done| *done).count();
    assert!(succeeded > 0);
    assert_eq!(ids(&path).len(), 1 + succeeded);
    assert!(!path.with_file_name("host.keys.new").exists());
}
