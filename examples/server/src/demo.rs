//! Two clients to try the server with, and commands that can be pasted.

use grantor::store::{AuthMethod, Client, ClientRegistry, Insert, Revision};
use grantor::{AuthorizationServer, ClientId, ClientSecret, Endpoint, HostKeys, Scope, SystemEntropy};
use grantor_storage_memory::MemoryStore;

use crate::config::{Config, Target};
use crate::failure::Failure;
use crate::paste::{script_text, shell_word};

/// The demo clients of this run. Their secrets are new each time, and shown: that is what they are for.
pub(crate) struct Demo {
    basic: (&'static str, ClientSecret),
    post: (&'static str, ClientSecret),
    target: Target,
}

impl Demo {
    /// Registers them, where the configuration declares no client.
    pub(crate) async fn register(
        config: &Config,
        memory: &MemoryStore,
        host_keys: &HostKeys,
    ) -> Result<Option<Self>, Failure> {
        if !config.document.clients.is_empty() {
            return Ok(None);
        }
        let target = config.demo_target();
        // What is wrong with a declared scope is said where the resources are checked.
        let scope = Scope::parse(&target.scope).unwrap_or_else(|_| Scope::empty());
        let register = async |id: &'static str, method: AuthMethod| {
            let failed =
                |error: &dyn std::error::Error| Failure::Runtime(format!("demo client `{id}`: {error}"));
            let name = ClientId::new(id).map_err(|error| failed(&error))?;
            let entropy = SystemEntropy::new();
            let (secret, credential) =
                host_keys.new_secret(&name, &entropy).map_err(|error| failed(&error))?;
            let client =
                Client::builder(name, method).name("Demo").scope(scope.clone()).credential(credential);
            let client = client.build().map_err(|error| failed(&error))?;
            let first = Revision::first(&entropy).map_err(|error| failed(&error))?;
            match memory.insert(first, &client).await.map_err(|error| failed(&error))? {
                Insert::Done => Ok((id, secret)),
                Insert::Exists => Err(Failure::Runtime(format!("demo client `{id}` exists already"))),
            }
        };
        let basic = register("demo-basic", AuthMethod::CLIENT_SECRET_BASIC).await?;
        let post = register("demo-post", AuthMethod::CLIENT_SECRET_POST).await?;
        Ok(Some(Self { basic, post, target }))
    }

    /// Commands that get a token from `server`.
    pub(crate) fn commands(&self, server: &AuthorizationServer) -> String {
        let token = url(server, Endpoint::Token);
        let basic = self.curl(&token, &["-u", &format!("{}:{}", self.basic.0, self.basic.1.expose())], &[]);
        let (id, secret) = (self.post.0, self.post.1.expose());
        let own = [("client_id", id), ("client_secret", secret)];
        let post = self.curl(&token, &[], &own);
        let members: Vec<String> = std::iter::once(("grant_type", "client_credentials"))
            .chain(own)
            .chain(self.asked())
            .map(|(name, value)| format!("{name}: {}", script_text(value)))
            .collect();
        let script = format!(
            "const r = await fetch({}, {{ method: \"POST\", body: new URLSearchParams({{ {} }}) }}); \
             console.log(await r.json())",
            script_text(&token),
            members.join(", "),
        );
        let fetch = format!("node --input-type=module -e {}", shell_word(&script));
        format!(
            "Demo clients of this run, gone with it. Their secrets are shown this once.\n\n\
             # a token, the secret in the Authorization header\n{basic}\n\n\
             # a token, the secret in the body\n{post}\n\n\
             # a token, by JavaScript\n{fetch}\n\n",
        )
    }

    fn curl(&self, token: &str, options: &[&str], parameters: &[(&str, &str)]) -> String {
        let mut words = vec!["curl".to_owned(), "-sS".to_owned()];
        words.extend(options.iter().map(|option| shell_word(option)));
        words.extend(["-d".to_owned(), "grant_type=client_credentials".to_owned()]);
        for (name, value) in parameters.iter().copied().chain(self.asked()) {
            words.extend(["--data-urlencode".to_owned(), shell_word(&format!("{name}={value}"))]);
        }
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
