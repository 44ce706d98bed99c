//! Stock software gets tokens, unchanged: Authlib and google-auth (PyPI) and oauth4webapi (npm); and checks them: jose (npm).
//! `.ci/test` installs it, in the versions of `tests/interop`, and says where.

use std::fs::File;
use std::process::Command;

use oauth2::AuthType;
use serde_json::{Value, json};

use crate::keys::{ED25519, RESOURCE, RSA, jwk, public, with_jwk, with_new_key, with_secret};
use crate::program::{Program, config, file, new_secret};
use crate::tokens::token;

pub(crate) fn prepared(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: `bash .ci/test` installs what this test needs and sets it")
    })
}

/// The lines that a command prints.
pub(crate) fn lines(command: &mut Command) -> Vec<String> {
    let output = command.output().expect("start");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn authlib(program: &Program, clients: &Value) -> Command {
    let mut command = Command::new(prepared("GRANTOR_INTEROP_PYTHON"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/authlib_client.py");
    command.args([script, &program.token_url(), &clients.to_string()]);
    command
}

#[test]
#[ignore = "needs python3 with Authlib"]
fn clients_md_authlib_gets_tokens_under_token_endpoint_audience() {
    let ((es256, key), secret) = (with_new_key("es256"), new_secret());
    let blocks = [es256, with_jwk("rs256", RSA, "RS256"), with_secret("hs256", "client_secret_jwt")];
    let blocks =
        blocks.map(|block| format!("{block}compatibility = [\"token_endpoint_audience\"]\n")).concat();
    let permitted = "[dangerous.compatibility]\ntoken_endpoint_audience = \"listed_clients\"\n";
    let config = config(&format!("{RESOURCE}{blocks}{permitted}"));
    let mut program = Program::start(&["--config", &config], &[("SHARED", &secret)]);
    let warning =
        "warning         compatibility switch token_endpoint_audience for the clients that name it\n";
    assert!(program.printed.contains(warning), "{}", program.printed);
    let clients = json!([
        { "id": "es256", "method": "ES256", "key": key },
        { "id": "rs256", "method": "RS256", "key": RSA },
        { "id": "hs256", "method": "HS256", "secret": secret },
    ]);
    let expected = ["es256", "es256", "rs256", "rs256", "hs256", "hs256"];
    assert_eq!(lines(&mut authlib(&program, &clients)), expected.map(|id| format!("{id} Bearer read 600")));
    program.wait_for_log("compatibility switch used");
}

#[test]
#[ignore = "needs python3 with Authlib"]
fn rfc7523bis_s4_authlib_is_refused_without_its_switch() {
    let (block, key) = with_new_key("es256");
    let config = config(&format!("{RESOURCE}{block}"));
    let mut program = Program::start(&["--config", &config], &[]);
    let clients = json!([{ "id": "es256", "method": "ES256", "key": key }]);
    let output = authlib(&program, &clients).output().expect("python");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("invalid_client"), "{said}");
    program.wait_for_log("jwt_audience");
}

fn google_auth(program: &Program, emails: &[&str]) -> Command {
    let mut command = Command::new(prepared("GRANTOR_INTEROP_PYTHON"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/google_client.py");
    command.args([script, &program.token_url(), RSA]).args(emails);
    command
}

const ROBOT: &str = "robot@project.iam.gserviceaccount.com";
const HUB: &str = "hub@project.iam.gserviceaccount.com";

/// A service account that is registered as a client, and one of an issuer that is trusted: whose library is the same.
fn with_service_accounts(switch: &str, trust: &str) -> String {
    let robot = with_jwk(ROBOT, RSA, "RS256");
    let stand_in = "[[clients]]\nid = \"robots\"\nscope = \"read\"\ngrant_types = [\"jwt-bearer\"]\nsecrets = [{ env = \"SHARED\" }]\n";
    let set = json!({ "keys": [public(RSA)] }).to_string();
    let set = file("jwks.json", &set);
    format!(
        "{RESOURCE}{robot}grant_types = [\"jwt-bearer\"]\n{switch}{stand_in}[[trust]]\nissuer = \"{HUB}\"\nsubject = \"{HUB}\"\nclient = \"robots\"\n\
         scope = \"read\"\njwks_file = \"{}\"\n{trust}",
        set.display()
    )
}

#[test]
#[ignore = "needs python3 with google-auth"]
fn clients_md_google_auth_gets_tokens_for_service_accounts() {
    let secret = new_secret();
    let switch = "compatibility = [\"google_service_account\"]\n";
    let trust = "reusable = true\nscope_claim = true\nsubject_optional = true\naudience = \"https://oauth2.googleapis.com/token\"\n\
                 [dangerous.compatibility]\ngoogle_service_account = \"listed_clients\"\n";
    let config = config(&with_service_accounts(switch, trust));
    let mut program = Program::start(&["--config", &config], &[("SHARED", &secret)]);
    let of_robot = format!("{ROBOT} {ROBOT} {ROBOT} read valid");
    let of_hub = format!("{HUB} robots {HUB} read valid");
    let expected = [&of_robot, &of_robot, &of_hub, &of_hub].map(String::clone);
    let told = format!("told:{ROBOT}");
    assert_eq!(lines(&mut google_auth(&program, &[&told, HUB])), expected, "the other one as it comes");
    program.wait_for_log("compatibility switch used");
}

#[test]
#[ignore = "needs python3 with google-auth"]
fn rfc7523_s3_google_auth_is_refused_where_nobody_says_otherwise() {
    let secret = new_secret();
    let config = config(&with_service_accounts("", ""));
    let mut program = Program::start(&["--config", &config], &[("SHARED", &secret)]);
    for email in [ROBOT, HUB] {
        let output = google_auth(&program, &[&format!("told:{email}")]).output().expect("python");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("invalid_grant"), "{said}");
        program.wait_for_log("jwt_subject");
    }
}

#[test]
#[ignore = "needs node with oauth4webapi"]
fn clients_md_oauth4webapi_gets_tokens_without_any_switch() {
    let ((es256, key), secret) = (with_new_key("es256"), new_secret());
    let methods = ["client_secret_basic", "client_secret_post", "client_secret_jwt"];
    let blocks: String = methods.iter().map(|method| with_secret(method, method)).collect();
    let eddsa = with_jwk("eddsa", ED25519, "EdDSA");
    let config = config(&format!("{RESOURCE}{es256}{blocks}{eddsa}"));
    let program = Program::start(&["--config", &config], &[("SHARED", &secret)]);
    assert!(!program.printed.contains("compatibility switch"), "{}", program.printed);

    let mut clients: Vec<Value> =
        methods.iter().map(|method| json!({ "id": method, "method": method, "secret": secret })).collect();
    clients.push(json!({ "id": "es256", "method": "private_key_jwt", "pem": key }));
    clients.push(json!({ "id": "eddsa", "method": "private_key_jwt", "jwk": jwk(ED25519) }));
    let expected: Vec<String> = clients
        .iter()
        .map(|client| format!("{} {} bearer read 600", client["id"], client["method"]).replace('"', ""))
        .flat_map(|line| [line.clone(), line])
        .collect();

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/oauth4webapi.mjs");
    // From standard input, so that the import is looked up in the folder where it was installed.
    let mut node = Command::new("node");
    node.args(["--input-type=module", "-", &program.issuer(), &Value::from(clients).to_string()])
        .current_dir(prepared("GRANTOR_INTEROP_NODE"))
        .stdin(File::open(script).expect("script"));
    assert_eq!(lines(&mut node), expected);
}

/// One resource for each algorithm, and a token for each by a stock client.
#[tokio::test]
#[ignore = "needs node with jose"]
async fn rfc9068_s4_jose_verifies_tokens_of_every_algorithm() {
    let mut algorithms = vec!["ES256", "ES384", "EdDSA"];
    if cfg!(feature = "josekit") {
        algorithms.extend(["RS256", "PS256"]);
    }
    let secret = new_secret();
    let resource = |alg: &&str| {
        let (name, scope) = (alg.to_lowercase(), format!("read:{alg}"));
        format!(
            "[[resources]]\nuri = \"https://{name}.example.com\"\nscopes = [\"{scope}\"]\nsigning_algorithm = \"{alg}\"\n"
        )
    };
    let resources: String = algorithms.iter().map(resource).collect();
    let scopes: Vec<String> = algorithms.iter().map(|alg| format!("read:{alg}")).collect();
    let client = format!(
        "[[clients]]\nid = \"shop\"\nscope = \"{}\"\nsecrets = [{{ env = \"SHOP_SECRET\" }}]\n",
        scopes.join(" ")
    );
    let config = config(&format!("{resources}{client}"));
    let program = Program::start(&["--config", &config], &[("SHOP_SECRET", &secret)]);
    let (mut tokens, mut expected) = (Vec::new(), Vec::new());
    for (alg, scope) in algorithms.iter().zip(&scopes) {
        let got = token(&program, ("shop", &secret), AuthType::BasicAuth, scope).await.expect("a token");
        let audience = format!("https://{}.example.com", alg.to_lowercase());
        tokens.push(json!({ "token": got, "alg": alg, "audience": audience }));
        expected.push(format!("{alg} shop {scope} 600"));
        expected.push(
            "ERR_JWT_CLAIM_VALIDATION_FAILED ERR_JWT_CLAIM_VALIDATION_FAILED ERR_JWT_CLAIM_VALIDATION_FAILED \
             ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
                .to_owned(),
        );
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/jose.mjs");
    let mut node = Command::new("node");
    node.args(["--input-type=module", "-", &program.issuer(), &Value::from(tokens).to_string()])
        .current_dir(prepared("GRANTOR_INTEROP_NODE"))
        .stdin(File::open(script).expect("script"));
    assert_eq!(lines(&mut node), expected);
}
