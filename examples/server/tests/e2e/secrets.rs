//! A marked secret goes down every path, and shows up nowhere (T95).

use oauth2::AuthType;

use crate::assertion::{made, sent};
use crate::keys::with_new_key;
use crate::program::{Program, config, file, new_secret, run};
use crate::tokens::token;

const SHOP: &str = r#"
    [[resources]]
    uri = "https://api.example.com"
    scopes = ["read"]
    [[clients]]
    id = "basic"
    secrets = [{ env = "BASIC_SECRET" }]
    scope = "read"
    [[clients]]
    id = "post"
    auth = "client_secret_post"
    secrets = [{ file = "post.secret" }]
    scope = "read"
    [[clients]]
    id = "hs256"
    auth = "client_secret_jwt"
    secrets = [{ env = "BASIC_SECRET" }]
    scope = "read"
    [[clients]]
    id = "old"
    secrets = [{ argon2id = "HASH" }]
    scope = "read"
"#;

/// Of `marked-hunter2`, at a cost for tests.
const HASH: &str =
    "$argon2id$v=19$m=64,t=2,p=1$rNypE9ndOZ7r6WXrA68cAw$JtWH3pNmvLbpjeY0k0vhHJHU6pmI272dcy4Qqdu9SiA";

#[tokio::test]
async fn t95_secrets_of_configured_clients_are_never_written() {
    let (basic, post) = (new_secret(), new_secret());
    let (keyed, key) = with_new_key("keyed");
    let path = file("grantor.toml", &format!("{}{keyed}", SHOP.replace("HASH", HASH)));
    std::fs::write(path.with_file_name("post.secret"), format!("{post}\n")).expect("write");
    let path = path.to_str().expect("UTF-8");
    let environment = [("BASIC_SECRET", basic.as_str()), ("RUST_LOG", "trace")];
    let program = Program::start(&["--config", path], &environment);
    let mut marked = vec![basic.clone(), post.clone(), "marked-hunter2".to_owned(), HASH.to_owned()];
    for (client, auth) in [
        (("basic", basic.as_str()), AuthType::BasicAuth),
        (("post", &post), AuthType::RequestBody),
        (("old", "marked-hunter2"), AuthType::BasicAuth),
    ] {
        marked.push(token(&program, client, auth.clone(), "read").await.expect(client.0));
        token(&program, (client.0, "wrong-hunter3"), auth.clone(), "read").await.expect_err("wrong");
        token(&program, client, auth, "write").await.expect_err("too much");
    }
    marked.push("wrong-hunter3".to_owned());
    // A secret that signs, and a key: neither shows up, nor an assertion that could be used again.
    for (client, arguments) in [("hs256", ["--secret-env", "SHARED"]), ("keyed", ["--key", &key])] {
        let assertion = made(client, &program.issuer(), &arguments, &basic);
        assert_eq!(sent(&program, &assertion).await.0, 200, "{client}");
        assert_eq!(sent(&program, &assertion).await.0, 401, "{client}");
        marked.push(assertion);
    }
    marked.extend(std::fs::read_to_string(&key).expect("read").lines().skip(1).take(2).map(str::to_owned));
    let mut written = program.stopped().written;
    assert!(written.contains("token issued") && written.contains("secret_wrong"), "{written}");
    let clients: [&[&str]; 6] = [
        &["clients", "list"],
        &["clients", "list", "--json"],
        &["clients", "show", "basic"],
        &["clients", "show", "old"],
        &["clients", "show", "hs256"],
        &["clients", "show", "keyed"],
    ];
    for command in clients {
        let output = run(&[command, &["--config", path]].concat(), &environment);
        assert!(output.status.success());
        written += &String::from_utf8_lossy(&output.stdout);
        written += &String::from_utf8_lossy(&output.stderr);
    }
    for secret in marked {
        // Nor the random part of one by itself, nor the signature of an assertion or a token.
        let part = match secret.starts_with("grantor_") {
            true => secret.rsplit('_').next(),
            false => secret.rsplit('.').next(),
        };
        for part in [secret.as_str(), part.unwrap()] {
            assert!(!written.contains(part), "{part} was written: {written}");
        }
    }
}

#[tokio::test]
async fn s6_overlapping_secrets_work_and_an_ended_one_does_not() {
    let (blue, green, ended, later) = (new_secret(), new_secret(), new_secret(), new_secret());
    let config = config(
        r#"
        [[resources]]
        uri = "https://api.example.com"
        scopes = ["read"]
        [[clients]]
        id = "shop"
        scope = "read"
        secrets = [
            { env = "BLUE", label = "blue", expires_at = "2999-01-01T00:00:00Z" },
            { env = "GREEN", label = "green", not_before = 2001-01-01T00:00:00Z },
            { env = "ENDED", expires_at = 2001-01-01T00:00:00Z },
            { env = "LATER", not_before = 2999-01-01T00:00:00Z },
        ]
        [[clients]]
        id = "gone"
        enabled = false
        scope = "read"
        secrets = [{ env = "BLUE" }]
        "#,
    );
    let environment = [("BLUE", &*blue), ("GREEN", &*green), ("ENDED", &*ended), ("LATER", &*later)];
    let program = Program::start(&["--config", &config], &environment);
    for secret in [&blue, &green] {
        token(&program, ("shop", secret), AuthType::BasicAuth, "read").await.expect("a token");
    }
    for client in [("shop", &ended), ("shop", &later), ("gone", &blue)] {
        let refused = token(&program, (client.0, client.1), AuthType::BasicAuth, "read").await;
        assert!(refused.expect_err("no token").contains("invalid_client"));
    }
}

#[cfg(unix)]
#[test]
fn t95_a_secret_file_that_everybody_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    for (mode, warned) in [(0o644, true), (0o640, false)] {
        let path = file("grantor.toml", &SHOP.replace("HASH", HASH));
        let secret = path.with_file_name("post.secret");
        std::fs::write(&secret, new_secret()).expect("write");
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).expect("mode");
        let output =
            run(&["clients", "list", "--config", path.to_str().unwrap()], &[("BASIC_SECRET", &new_secret())]);
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(log.contains("chmod o-r"), warned, "{log}");
        assert!(output.status.success(), "{log}");
    }
}
