//! `dangerous.redis_accept_loss` of the configuration file.

use grantor_storage_redis::Loss;
use serde::Deserialize;

use super::Config;

/// A way in which Redis may lose what it has acknowledged; see the documentation of `grantor-storage-redis`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AcceptedLoss {
    LastSecond,
    Unflushed,
    SinceSnapshot,
    FailOver,
}

impl Config {
    pub(crate) fn accepted_losses(&self) -> impl Iterator<Item = Loss> {
        self.document.dangerous.redis_accept_loss.iter().copied().map(Loss::from)
    }
}

impl From<AcceptedLoss> for Loss {
    fn from(accepted: AcceptedLoss) -> Self {
        match accepted {
            AcceptedLoss::LastSecond => Self::LastSecond,
            AcceptedLoss::Unflushed => Self::Unflushed,
            AcceptedLoss::SinceSnapshot => Self::SinceSnapshot,
            AcceptedLoss::FailOver => Self::FailOver,
        }
    }
}
