//! Commands to paste.

use std::path::Path;

use grantor::{AuthorizationServer, Endpoint};

use super::{BASIC, Demo, KEY_JWT, POST, SECRET_JWT};
use crate::paste::{script_text, shell_word};

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Holds the secret for the length of one command.
const VARIABLE: &str = "DEMO_SECRET";
/// Holds a token from one command to the next.
const TOKEN: &str = "TOKEN";
/// For `sed`, which is everywhere.
const FIND_TOKEN: &str = r#"s/.*"access_token":"\([^"]*\)".*/\1/p"#;

impl Demo {
    /// Commands that get a token from `server`, look at it and revoke it.
    pub(crate) fn commands(&self, server: &AuthorizationServer) -> String {
        let token = url(server, Endpoint::Token);
        let user = format!("-u {}", shell_word(&format!("{BASIC}:{}", self.basic.expose())));
        let basic = self.curl(&token, std::slice::from_ref(&user));
        let own = [("client_id", POST), ("client_secret", self.post.expose())];
        let post = self.curl(&token, &own.map(|(name, value)| parameter(name, value)));
        let program = format!("{VARIABLE}={} {}", shell_word(self.secret_jwt.expose()), program());
        let secret_jwt = assertion(server, &program, &format!("--secret-env {VARIABLE}"), SECRET_JWT);
        let secret_jwt = self.curl(&token, &secret_jwt);
        format!(
            "Demo clients of this run, gone with it. Their secrets are shown this once.\n\n\
             # a token, the secret in the Authorization header\n{basic}\n\n\
             # a token, the secret in the body\n{post}\n\n\
             # a token, by JavaScript\n{}\n\n\
             # a token, by a JWT made with the secret (client_secret_jwt)\n{secret_jwt}\n\n{}\
             # a token that is kept, what it says (introspection), and its end (revocation): after that it is not active\n\
             {TOKEN}=$({basic} | sed -n '{FIND_TOKEN}')\n{}\n{}\n\n",
            self.fetch(&token, &own),
            self.by_key(server, &token).unwrap_or_default(),
            about_token(server, Endpoint::Introspection, &user),
            about_token(server, Endpoint::Revocation, &user),
        )
    }

    fn by_key(&self, server: &AuthorizationServer, token: &str) -> Option<String> {
        let file = shell_path(self.key_jwt.as_ref()?.path());
        let proof = assertion(server, &program(), &format!("--key {file}"), KEY_JWT);
        Some(format!(
            "# a token, by a JWT signed with the private key in {file} (private_key_jwt);\n\
             # the file is removed when the server stops\n{}\n\n",
            self.curl(token, &proof)
        ))
    }

    fn fetch(&self, token: &str, own: &[(&str, &str)]) -> String {
        let members: Vec<String> = std::iter::once(("grant_type", "client_credentials"))
            .chain(own.iter().copied())
            .chain(self.asked())
            .map(|(name, value)| format!("{name}: {}", script_text(value)))
            .collect();
        let script = format!(
            "const r = await fetch({}, {{ method: \"POST\", body: new URLSearchParams({{ {} }}) }}); \
             console.log(await r.json())",
            script_text(token),
            members.join(", "),
        );
        format!("node --input-type=module -e {}", shell_word(&script))
    }

    /// `proof` as a shell takes it.
    fn curl(&self, token: &str, proof: &[String]) -> String {
        let mut words = vec!["curl -sS".to_owned()];
        words.extend_from_slice(proof);
        words.push("-d grant_type=client_credentials".to_owned());
        words.extend(self.asked().map(|(name, value)| parameter(name, value)));
        words.push(shell_word(token));
        words.join(" ")
    }

    /// What is asked for: a scope if there is one, and the resource where there are several.
    fn asked(&self) -> impl Iterator<Item = (&str, &str)> {
        let target = &self.target;
        let scope = Some(("scope", target.scope.as_str())).filter(|_| !target.scope.is_empty());
        let resource = Some(("resource", target.resource.as_str())).filter(|_| target.is_one_of_many);
        scope.into_iter().chain(resource)
    }
}

/// A request about the token in [`TOKEN`]. Says the status too, since a revocation has nothing else to say.
fn about_token(server: &AuthorizationServer, endpoint: Endpoint, user: &str) -> String {
    let url = shell_word(&url(server, endpoint));
    format!(r#"curl -sS -w '\n%{{http_code}}\n' {user} -d "token=${TOKEN}" {url}"#)
}

fn parameter(name: &str, value: &str) -> String {
    format!("--data-urlencode {}", shell_word(&format!("{name}={value}")))
}

/// The parameters of an assertion that `program` makes when the command runs: each is good for one request.
fn assertion(server: &AuthorizationServer, program: &str, with: &str, client: &str) -> [String; 2] {
    let issuer = shell_word(server.issuer().as_str());
    let made = format!("$({program} assertion {with} --client {client} --issuer {issuer})");
    [parameter("client_assertion_type", ASSERTION_TYPE), format!("-d \"client_assertion={made}\"")]
}

/// This program, wherever it was built.
fn program() -> String {
    std::env::current_exe().map_or_else(|_| "grantor-server".to_owned(), |path| shell_path(&path))
}

fn shell_path(path: &Path) -> String {
    shell_word(&path.to_string_lossy())
}

/// Commands that show what the server publishes.
pub(crate) fn public_commands(server: &AuthorizationServer) -> String {
    format!(
        "# the keys that verify tokens, and the metadata\ncurl -sS {}\ncurl -sS {}\n\n",
        shell_word(&url(server, Endpoint::Jwks)),
        shell_word(&url(server, Endpoint::Metadata)),
    )
}

/// Where clients reach an endpoint.
fn url(server: &AuthorizationServer, endpoint: Endpoint) -> String {
    let issuer = server.issuer();
    let base = issuer.as_str().trim_end_matches('/');
    let origin = base.strip_suffix(issuer.path()).unwrap_or(base);
    let path = server.routes().find(|(_, own)| *own == endpoint).map_or("/", |(path, _)| path);
    format!("{origin}{path}")
}
