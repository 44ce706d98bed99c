//! The administrator's commands.

use oauth2::{AuthType, TokenIntrospectionResponse};
use serde_json::Value;

use crate::assertion;
use crate::introspection::introspected;
use crate::keys::{RESOURCE, with_new_key, with_secret};
use crate::program::{Program, between, config, new_secret, printed, run};
use crate::tokens::token;

#[tokio::test]
async fn s10_what_create_prints_works_when_it_is_pasted() {
    let resources = "[[resources]]\nuri = \"https://api.example.com\"\nscopes = [\"read\", \"write\"]\n";
    for (auth, method) in [("basic", AuthType::BasicAuth), ("client_secret_post", AuthType::RequestBody)] {
        let mut arguments = vec!["clients", "create", "--id", "billing 2", "--name", "Billing \"two\""];
        arguments.extend(["--auth", auth, "--scope", "read write", "--resource", "https://api.example.com"]);
        let made = printed(&arguments, &[]);
        let (block, rest) = made.split_once("\n# And this").expect("two parts");
        let (variable, secret) =
            rest.trim_end().rsplit('\n').next().unwrap().split_once('=').expect("NAME=secret");
        assert_eq!(variable, "BILLING_2_SECRET");
        let config = config(&format!("{resources}{block}"));
        let program = Program::start(&["--config", &config], &[(variable, secret)]);
        token(&program, ("billing 2", secret), method, "read").await.expect("a token");
        assert!(!program.printed.contains("demo-"), "no demo clients beside declared ones");
        let taken = run(&["clients", "create", "--id", "billing 2", "--config", &config], &[]);
        assert_eq!(taken.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&taken.stderr).contains("already"));
    }
}

#[tokio::test]
async fn s10_what_create_prints_works_for_a_resource_server_and_an_introspector() {
    let resource = "https://api.example.com";
    let api = printed(&["clients", "create", "--id", "api", "--scope", "read", "--serves", resource], &[]);
    let auditor = ["clients", "create", "--id", "auditor", "--introspector", "--introspection-alg", "ES256"];
    let auditor = printed(&auditor, &[]);
    let block = |printed: &str| between(printed, "(--config FILE):\n", "\n# And this").to_owned();
    let config = config(&format!("{RESOURCE}{}{}", block(&api), block(&auditor)));
    let environment = [
        ("API_SECRET", between(&api, "\nAPI_SECRET=", "\n")),
        ("AUDITOR_SECRET", between(&auditor, "\nAUDITOR_SECRET=", "\n")),
    ];
    let show = |id: &str| {
        let shown = printed(&["clients", "show", id, "--json", "--config", &config], &environment);
        serde_json::from_str::<Value>(&shown).expect("JSON")
    };
    let (api, auditor) = (show("api"), show("auditor"));
    assert_eq!((&api["serves"][0], &api["introspector"]), (&resource.into(), &false.into()));
    assert_eq!((&auditor["serves"], &auditor["introspector"]), (&Value::Array(Vec::new()), &true.into()));
    assert_eq!(auditor["introspection_signed_response_alg"], "ES256");
    assert_eq!((&auditor["token_epoch"], &auditor["created_at"]), (&0.into(), &Value::Null));
    let program = Program::start(&["--config", &config], &environment);
    let own = token(&program, ("api", environment[0].1), AuthType::BasicAuth, "read").await.expect("a token");
    let look = format!("{}/oauth2/introspect", program.issuer());
    assert!(introspected(&look, ("auditor", environment[1].1), &own).await.active());

    for (arguments, part) in [
        (["--serves", "https://x.example"], "not declared"),
        (["--resource", "https://x.example"], "not declared"),
        (["--introspection-alg", "EdDSA"], "there is no key"),
        (["--introspection-alg", "HS256"], "ES256, ES384, EdDSA, RS256, PS256"),
    ] {
        let output =
            run(&[&["clients", "create", "--config", &config][..], &arguments].concat(), &environment);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(arguments[0]) && text.contains(part) && output.stdout.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn s10_what_create_prints_works_for_clients_that_sign() {
    let (by_key, key) = with_new_key("by key");
    let made =
        printed(&["clients", "create", "--id", "hs", "--auth", "client_secret_jwt", "--scope", "read"], &[]);
    let by_secret = between(&made, "(--config FILE):\n", "\n# And this");
    let secret = between(&made, "\nHS_SECRET=", "\n");
    let config = config(&format!("{RESOURCE}{by_key}{by_secret}"));
    let program = Program::start(&["--config", &config], &[("HS_SECRET", secret)]);
    for (client, signs) in [("by key", ["--key", &key]), ("hs", ["--secret-env", "SHARED"])] {
        let assertion = assertion::made(client, &program.issuer(), &signs, secret);
        assert_eq!(assertion::sent(&program, &assertion).await.0, 200, "{client}");
    }
}

#[test]
fn t95_a_private_key_goes_into_a_new_file_for_its_owner_alone() {
    let (block, key) = with_new_key("shop");
    let pem = std::fs::read_to_string(&key).expect("read");
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n") && pem.ends_with("-----END PRIVATE KEY-----\n"));
    assert!(pem.lines().all(|line| line.len() <= 64));
    assert!(!block.contains(pem.lines().nth(1).expect("base64")) && !block.contains(" d ="));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&key).expect("there").permissions().mode() & 0o777, 0o600);
    }
    let create = ["clients", "create", "--auth", "private_key_jwt"];
    for (arguments, part) in [
        (&[&create[..], &["--key-out", &key]].concat()[..], "cannot be made"),
        (&create, "missing"),
        (&["clients", "create", "--key-out", "/nowhere"], "--auth private_key_jwt"),
    ] {
        let output = run(arguments, &[]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("--key-out") && text.contains(part) && output.stdout.is_empty(), "{text}");
    }
    assert_eq!(std::fs::read_to_string(&key).expect("read"), pem, "never overwritten");
}

#[test]
fn s10_list_and_show_tell_keys_and_switches() {
    let (by_key, _) = with_new_key("by-key");
    let permitted = "[dangerous.compatibility]\nassertion_reuse = \"listed_clients\"\n";
    let by_secret = with_secret("hs", "client_secret_jwt") + "compatibility = [\"assertion_reuse\"]\n";
    let config = config(&format!("{RESOURCE}{by_key}{by_secret}{permitted}"));
    let secret = new_secret();
    let told = |command: &[&str]| {
        printed(&[&["clients"], command, &["--config", &config]].concat(), &[("SHARED", &secret)])
    };
    let all: Value = serde_json::from_str(&told(&["list", "--json"])).expect("JSON");
    let key = &all[0]["credentials"][0];
    let thumbprint = between(&by_key, "kid = \"", "\"");
    assert_eq!((&key["kind"], &key["alg"]), (&"key".into(), &"ES256".into()));
    assert_eq!((&key["kid"], &key["thumbprint"]), (&thumbprint.into(), &thumbprint.into()));
    let sealed = &all[1]["credentials"][0];
    assert_eq!(
        (&sealed["kind"], &sealed["alg"], &sealed["kid"]),
        (&"secret".into(), &"HS256".into(), &Value::Null)
    );
    assert_eq!(all[1]["compatibility"][0], "assertion_reuse");
    let (page, other) = (told(&["show", "by-key"]), told(&["show", "hs"]));
    assert!(page.contains(thumbprint) && page.contains("ES256"), "{page}");
    assert!(other.contains("HS256") && other.contains("assertion_reuse"), "{other}");
}

#[test]
fn rfc9068_s5_a_generated_id_is_in_a_space_of_its_own() {
    let id = || between(&printed(&["clients", "create"], &[]), "\nid = \"", "\"").to_owned();
    let (one, other) = (id(), id());
    assert_ne!(one, other);
    assert!(one.starts_with("client-") && one.len() == 39, "{one}");
    assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
}

#[test]
fn s10_create_refuses_what_no_server_would_take() {
    let bad: [(&[&str], &str); 4] = [
        (&["--id", "\u{e9}"], "--id"),
        (&["--scope", "a  b"], "--scope"),
        (&["--resource", "api"], "--resource"),
        (&["--name", "a\nb"], "--name"),
    ];
    for (arguments, flag) in bad {
        let output = run(&[&["clients", "create"], arguments].concat(), &[]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(flag) && output.stdout.is_empty(), "{text}");
    }
}

#[test]
fn s10_list_and_show_tell_everything_but_secrets() {
    let (blue, green) = (new_secret(), new_secret());
    let config = config(
        r#"
        [[resources]]
        uri = "https://api.example.com"
        scopes = ["read", "write"]
        [[clients]]
        id = "shop"
        name = "The shop"
        scope = "read write"
        default_scope = "read"
        resources = ["https://api.example.com"]
        serves = ["https://api.example.com"]
        secrets = [{ env = "BLUE", label = "blue", expires_at = 2999-01-01T00:00:00Z }, { env = "GREEN" }]
        [[clients]]
        id = "archive"
        auth = "client_secret_post"
        enabled = false
        "#,
    );
    let environment = [("BLUE", blue.as_str()), ("GREEN", &green)];
    let commands =
        |command: &[&str]| printed(&[&["clients"], command, &["--config", &config]].concat(), &environment);
    let list = commands(&["list"]);
    let rows: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|x| !x.is_empty()).collect())
        .collect();
    assert_eq!(rows[0], ["ID", "NAME", "AUTH", "ENABLED", "CREDENTIALS", "SCOPE"]);
    assert_eq!(rows[1], ["archive", "-", "client_secret_post", "no", "0"]);
    assert_eq!(rows[2], ["shop", "The shop", "client_secret_basic", "yes", "2", "read write"]);
    let all: Value = serde_json::from_str(&commands(&["list", "--json"])).expect("json");
    let one: Value = serde_json::from_str(&commands(&["show", "shop", "--json"])).expect("json");
    assert_eq!(all[1], one);
    assert_eq!(one["default_scope"], "read");
    assert_eq!(one["credentials"][0]["label"], "blue");
    assert_eq!(one["credentials"][0]["expires_at"], "2999-01-01T00:00:00Z");
    assert_eq!(one["credentials"][0]["id"], blue.split('_').nth(1).unwrap());
    let page = commands(&["show", "shop"]);
    for part in [
        "The shop",
        "blue",
        "(2999-01-01 00:00 UTC)",
        "not recorded by this store",
        blue.split('_').nth(1).unwrap(),
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn s10_an_unknown_client_is_exit_code_1() {
    let output = run(&["clients", "show", "nobody"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no client `nobody`"));
    assert!(printed(&["clients", "list"], &[]).starts_with("No clients"));
    assert_eq!(printed(&["clients", "list", "--json"], &[]), "[]\n");
}
