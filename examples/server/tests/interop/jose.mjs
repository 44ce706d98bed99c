// Access tokens checked by jose, as an API that is written with it would (RFC 9068 §4): its remote key set, and `jwtVerify` with
// the type, the issuer and the audience. Arguments: the address of the server, and a JSON array of tokens
// { token, alg, audience }. A line for each token that is good; then one for each way in which it must not be.
import { createRemoteJWKSet, jwtVerify } from "jose";

const [issuer, tokens] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));

async function refusal(token, rules) {
  try {
    await jwtVerify(token, keys, rules);
    return "taken";
  } catch (error) {
    return error.code;
  }
}

for (const { token, alg, audience } of JSON.parse(tokens)) {
  const rules = { issuer, audience, typ: "at+jwt", algorithms: [alg], requiredClaims: ["client_id", "iat", "jti", "sub", "exp"] };
  const { payload, protectedHeader } = await jwtVerify(token, keys, rules);
  console.log(protectedHeader.alg, payload.client_id, payload.scope, payload.exp - payload.iat);
  const [header, claims, signature] = token.split(".");
  const changed = Buffer.from(JSON.stringify({ ...payload, scope: "admin" })).toString("base64url");
  console.log(
    await refusal(token, { ...rules, audience: "https://other.example.com" }),
    await refusal(token, { ...rules, issuer: `${issuer}/` }),
    await refusal(token, { ...rules, typ: "JWT" }),
    await refusal(`${header}.${changed}.${signature}`, rules),
  );
}
