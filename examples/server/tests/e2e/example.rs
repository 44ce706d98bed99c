//! The annotated example is one that works.

use oauth2::{AuthType, TokenIntrospectionResponse};

use crate::assertion::{made, sent};
use crate::introspection::introspected;
use crate::keys::{ED25519, public};
use crate::program::{Program, config, file, new_secret};
use crate::tokens::token;

#[tokio::test]
async fn rule_10_the_example_configuration_starts_and_serves() {
    let path = file("grantor.toml", include_str!("../../grantor.example.toml"));
    let (blue, green, reports) = (new_secret(), new_secret(), new_secret());
    std::fs::write(path.with_file_name("reports.secret"), &reports).expect("write");
    let public = format!("{{ \"keys\": [{}] }}", public(ED25519));
    std::fs::write(path.with_file_name("partner.jwks.json"), public).expect("write");
    let (stock, api) = (new_secret(), new_secret());
    let environment = [
        ("BILLING_SECRET", blue.as_str()),
        ("BILLING_SECRET_NEXT", &green),
        ("STOCK_SECRET", &stock),
        ("REPORTS_API_SECRET", &api),
    ];
    let program = Program::start(&["--config", path.to_str().expect("UTF-8")], &environment);
    assert!(program.printed.contains("https://auth.example.com/oauth2/token"), "{}", program.printed);
    assert!(program.printed.contains("keys rotate every 90 days, each published 1 day before"));
    for secret in [&blue, &green] {
        token(&program, ("billing", secret), AuthType::BasicAuth, "orders:read").await.expect("a token");
    }
    let report = token(&program, ("reports", &reports), AuthType::RequestBody, "reports:read").await;
    let look = format!("{}/oauth2/introspect", program.issuer());
    let told = introspected(&look, ("reports-api", &api), &report.expect("a token")).await;
    assert!(told.active() && told.username().is_none());
    let hs512 = ["--secret-env", "SHARED", "--alg", "HS512"];
    for (client, arguments) in
        [("stock", &hs512[..]), ("ledger", &["--key", ED25519]), ("partner", &["--key", ED25519])]
    {
        let assertion = made(client, "https://auth.example.com", arguments, &stock);
        assert_eq!(sent(&program, &assertion).await.0, 200, "{client}");
    }
}

#[test]
fn rule_10_what_the_example_leaves_out_can_be_put_in() {
    let (_, switches) =
        include_str!("../../grantor.example.toml").split_once("\n# [dangerous.comp").expect("switches");
    let text = format!("\n# [dangerous.comp{switches}").replace("\n# ", "\n").replace("\n#  ", "\n# ");
    let path = config(&format!("clock_skew = \"10s\"\n{text}"));
    let program = Program::start(&["--config", &path], &[]);
    assert_eq!(program.printed.matches("compatibility switch").count(), 5, "{text}");
}

#[test]
fn rule_10_the_readme_tells_every_flag_and_command() {
    let readme = include_str!("../../README.md");
    for name in ["listen", "issuer", "storage", "adapter", "config", "initial-access-token"] {
        assert!(readme.contains(&format!("`--{name}")), "{name}");
        let twin = name.to_uppercase().replace('-', "_");
        assert!(readme.contains(&format!("`GRANTOR_{twin}`")), "{name}");
    }
    let of_clients = [
        "create",
        "list",
        "show",
        "update",
        "rotate-secret",
        "new-registration-token",
        "revoke-tokens",
        "disable",
        "enable",
        "delete",
        "reseal",
    ];
    for command in ["create", "list", "delete"] {
        assert!(readme.contains(&format!("initial-access {command}")), "{command}");
    }
    let of_keys = ["list", "rotate", "import", "export"];
    let of_trust = ["add", "list", "show", "disable", "enable", "remove"];
    for command in ["add", "list", "remove"] {
        assert!(readme.contains(&format!("clients federate {command}")), "{command}");
    }
    for command in of_trust {
        assert!(readme.contains(&format!("trust {command}")), "{command}");
    }
    let commands = of_clients.map(|name| format!("clients {name}")).into_iter();
    for command in commands.chain(of_keys.map(|name| format!("keys {name}"))).chain(["assertion".to_owned()])
    {
        let command = &command;
        assert!(readme.contains(command), "{command}");
    }
    for flag in ["key-out", "key FILE", "secret-env", "secret-file", "client", "alg", "lifetime", "kid"] {
        assert!(readme.contains(&format!("`--{flag}")) || readme.contains(&format!("--{flag} ")), "{flag}");
    }
}
