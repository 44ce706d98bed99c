//! Stock software registers itself and gets tokens, unchanged: oauth4webapi and openid-client (npm). `.ci/test` installs them.

use std::fs::File;
use std::process::Command;

use crate::interop::{lines, prepared};
use crate::keys::RESOURCE;
use crate::program::{ADAPTERS, Program, config};

const INITIAL: &str = "initial-0123456789abcdef0123456789abcdef";

#[test]
#[ignore = "needs node with oauth4webapi and openid-client"]
fn rfc7591_s3_stock_libraries_register_themselves_and_get_tokens() {
    let methods = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"];
    let mut expected = Vec::new();
    // A method that is left out, then each that is not.
    for method in ["client_secret_basic"].iter().chain(&methods) {
        expected.extend([format!("oauth4webapi {method} kept read 600"), "true 200 204 401".to_owned()]);
    }
    for method in methods {
        expected.extend([format!("openid-client {method} kept read 600"), "true 200 204 401".to_owned()]);
    }
    expected.push("openid-client client_secret_post kept read 600".to_owned());
    expected.push("WWWAuthenticateChallengeError 401 invalid_token".to_owned());
    expected.push("ResponseBodyError 400 invalid_client_metadata".to_owned());
    for adapter in ADAPTERS {
        let idle = "[[clients]]\nid = \"idle\"\nenabled = false\n";
        let arguments = ["--adapter", adapter, "--config", &config(&format!("{RESOURCE}{idle}"))];
        let program = Program::start(&arguments, &[("GRANTOR_INITIAL_ACCESS_TOKEN", INITIAL)]);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/registration.mjs");
        // From standard input, so that the imports are looked up in the folder where they were installed.
        let mut node = Command::new("node");
        node.args(["--input-type=module", "-", &program.issuer(), INITIAL])
            .current_dir(prepared("GRANTOR_INTEROP_NODE"))
            .stdin(File::open(script).expect("script"));
        assert_eq!(lines(&mut node), expected, "{adapter}");
        let stopped = program.stopped();
        for secret in [INITIAL, "grantor_rat_"] {
            assert!(!stopped.written.contains(secret), "{}", stopped.written);
        }
    }
}
