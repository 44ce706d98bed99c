// Tokens by oauth4webapi, as its documentation has it: discovery by RFC 8414, then the client credentials grant.
// Arguments: the issuer, and a JSON array of clients { id, method, secret?, pem?, jwk? }. A line for each token.
import { readFile } from "node:fs/promises";
import * as oauth from "oauth4webapi";

const [issuer, clients] = process.argv.slice(2);
// For http on loopback; nothing else is out of the ordinary.
const options = { [oauth.allowInsecureRequests]: true };

async function privateKey({ pem, jwk }) {
  if (jwk) return crypto.subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["sign"]);
  const body = (await readFile(pem, "utf8")).replace(/-----[A-Z ]+-----|\s/g, "");
  const kind = { name: "ECDSA", namedCurve: "P-256" };
  return crypto.subtle.importKey("pkcs8", Buffer.from(body, "base64"), kind, false, ["sign"]);
}

async function authentication(client) {
  switch (client.method) {
    case "client_secret_basic":
      return oauth.ClientSecretBasic(client.secret);
    case "client_secret_post":
      return oauth.ClientSecretPost(client.secret);
    case "client_secret_jwt":
      return oauth.ClientSecretJwt(client.secret);
    case "private_key_jwt":
      return oauth.PrivateKeyJwt(await privateKey(client));
  }
}

const url = new URL(issuer);
const discovered = await oauth.discoveryRequest(url, { algorithm: "oauth2", ...options });
const server = await oauth.processDiscoveryResponse(url, discovered);

for (const client of JSON.parse(clients)) {
  const who = { client_id: client.id };
  // Twice, since an assertion made once would be refused the second time.
  for (let i = 0; i < 2; i++) {
    const proof = await authentication(client);
    const answer = await oauth.clientCredentialsGrantRequest(server, who, proof, { scope: "read" }, options);
    const token = await oauth.processClientCredentialsResponse(server, who, answer);
    console.log(client.id, client.method, token.token_type, token.scope, token.expires_in);
  }
}
