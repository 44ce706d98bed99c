//! The annotated example is one that works.

use oauth2::AuthType;

use crate::program::{Program, file, new_secret};
use crate::tokens::token;

#[tokio::test]
async fn rule_10_the_example_configuration_starts_and_serves() {
    let path = file("grantor.toml", include_str!("../../grantor.example.toml"));
    let (blue, green, reports) = (new_secret(), new_secret(), new_secret());
    std::fs::write(path.with_file_name("reports.secret"), &reports).expect("write");
    let environment = [("BILLING_SECRET", blue.as_str()), ("BILLING_SECRET_NEXT", &green)];
    let program = Program::start(&["--config", path.to_str().expect("UTF-8")], &environment);
    assert!(program.printed.contains("https://auth.example.com/oauth2/token"), "{}", program.printed);
    for secret in [&blue, &green] {
        token(&program, ("billing", secret), AuthType::BasicAuth, "orders:read").await.expect("a token");
    }
    token(&program, ("reports", &reports), AuthType::RequestBody, "reports:read").await.expect("a token");
}

#[test]
fn rule_10_the_readme_tells_every_flag_and_command() {
    let readme = include_str!("../../README.md");
    for name in ["listen", "issuer", "storage", "adapter", "config"] {
        assert!(readme.contains(&format!("`--{name}")), "{name}");
        assert!(readme.contains(&format!("`GRANTOR_{}`", name.to_uppercase())), "{name}");
    }
    for command in ["clients create", "clients list", "clients show"] {
        assert!(readme.contains(command), "{command}");
    }
}
