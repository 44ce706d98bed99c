//! `keys rotate`: new keys before their time, and the end of trust in one.

use grantor::{KeyId, SigningKeyInfo, SigningKeyState};

use super::list::times;
use super::{Desk, named, now};
use crate::config::Mistake;
use crate::failure::Failure;
use crate::paste::say;
use crate::when::at;

/// The longest reason that is still one.
const BECAUSE_CHARS: usize = 200;
pub(super) const SOON: &str =
    "Every server goes by this within 5 seconds, and nothing has to be restarted.\n";
/// As long as verifiers may keep the published keys.
const FIVE_MINUTES: std::time::Duration = std::time::Duration::from_secs(300);
/// Of a key that nobody could know before it signs.
pub(super) const GAP: &str = "Verifiers that keep the published keys, for five minutes as they may, refuse its tokens until they ask again.\n";

impl Desk {
    pub(super) async fn rotate(
        &self,
        at_once: bool,
        retire: Option<&str>,
        because: Option<&str>,
    ) -> Result<(), Failure> {
        let retired = retirement(at_once, retire, because)?;
        let before = self.stored().await?;
        if let Some((kid, because)) = retired {
            return self.retire(&before, named(&before, kid)?, because).await;
        }
        self.check_is_the_servers(&before).await?;
        let rotated = if at_once { self.keys.rotate_now().await } else { self.keys.rotate().await };
        rotated.map_err(|error| self.unchanged(error))?;
        let after = self.stored().await?;
        let mut said = what_is_new(&before, &after);
        let is_left_alone = |key: &&SigningKeyInfo| {
            key.state() == SigningKeyState::Signing
                && key.algorithm().is_none_or(|algorithm| !self.algorithms.contains(&algorithm))
        };
        for key in after.iter().filter(is_left_alone) {
            let (kid, alg) = (key.kid(), key.record().alg());
            said.push_str(&format!(
                "{alg}: {kid} is left alone, since no resource of this configuration signs with it.\n"
            ));
        }
        say(&format!("{said}{}{}{SOON}", if at_once { GAP } else { "" }, self.times))
    }

    async fn retire(
        &self,
        before: &[SigningKeyInfo],
        key: &SigningKeyInfo,
        because: &str,
    ) -> Result<(), Failure> {
        if key.record().retired().is_some() {
            return say(&format!("{}: {}. Nothing was changed.\n", key.kid(), times(key, now())));
        }
        if key.algorithm().is_none_or(|algorithm| self.algorithms.contains(&algorithm)) {
            self.check_is_the_servers(before).await?;
        }
        let alg = key.record().alg();
        let can_follow = |other: &SigningKeyInfo| {
            let other = other.record();
            let signs_on = other.signs_until().is_none_or(|end| now() < end);
            other.alg() == alg && other.kid() != key.kid() && other.retired().is_none() && signs_on
        };
        let is_last = key.state() == SigningKeyState::Signing && !before.iter().any(can_follow);
        if is_last && key.algorithm().is_some_and(|algorithm| self.algorithms.contains(&algorithm)) {
            // First, so that no server is without a key for a moment.
            self.keys.rotate_now().await.map_err(|error| self.unchanged(error))?;
        }
        self.keys.retire(key.kid(), because).await.map_err(|error| self.unchanged(error))?;
        let after = self.stored().await?;
        let mut said = format!(
            "{} is trusted no more. It is gone from the published keys, and its tokens are not active at introspection and in\n\
             checks of the servers' processes. An API that keeps the published keys takes them until it asks again, five\n\
             minutes at most if it obeys Cache-Control.\n",
            key.kid()
        );
        let signing = |key: &&SigningKeyInfo| key.state() == SigningKeyState::Signing;
        let was = |kid: &KeyId| before.iter().filter(signing).any(|key| key.kid() == kid);
        for next in after.iter().filter(signing).filter(|next| next.record().alg() == alg) {
            let kid = next.kid();
            said.push_str(&match (was(kid), before.iter().any(|known| known.kid() == kid)) {
                (true, _) => format!("{alg}: {kid} signs, as before.\n"),
                (false, true) if now().minus(FIVE_MINUTES) >= next.record().published_at() => {
                    format!("{alg}: {kid}, which verifiers know already, signs from now on.\n")
                }
                (false, true) => format!("{alg}: {kid} signs from now on.\n{GAP}"),
                (false, false) => format!("{alg}: {kid} is new and signs from now on.\n{GAP}"),
            });
        }
        say(&format!("{said}{SOON}"))
    }
}

/// What `--now`, `--retire` and `--because` say together.
fn retirement<'a>(
    at_once: bool,
    retire: Option<&'a str>,
    because: Option<&'a str>,
) -> Result<Option<(&'a str, &'a str)>, Mistake> {
    match (retire, because.map(str::trim)) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let wrong = "a reason, and no key that is retired for it";
            Err(Mistake::new("--because", wrong, "add --retire KID, or take it out"))
        }
        (Some(_), _) if !at_once => {
            let wrong = "it ends the tokens of the key at once, which rotation never does";
            Err(Mistake::new(
                "--retire",
                wrong,
                "add --now if that is meant; without --retire no token is lost",
            ))
        }
        (Some(_), None | Some("")) => {
            let wrong = "missing: whoever reads the log later has to see why tokens ended";
            Err(Mistake::new(
                "--because",
                wrong,
                "write why the key is retired, such as --because compromised",
            ))
        }
        (Some(_), Some(because))
            if because.chars().count() > BECAUSE_CHARS || because.contains(char::is_control) =>
        {
            Err(Mistake::new("--because", "not one line of at most 200 characters", "write it shorter"))
        }
        (Some(kid), Some(because)) => Ok(Some((kid, because))),
    }
}

/// The keys that were not there before, and what comes next.
pub(super) fn what_is_new(before: &[SigningKeyInfo], after: &[SigningKeyInfo]) -> String {
    let now = now();
    let is_new = |key: &&SigningKeyInfo| before.iter().all(|known| known.kid() != key.kid());
    let mut said = String::new();
    for key in after.iter().filter(is_new) {
        let (kid, alg) = (key.kid(), key.record().alg());
        let (next, signs) = match (key.state(), key.record().signs_from()) {
            (SigningKeyState::Signing, _) => {
                ("is published now and signs at once.".to_owned(), "signs no more")
            }
            (_, Some(from)) => (format!("is published now and signs {}.", at(from, now)), "signs until then"),
            (_, None) => (
                "is published now. When it signs, the next server that sees it writes.".to_owned(),
                "signs on",
            ),
        };
        said.push_str(&format!("{alg}: {kid} {next}\n"));
        let signed = |held: &&SigningKeyInfo| held.state() == SigningKeyState::Signing;
        if let Some(held) = before.iter().filter(signed).find(|held| held.record().alg() == alg) {
            let (kid, until) = (held.kid(), held.record().published_until());
            let until = until.map(|end| at(end, now)).unwrap_or_default();
            said.push_str(&format!("  {kid} {signs}, and is published for its tokens until {until}.\n"));
        }
    }
    said
}
