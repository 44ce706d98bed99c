// Clients that register themselves by oauth4webapi and by openid-client, as their documentation has it, and then get a token.
// Arguments: the issuer, and an initial access token. A line for each client: the library, its method, what its token says.
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";

const [issuer, initialAccessToken] = process.argv.slice(2);
const url = new URL(issuer);

const { publicKey, privateKey } = await oauth.generateKeyPair("ES256");
const { key_ops, ext, ...jwk } = await crypto.subtle.exportKey("jwk", publicKey);
const jwks = { keys: [{ ...jwk, kid: "mine", use: "sig", alg: "ES256" }] };

// What client software sends that is not for machines alone; each by the method that it is to be registered for.
const common = {
  application_type: "web",
  client_name: "Stock client",
  "client_name#fr": "Client ordinaire",
  redirect_uris: ["https://client.example.org/callback"],
  grant_types: ["authorization_code", "client_credentials"],
  response_types: ["code"],
  scope: "read",
};
const clients = [
  // oauth4webapi has no method unless it is told one, and RFC 7591 §2 has this one then.
  { metadata: common, method: "client_secret_basic" },
  ...["client_secret_basic", "client_secret_post", "client_secret_jwt"].map((method) => ({
    metadata: { ...common, token_endpoint_auth_method: method },
    method,
  })),
  {
    metadata: {
      ...common,
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES256",
      jwks,
    },
    method: "private_key_jwt",
  },
];

function told(library, registered, { metadata, method }, token) {
  const kept = [
    registered.token_endpoint_auth_method === method,
    registered.client_name === metadata.client_name,
    registered["client_name#fr"] === metadata["client_name#fr"],
    registered.grant_types.join() === "client_credentials",
    registered.response_types.length === 0,
    method === "private_key_jwt" ? registered.client_secret === undefined : registered.client_secret_expires_at === 0,
    registered.registration_client_uri === `${issuer}/oauth2/register/${registered.client_id}`,
  ];
  console.log(library, method, kept.every(Boolean) ? "kept" : JSON.stringify(registered), token.scope, token.expires_in);
}

// RFC 7592, for which neither has a function: as any HTTP client does it.
async function leaves(registered) {
  const headers = { authorization: `Bearer ${registered.registration_access_token}` };
  const read = await fetch(registered.registration_client_uri, { headers });
  const deleted = await fetch(registered.registration_client_uri, { headers, method: "DELETE" });
  const again = await fetch(registered.registration_client_uri, { headers });
  console.log((await read.json()).client_id === registered.client_id, read.status, deleted.status, again.status);
}

const plain = { [oauth.allowInsecureRequests]: true };
const discovered = await oauth.discoveryRequest(url, { algorithm: "oauth2", ...plain });
const server = await oauth.processDiscoveryResponse(url, discovered);
for (const client of clients) {
  const asked = await oauth.dynamicClientRegistrationRequest(server, client.metadata, { initialAccessToken, ...plain });
  const registered = await oauth.processDynamicClientRegistrationResponse(asked);
  const authentication = {
    client_secret_basic: oauth.ClientSecretBasic,
    client_secret_post: oauth.ClientSecretPost,
    client_secret_jwt: oauth.ClientSecretJwt,
  }[client.method];
  const proof = authentication
    ? authentication(registered.client_secret)
    : oauth.PrivateKeyJwt({ key: privateKey, kid: "mine" });
  const answer = await oauth.clientCredentialsGrantRequest(server, registered, proof, { scope: "read" }, plain);
  told("oauth4webapi", registered, client, await oauth.processClientCredentialsResponse(server, registered, answer));
  await leaves(registered);
}

const options = { algorithm: "oauth2", initialAccessToken, execute: [openid.allowInsecureRequests] };
for (const client of clients.slice(1)) {
  // By its documentation a function of the secret that it gets; a key it has before.
  const authentication = {
    client_secret_basic: openid.ClientSecretBasic(),
    client_secret_post: openid.ClientSecretPost(),
    client_secret_jwt: openid.ClientSecretJwt(),
    private_key_jwt: openid.PrivateKeyJwt({ key: privateKey, kid: "mine" }),
  }[client.method];
  const config = await openid.dynamicClientRegistration(url, client.metadata, authentication, options);
  const token = await openid.clientCredentialsGrant(config, { scope: "read" });
  told("openid-client", config.clientMetadata(), client, token);
  await leaves(config.clientMetadata());
}
// Left to itself openid-client sends the secret in the body: so that is what it has to register.
const post = { ...common, token_endpoint_auth_method: "client_secret_post" };
const config = await openid.dynamicClientRegistration(url, post, undefined, options);
const token = await openid.clientCredentialsGrant(config, { scope: "read" });
told("openid-client", config.clientMetadata(), { metadata: post, method: "client_secret_post" }, token);

// What is refused they can read: the challenge, and the error.
for (const [initial, metadata] of [["wrong", common], [initialAccessToken, { ...common, scope: "admin" }]]) {
  const asked = await oauth.dynamicClientRegistrationRequest(server, metadata, { ...plain, initialAccessToken: initial });
  const error = await oauth.processDynamicClientRegistrationResponse(asked).catch((error) => error);
  console.log(error.constructor.name, error.status, error.error ?? error.cause[0].parameters.error);
}
