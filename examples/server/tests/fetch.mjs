// A token by nothing but what JavaScript brings: fetch and URLSearchParams.
const [url, id, secret, method, scope] = process.argv.slice(2);
const body = new URLSearchParams({ grant_type: "client_credentials", scope });
const headers = {};
if (method === "basic") {
  headers.authorization = "Basic " + btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`);
} else {
  body.set("client_id", id);
  body.set("client_secret", secret);
}
const answer = await fetch(url, { method: "POST", headers, body });
const token = await answer.json();
if (typeof token.access_token !== "string") throw new Error(JSON.stringify(token));
console.log(answer.status, token.token_type, token.scope, answer.headers.get("cache-control"));
