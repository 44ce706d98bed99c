//! Mistakes in the blocks of the file and in the flags: named by their place, with the remedy. And what each profile takes.

use serde_json::{Value, json};

use super::cluster::Key;
use crate::keys::RESOURCE;
use crate::program::{Program, between, config, new_secret, printed, run};

const ID: &str = "11112222-bbbb-3333-cccc-4444dddd5555";
/// A workload by the flags of each profile.
const PROFILES: [(&str, &[&str], &str); 8] = [
    (
        "kubernetes",
        &["--issuer", "https://k.example", "--namespace", "pay", "--service-account", "bill"],
        "again",
    ),
    ("github-actions", &["--repository", "o/n", "--environment", "prod", "--ref", "refs/heads/main"], "once"),
    ("gitlab-ci", &["--issuer", "https://gitlab.example", "--project", "a/b"], "again"),
    ("spiffe", &["--spiffe-id", "spiffe://a.b/c", "--jwks-uri", "https://bundle.example/keys"], "again"),
    ("google", &["--unique-id", "112010400000000710080", "--claim", "email=x@example.com"], "again"),
    ("entra", &["--tenant", ID, "--object-id", ID, "--audience", ID], "again"),
    ("entra-v1", &["--tenant", ID, "--object-id", ID, "--audience", "api://shop"], "again"),
    ("custom", &["--issuer", "https://i.example", "--subject", "job:*", "--claim", "/a/b=c d"], "once"),
];

/// What the flags make is what the block makes.
#[test]
fn s10_each_profile_is_printed_as_the_block_that_the_server_reads() {
    let blocks = PROFILES.map(|(profile, flags, _)| {
        let command = ["clients", "federate", "add", "shop", "--profile", profile];
        let more = ["--label", profile, "--several-audiences"];
        let made = printed(&[&command[..], flags, &more].concat(), &[]);
        made.split_once("of shop:\n").expect("a block").1.to_owned()
    });
    let client = "[[clients]]\nid = \"shop\"\nauth = \"workload_jwt\"\nscope = \"read\"\n";
    let config = config(&format!("{RESOURCE}{client}{}", blocks.concat()));
    Program::start(&["--config", &config], &[]);
    let listed = printed(&["clients", "federate", "list", "shop", "--json", "--config", &config], &[]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    for (held, (profile, _, taken)) in listed.as_array().expect("a list").iter().zip(PROFILES) {
        assert_eq!(held["label"], profile);
        let workload = &held["workload"];
        assert_eq!(workload["reusable"], json!(taken == "again"), "{profile}");
        assert_eq!(workload["several_audiences"], true, "{profile}");
        assert!(workload["longest_life"].as_u64() >= Some(3600), "{profile}");
    }
    assert_eq!(listed.as_array().map(Vec::len), Some(PROFILES.len()));
    assert_eq!(listed[3]["workload"]["keys"], "https://bundle.example/keys");
    assert_eq!(listed[5]["workload"]["audience"], ID);
    assert_eq!(listed[7]["workload"]["claims"], json!({ "/a/b": "c d" }));
    let page = printed(&["clients", "show", "shop", "--config", &config], &[]);
    assert!(page.contains("github_actions") && page.contains("repository=o/n"), "{page}");
}

#[test]
fn s10_flags_change_what_a_profile_says_of_keys_reuse_and_life() {
    let keys = Key::new("x").jwks_file();
    let command = ["clients", "federate", "add", "shop", "--profile", "kubernetes"];
    let more = ["--jwks", &keys, "--once", "--longest-life", "10m", "--audience", "https://a.example"];
    let made = printed(&[&command[..], PROFILES[0].1, &more].concat(), &[]);
    let block = made.split_once("of shop:\n").expect("a block").1;
    let client = "[[clients]]\nid = \"shop\"\nauth = \"workload_jwt\"\nscope = \"read\"\n";
    let config = config(&format!("{RESOURCE}{client}{block}"));
    let listed = printed(&["clients", "federate", "list", "shop", "--json", "--config", &config], &[]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let workload = &listed[0]["workload"];
    assert_eq!((&workload["keys"], &workload["reusable"]), (&json!("1 inline"), &json!(false)));
    assert_eq!(
        (&workload["longest_life"], &workload["audience"]),
        (&json!(600), &json!("https://a.example"))
    );
}

#[test]
fn s10_mistakes_of_flags_are_named_with_the_remedy() {
    let cases: [(&[&str], &[&str]); 11] = [
        (
            &["--profile", "kubernetes", "--issuer", "https://k.example"],
            &["--namespace: missing", "add --namespace"],
        ),
        (
            &[
                "--profile",
                "kubernetes",
                "--issuer",
                "https://k",
                "--namespace",
                "A",
                "--service-account",
                "b",
            ],
            &["--namespace", "a-z 0-9"],
        ),
        (
            &[
                "--profile",
                "kubernetes",
                "--issuer",
                "https://k",
                "--namespace",
                "a",
                "--service-account",
                "B",
            ],
            &["--service-account", "a-z 0-9"],
        ),
        (&["--profile", "github-actions", "--repository", "o/n"], &["narrowed by its environment"]),
        (
            &["--profile", "github-actions", "--repository", "o/n", "--namespace", "x"],
            &["--namespace", "no use", "repository, environment"],
        ),
        (
            &["--profile", "spiffe", "--spiffe-id", "spiffe://a.b/c"],
            &["--jwks-uri: missing", "bundle endpoint"],
        ),
        (&["--profile", "google", "--unique-id", "x@example.com"], &["--unique-id", "digits"]),
        (&["--profile", "entra", "--tenant", ID, "--object-id", ID], &["--audience: missing"]),
        (
            &["--profile", "custom", "--issuer", "https://i", "--subject", "*"],
            &["any workload of that issuer"],
        ),
        (
            &["--profile", "custom", "--issuer", "https://i", "--subject", "a*"],
            &["--subject", "ends with one of"],
        ),
        (
            &["--profile", "custom", "--issuer", "https://i", "--subject", "a", "--jwks", "/nowhere"],
            &["--jwks", "`/nowhere` cannot be read"],
        ),
    ];
    for (arguments, expected) in cases {
        refused(&[&["clients", "federate", "add", "shop"], arguments].concat(), expected);
    }
    let add = ["trust", "add", "robot@example.com", "--subject", "*"];
    refused(&add, &["keys are missing", "--jwks or --jwks-uri"]);
    refused(&[&add[..], &["--jwks-uri", "http://10.0.0.1/x"]].concat(), &["--jwks-uri", "plain http"]);
    refused(
        &["trust", "add", "https://i.example", "--subject", "*", "--token-lifetime", "2d"],
        &["--token-lifetime", "1 second to 24 hours"],
    );
    refused(&["clients", "create", "--switch", "x"], &["--switch", "google_service_account"]);
    refused(&["clients", "create", "--switch", "openid_discovery"], &["--switch", "every_client"]);
    refused(&["clients", "create", "--grant", "password"], &["--grant", "client_credentials or jwt-bearer"]);
    refused(
        &["clients", "create", "--auth", "workload_jwt", "--key-out", "x"],
        &["--key-out", "no private key"],
    );
    let config = config(RESOURCE);
    let unpermitted = ["clients", "create", "--switch", "google_service_account", "--config", &config];
    refused(&unpermitted, &["--switch", "does not permit", "[dangerous.compatibility]"]);
}

fn refused(arguments: &[&str], expected: &[&str]) {
    let output = run(arguments, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    for part in expected {
        assert!(said.contains(part), "{arguments:?}: {part} is not in {said}");
    }
}

#[test]
fn s10_mistakes_of_blocks_are_named_with_block_member_and_remedy() {
    let secret = new_secret();
    let client = "[[clients]]\nid = \"shop\"\nauth = \"workload_jwt\"\n";
    let workload = |more: &str| format!("{client}[[clients.workloads]]\n{more}\n");
    let basic = "[[clients]]\nid = \"shop\"\nsecrets = [{ env = \"SHARED\" }]\n";
    let trust = |more: &str| format!("[[trust]]\nissuer = \"https://i.example\"\nsubject = \"*\"\n{more}\n");
    let cases = [
        (client.to_owned(), vec!["clients[0].workloads", "no workload", "clients federate add"]),
        (workload("profile = \"nomad\""), vec!["clients[0].workloads[0].profile", "kubernetes"]),
        (workload("issuer = \"https://i\""), vec!["clients[0].workloads[0].profile", "missing"]),
        (
            workload("profile = \"kubernetes\"\nissuer = \"https://i\""),
            vec!["clients[0].workloads[0].namespace", "add namespace = "],
        ),
        (
            workload("profile = \"google\"\nunique_id = \"1\"\ntenant = \"x\""),
            vec!["clients[0].workloads[0].tenant", "no use"],
        ),
        (
            workload("profile = \"google\"\nunique_id = \"1\"\ncolour = \"x\""),
            vec!["clients[0].workloads[0].colour", "unknown key"],
        ),
        (
            workload(
                "profile = \"custom\"\nissuer = \"https://i\"\nsubject = \"a\"\nclaims = { b = \"x*y\" }",
            ),
            vec!["clients[0].workloads[0].claims.b", "one `*`"],
        ),
        (
            workload("profile = \"custom\"\nissuer = \"i\"\nsubject = \"a\""),
            vec!["clients[0].workloads[0]: its keys are missing", "jwks_uri"],
        ),
        (
            workload("profile = \"google\"\nunique_id = \"1\"\nlongest_life = \"26h\""),
            vec!["clients[0].workloads[0].longest_life", "25 hours"],
        ),
        (
            workload("profile = \"google\"\nunique_id = \"1\"\njwks_file = \"nowhere\""),
            vec!["clients[0].workloads[0].jwks_file", "cannot be read"],
        ),
        (
            format!("{basic}[[clients.workloads]]\nprofile = \"google\"\nunique_id = \"1\"\n"),
            vec!["clients[0].workloads", "auth = \"workload_jwt\""],
        ),
        (
            format!("{client}secrets = [{{ env = \"SHARED\" }}]\n"),
            vec!["clients[0].secrets", "choose another auth"],
        ),
        (format!("{basic}grant_types = [\"password\"]\n"), vec!["clients[0].grant_types[0]", "jwt-bearer"]),
        (trust("scope = \"fly\""), vec!["trust[0].scope", "no resource has the scope `fly`"]),
        (trust("resources = [\"https://x.example\"]"), vec!["trust[0].resources[0]", "not declared"]),
        (trust("token_lifetime = \"2d\""), vec!["trust[0].token_lifetime", "24 hours"]),
        (trust("jwks_uri = \"http://10.0.0.1/x\""), vec!["trust[0].jwks_uri", "plain http"]),
        (
            trust("jwks_uri = \"https://x.example\"\njwks = { keys = [] }"),
            vec!["trust[0].jwks_uri", "in one way"],
        ),
        (trust("jwks = { keys = [] }"), vec!["trust[0].jwks", "at least one"]),
        (format!("{}{}", trust(""), trust("")), vec!["trust[1].issuer", "trust[0] too"]),
        (
            format!(
                "{basic}[[trust]]\nissuer = \"shop\"\nsubject = \"*\"\njwks_uri = \"https://x.example\"\n"
            ),
            vec!["trust[0].issuer", "clients[0] too"],
        ),
        (
            format!("{basic}{}", trust("client = \"shop\"")),
            vec!["trust[0].client", "clients[0]", "jwt-bearer"],
        ),
        ("[[trust]]\nissuer = \"https://i.example\"\n".to_owned(), vec!["trust[0].subject", "missing"]),
        (
            "[key_sets]\nallow_hosts = [\"https://x\"]\n".to_owned(),
            vec!["key_sets.allow_hosts", "without scheme"],
        ),
        ("[key_sets]\nroots = [\"nowhere.pem\"]\n".to_owned(), vec!["key_sets.roots[0]", "cannot be read"]),
        ("[key_sets]\nroots = [\"grantor.toml\"]\n".to_owned(), vec!["key_sets.roots", "CERTIFICATE"]),
    ];
    for (block, expected) in cases {
        let ended =
            Program::refused(&["--config", &config(&format!("{RESOURCE}{block}"))], &[("SHARED", &secret)]);
        assert_eq!(ended.code, Some(2), "{block}: {}", ended.written);
        for part in expected {
            assert!(ended.written.contains(part), "{part} is not said of {block}: {}", ended.written);
        }
    }
}

#[test]
fn s10_a_switch_of_create_stands_in_its_block() {
    let made = printed(&["clients", "create", "--id", "robot", "--switch", "google_service_account"], &[]);
    let block = between(&made, "(--config FILE):\n", "\n# And this");
    assert!(block.contains("compatibility = [\"google_service_account\"]"), "{block}");
}
