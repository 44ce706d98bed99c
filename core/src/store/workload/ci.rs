//! Jobs of GitHub Actions and GitLab CI/CD. Whoever can open a pull request can often run a job, so a repository
//! alone is no workload: `build` asks for something that narrows it.

use std::time::Duration;

use super::{WorkloadDocument, WorkloadIdentity, WorkloadIdentityBuilder};
use crate::store::ClaimMatch;
use crate::types::{InvalidValue, IssuerName, all_hold};

pub(super) const GITHUB: &str = "github_actions";
pub(super) const GITLAB: &str = "gitlab_ci";
/// Of github.com, which serves everybody.
const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

impl WorkloadIdentity {
    /// Jobs of GitHub Actions in this repository, `OWNER/NAME`, that
    ///
    /// - run in an [environment](WorkloadIdentityBuilder::environment), which is worth as much as its protection
    ///   rules;
    /// - or for a [branch or tag](WorkloadIdentityBuilder::git_ref): no pull request has one of those as its `ref`,
    ///   except by `pull_request_target`, whose workflow must not run what the pull request brings;
    /// - or run a reusable workflow: `.claim("job_workflow_ref", ClaimMatch::Is(…))`, with its `@refs/…`;
    /// - or have this one [`sub`](WorkloadIdentityBuilder::subject), which whoever administers the repository may
    ///   have changed.
    ///
    /// `build` refuses what says none of these, since any pull request of the repository would be this client. Apart
    /// from that `sub` is not compared: it is written in two ways, with ids and without, and the claims say the same.
    ///
    /// **Taken once, for an hour at most**: there is a `jti`, tokens live for minutes, and a job asks for another one
    /// whenever it likes.
    ///
    /// GitHub does not tell names of owners, repositories and environments apart by case; refs it does.
    ///
    /// A name can be taken over by others after a rename or a deletion, an id cannot. Pin them beside it:
    /// `.claim("repository_id", ClaimMatch::Is(…))`, `.claim("repository_owner_id", ClaimMatch::Is(…))`, both
    /// numbers.
    ///
    /// For GitHub Enterprise Server, and an enterprise with an issuer of its own, name that
    /// [issuer](WorkloadIdentityBuilder::issuer).
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] unless it is an owner and a name of `a-z A-Z 0-9 . - _` with a slash between.
    pub fn github_actions(repository: &str) -> Result<WorkloadIdentityBuilder, InvalidValue> {
        if !is_path(repository, 2..=2) {
            return Err(InvalidValue::new("a repository", "OWNER/NAME of a-z A-Z 0-9 . - _"));
        }
        let issuer = IssuerName::new(GITHUB_ISSUER)?;
        Ok(WorkloadIdentityBuilder::of(GITHUB, Some(issuer), ClaimMatch::Any)
            .claim("repository", ClaimMatch::IsInAnyCase(repository.to_owned())))
    }

    /// Jobs of GitLab CI/CD in this project, `GROUP/PROJECT` with any subgroups, **for protected branches and tags**:
    /// the claim `ref_protected` is demanded. It alone tells them from jobs for merge requests, whose `ref` is the
    /// source branch and can have any name, and which some releases of GitLab said were of the target's project when
    /// they came from a fork.
    ///
    /// Narrow it further by [environment](WorkloadIdentityBuilder::environment) and
    /// [ref](WorkloadIdentityBuilder::git_ref). Jobs without a protected ref take
    /// `.claim("ref_protected", ClaimMatch::Any)`, and then `build` refuses what names neither `environment`,
    /// `ref_path`, `ref` nor one `sub`.
    ///
    /// **Taken again, for 24 hours at most**: a job gets one token for each audience and no other, which ends with
    /// the timeout of the job.
    ///
    /// A path can be taken over by others after a rename, an id cannot. Pin it beside it:
    /// `.claim("project_id", ClaimMatch::Is(…))`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] unless it is at least two names of `a-z A-Z 0-9 . - _` with slashes between.
    pub fn gitlab_ci(
        issuer: IssuerName,
        project_path: &str,
    ) -> Result<WorkloadIdentityBuilder, InvalidValue> {
        if !is_path(project_path, 2..=21) {
            return Err(InvalidValue::new(
                "a project's path",
                "GROUP/PROJECT, with any subgroups, of a-z A-Z 0-9 . - _",
            ));
        }
        Ok(WorkloadIdentityBuilder::of(GITLAB, Some(issuer), ClaimMatch::Any)
            .claim("project_path", ClaimMatch::Is(project_path.to_owned()))
            .claim("ref_protected", ClaimMatch::Is("true".to_owned()))
            .reusable(true)
            .longest_life(Duration::from_secs(24 * 3600)))
    }
}

impl WorkloadIdentityBuilder {
    /// Jobs that run in this environment of GitHub Actions or GitLab. On GitHub case does not matter.
    pub fn environment(self, name: impl Into<String>) -> Self {
        let name = name.into();
        let says =
            if self.0.profile == GITHUB { ClaimMatch::IsInAnyCase(name) } else { ClaimMatch::Is(name) };
        self.claim("environment", says)
    }

    /// Jobs that run for this branch or tag of GitHub Actions or GitLab, in full: `refs/heads/main`, `refs/tags/v1`.
    /// In GitLab that is the claim `ref_path`, there since release 16.0.
    ///
    /// For all tags, or all branches of a prefix: `.claim("ref", ClaimMatch::BeginsWith("refs/tags/".into()))`, in GitLab
    /// `ref_path`.
    pub fn git_ref(self, git_ref: impl Into<String>) -> Self {
        let name = full_ref(&self.0.profile);
        self.claim(name, ClaimMatch::Is(git_ref.into()))
    }
}

/// The claim that holds a ref in full.
fn full_ref(profile: &str) -> &'static str {
    if profile == GITLAB { "ref_path" } else { "ref" }
}

/// Whether a job is narrowed as its platform needs it. Other workloads are.
pub(super) fn check(own: &WorkloadDocument) -> Result<(), InvalidValue> {
    // Whoever describes a job of github.com without the profile is held to the same.
    let is_github = own.issuer_is(GITHUB_ISSUER);
    let profile = if is_github { GITHUB } else { own.profile.as_str() };
    let (whose, further): (&[&str], &[&str]) = match profile {
        GITHUB => (
            &["repository", "repository_id", "repository_owner", "repository_owner_id"],
            &["environment", "ref"],
        ),
        GITLAB => (
            &["project_path", "project_id", "namespace_path", "namespace_id"],
            &["environment", "ref", "ref_path"],
        ),
        _ => return Ok(()),
    };
    let pinned = |name: &str| own.claims.get(name).filter(|rule| !matches!(rule, ClaimMatch::Any));
    // A beginning leaves open what comes last: the ref of a workflow, and in `sub` the kind of event.
    let exact = |rule: &ClaimMatch| match rule {
        ClaimMatch::Is(text) | ClaimMatch::IsInAnyCase(text) => {
            !text.to_ascii_lowercase().contains(":pull_request")
        }
        ClaimMatch::BeginsWith(_) | ClaimMatch::Any | ClaimMatch::Unknown(_) => false,
    };
    let in_full = |rule: &ClaimMatch| match rule {
        ClaimMatch::Is(text) | ClaimMatch::IsInAnyCase(text) | ClaimMatch::BeginsWith(text) => {
            text.starts_with("refs/heads/") || text.starts_with("refs/tags/")
        }
        ClaimMatch::Any | ClaimMatch::Unknown(_) => true,
    };
    let of_branch = |rule: &ClaimMatch| match rule {
        ClaimMatch::Is(text) => text.contains("@refs/heads/") || text.contains("@refs/tags/"),
        ClaimMatch::IsInAnyCase(_) | ClaimMatch::BeginsWith(_) | ClaimMatch::Any | ClaimMatch::Unknown(_) => {
            false
        }
    };
    let is_true = |rule: &&ClaimMatch| matches!(rule, ClaimMatch::Is(text) if text == "true");
    let narrowed = further.iter().any(|name| pinned(name).is_some())
        || exact(&own.sub)
        || if profile == GITHUB {
            pinned("job_workflow_ref").is_some_and(of_branch)
        } else {
            pinned("ref_protected").filter(is_true).is_some()
        };
    all_hold([
        (
            whose.iter().any(|name| pinned(name).is_some()) || (profile != own.profile && exact(&own.sub)),
            "a CI job",
            "of one repository, project or owner: the platform serves everybody",
        ),
        (
            pinned(full_ref(profile)).is_none_or(in_full),
            "a git ref",
            "in full and of a branch or a tag: refs/heads/… or refs/tags/…",
        ),
        (
            own.profile != GITLAB || pinned("ref").is_none() || pinned("ref_type").is_some(),
            "ref",
            "beside ref_type, since a tag may have the name of a branch; or ref_path in its place",
        ),
        (
            narrowed,
            "a CI job",
            "narrowed by its environment, its ref, its workflow or one whole sub: else any pull request of the repository is this client",
        ),
    ])
}

/// So many names that GitHub and GitLab take, with slashes between.
fn is_path(text: &str, names: std::ops::RangeInclusive<usize>) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_name = |name: &str| (1..=255).contains(&name.len()) && name.bytes().all(letters);
    names.contains(&text.split('/').count()) && text.split('/').all(is_name)
}
