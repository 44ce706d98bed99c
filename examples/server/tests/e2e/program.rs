//! The program under test: started, read line by line, stopped. Nothing here waits for time to pass.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};

/// What `--adapter` takes. What matters is shown for each.
pub(crate) const ADAPTERS: [&str; 2] = ["axum", "actix"];

/// A server that is ready.
pub(crate) struct Program {
    child: Child,
    /// Where it listens, as it printed it.
    pub(crate) address: String,
    /// What it printed until it was ready.
    pub(crate) printed: String,
    /// Its log, line by line.
    log: Receiver<String>,
    seen: String,
}

/// What is left of a program that ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// All that it ever wrote.
    pub(crate) written: String,
}

fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grantor-server"));
    command
        .args(arguments)
        .env_clear()
        .env("TMPDIR", env!("CARGO_TARGET_TMPDIR"))
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    command(arguments, environment).output().expect("start")
}

/// The same, for a run that succeeds: what it printed.
pub(crate) fn printed(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = run(arguments, environment);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

impl Program {
    /// On a free port of loopback, with these further arguments.
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        // Shown where the test fails.
        println!("grantor-server {arguments:?}");
        Self::attempt(arguments, environment)
            .unwrap_or_else(|ended| panic!("it did not start: {}", ended.written))
    }

    /// The same, for a start that is refused.
    pub(crate) fn refused(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
        match Self::attempt(arguments, environment) {
            Ok(program) => panic!("it started: {}", program.printed),
            Err(ended) => ended,
        }
    }

    fn attempt(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self, Ended> {
        let mut all = vec!["--listen", "127.0.0.1:0"];
        all.extend(arguments);
        let mut child =
            command(&all, environment).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
        let (line, log) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("stderr"));
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
        let mut stdout = BufReader::new(child.stdout.as_mut().expect("stdout"));
        let mut printed = String::new();
        while !printed.contains("\nReady.") {
            if stdout.read_line(&mut printed).expect("UTF-8") == 0 {
                let code = child.wait().expect("wait").code();
                let written = printed + &log.iter().collect::<Vec<_>>().join("\n");
                return Err(Ended { code, written });
            }
        }
        let address = between(&printed, "listens on ", "\n").to_owned();
        Ok(Self { child, address, printed, log, seen: String::new() })
    }

    /// The issuer that it has on loopback.
    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn token_url(&self) -> String {
        format!("{}/oauth2/token", self.issuer())
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("sh").success());
    }

    /// Waits until the log has a line with `text`.
    pub(crate) fn wait_for_log(&mut self, text: &str) {
        while let Ok(line) = self.log.recv() {
            self.seen.push_str(&line);
            self.seen.push('\n');
            if line.contains(text) {
                return;
            }
        }
        panic!("it ended without saying {text}: {}", self.seen);
    }

    /// Its log, as far as it was waited for.
    pub(crate) fn seen(&self) -> &str {
        &self.seen
    }

    /// Waits until it has ended.
    pub(crate) fn ended(mut self) -> Ended {
        let code = self.child.wait().expect("wait").code();
        let mut written = std::mem::take(&mut self.printed) + &self.seen;
        self.child.stdout.take().expect("stdout").read_to_string(&mut written).expect("UTF-8");
        self.log.iter().for_each(|line| written.push_str(&(line + "\n")));
        Ended { code, written }
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stopped(self) -> Ended {
        self.signal("TERM");
        self.ended()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What stands in `text` between two marks.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).expect(start);
    rest.split(end).next().expect(end)
}

/// A new file of this name in a folder of its own.
pub(crate) fn file(name: &str, text: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::create_dir_all(&folder).expect("folder");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("write");
    path
}

/// A configuration file, as an argument.
pub(crate) fn config(text: &str) -> String {
    file("grantor.toml", text).to_str().expect("UTF-8").to_owned()
}

/// A secret that `clients create` makes.
pub(crate) fn new_secret() -> String {
    let printed = printed(&["clients", "create", "--id", "x"], &[]);
    between(&printed, "\nX_SECRET=", "\n").to_owned()
}
