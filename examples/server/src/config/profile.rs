//! The platforms of workloads, by name.

use clap::ValueEnum;
use serde::Deserialize;

/// By its name on the command line; that of core is taken too.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Profile {
    Kubernetes,
    #[value(alias = "github_actions")]
    #[serde(alias = "github_actions")]
    GithubActions,
    #[value(alias = "gitlab_ci")]
    #[serde(alias = "gitlab_ci")]
    GitlabCi,
    Spiffe,
    #[value(alias = "google_service_account")]
    #[serde(alias = "google_service_account")]
    Google,
    Entra,
    /// Tokens of version 1.0, as applications of Entra have them by default
    EntraV1,
    /// Any other platform: --issuer and --subject
    Custom,
}

impl Profile {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::GithubActions => "github-actions",
            Self::GitlabCi => "gitlab-ci",
            Self::Spiffe => "spiffe",
            Self::Google => "google",
            Self::Entra => "entra",
            Self::EntraV1 => "entra-v1",
            Self::Custom => "custom",
        }
    }

    /// Which of the members that only some platforms have it has.
    pub(super) const fn own(self) -> &'static [&'static str] {
        match self {
            Self::Kubernetes => &["namespace", "service_account"],
            Self::GithubActions => &["repository", "environment", "ref", "subject"],
            Self::GitlabCi => &["project", "environment", "ref", "subject"],
            Self::Spiffe => &["spiffe_id"],
            Self::Google => &["unique_id"],
            Self::Entra | Self::EntraV1 => &["tenant", "object_id"],
            Self::Custom => &["subject"],
        }
    }
}
