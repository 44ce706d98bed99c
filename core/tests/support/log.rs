//! What is logged, for tests of what must not be.

use std::io::Write;
use std::sync::{Arc, Mutex};

use grantor::AuthorizationServer;
use grantor::http::RequestBuilder;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::{Answer, World};

/// Everything that `tracing` is told, at every level, with every span.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// On this thread, as long as the guard lives.
    pub fn capture() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .without_time()
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Fails if `text` holds `secret`, or as much of it as somebody could use.
#[track_caller]
pub fn clean(text: &str, secret: &str, of: &str) {
    let tail = &secret[secret.len() - 24..];
    assert!(!text.contains(secret) && !text.contains(tail), "{of} shows the secret: {text}");
}

/// Sends every request, each of which presents `secret`, to the token endpoint and looks at all that comes of it; gives how many got
/// a token.
pub async fn shown_nowhere(
    world: &World,
    log: &Log,
    server: &AuthorizationServer,
    (requests, secret): (Vec<RequestBuilder>, &str),
) -> usize {
    let mut tokens = 0;
    for request in requests {
        clean(&format!("{request:?} {:?}", request.clone().build()), secret, "the request");
        let response = server.token(request.build()).await;
        clean(&format!("{response:?}{response:#?}"), secret, "the response");
        let answer = Answer::of(response);
        clean(&format!("{:?}{}", answer.headers, answer.text()), secret, "the answer");
        if answer.status == 200 {
            tokens += 1;
            let token = answer.access_token();
            let signature = token.rsplit('.').next().unwrap();
            let payload = token.split('.').nth(1).unwrap();
            for part in [token.as_str(), signature, payload] {
                assert!(!log.text().contains(part), "the log shows the token");
                assert!(world.events.all().iter().all(|event| !event.debug.contains(part)));
            }
        }
    }
    clean(&log.text(), secret, "the log");
    for event in world.events.all() {
        clean(&format!("{} {}", event.debug, event.source), secret, "an event");
    }
    tokens
}
