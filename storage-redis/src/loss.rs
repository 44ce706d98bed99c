//! What the host accepts to lose.

/// A way in which Redis can lose what it has acknowledged. Each that the servers are set up for must be accepted, by
/// [`RedisStoreBuilder::accept_loss`](crate::RedisStoreBuilder::accept_loss), or the store refuses to work.
///
/// A lost claim is an assertion that can be spent twice until it expires, a lost revocation a token that lives again
/// until it expires. The [crate's documentation](crate#what-a-crash-or-a-fail-over-loses) has the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Loss {
    /// `appendfsync everysec`: the last second or two, when the machine of Redis crashes.
    LastSecond,
    /// `appendfsync no`, or `no-appendfsync-on-rewrite yes`: what the operating system has not yet written, about 30 s
    /// on Linux, when the machine crashes. Includes [`Loss::LastSecond`].
    Unflushed,
    /// `appendonly no`: everything since the last snapshot, all there is if there are none, whenever Redis stops.
    /// Includes [`Loss::Unflushed`].
    SinceSnapshot,
    /// Replicas that may be promoted (Sentinel, Cluster, managed services): what the old primary had acknowledged
    /// and the new one had not got yet, in a partition all that the old one still accepts.
    FailOver,
}

/// What was accepted, and what is the host's word.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accepted {
    durability: Durability,
    fail_over: bool,
    /// Settings that cannot be read are as they should be.
    pub(crate) vouched: bool,
}

/// How much of the newest may be gone after a crash, from none to all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Durability {
    #[default]
    Full,
    LastSecond,
    Unflushed,
    SinceSnapshot,
}

impl Accepted {
    pub(crate) fn accept(&mut self, loss: Loss) {
        let durability = match loss {
            Loss::LastSecond => Durability::LastSecond,
            Loss::Unflushed => Durability::Unflushed,
            Loss::SinceSnapshot => Durability::SinceSnapshot,
            Loss::FailOver => {
                self.fail_over = true;
                return;
            }
        };
        self.durability = self.durability.max(durability);
    }

    pub(crate) fn covers(&self, found: Durability) -> bool {
        found <= self.durability
    }

    pub(crate) const fn fail_over(&self) -> bool {
        self.fail_over
    }

    /// For the start-up summary.
    pub(crate) fn caveats(&self, wait_for: Option<u32>) -> Vec<String> {
        let crash = match self.durability {
            Durability::Full => None,
            Durability::LastSecond => Some(
                "a crash of its machine may lose the last second of claims, revocations and all else in it",
            ),
            Durability::Unflushed => Some(
                "a crash of its machine may lose the last half minute of claims, revocations and all else in it",
            ),
            Durability::SinceSnapshot => Some(
                "whenever it stops it may lose all claims, revocations and all else since its last snapshot",
            ),
        };
        let crash = crash.map(|loss| format!("Redis storage: {loss} (accepted by the host)"));
        let fail_over = self.fail_over.then(|| {
            let narrowed = wait_for.map(|replicas| format!(", though {replicas} of its replicas had each write"));
            let narrowed = narrowed.unwrap_or_default();
            format!("Redis storage: a fail-over may lose acknowledged claims and revocations{narrowed} (accepted by the host)")
        });
        let vouched = self.vouched.then(|| {
            "Redis storage: settings that Redis does not let us read are taken on the host's word".to_owned()
        });
        [crash, fail_over, vouched].into_iter().flatten().collect()
    }
}
