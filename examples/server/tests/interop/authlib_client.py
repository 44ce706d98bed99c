"""Tokens by Authlib's OAuth2Session with ClientSecretJWT and PrivateKeyJWT, as its documentation has it.

Arguments: the token endpoint, and a JSON array of clients {id, method, secret | key}. A line for each token.
"""

import json
import os
import sys

# For http on loopback; nothing else is out of the ordinary.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.requests_client import OAuth2Session  # noqa: E402
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT  # noqa: E402
from joserfc.jwk import ECKey, RSAKey  # noqa: E402

endpoint, clients = sys.argv[1:]
for client in json.loads(clients):
    if client["method"] == "ES256":
        with open(client["key"], encoding="ascii") as file:
            secret = ECKey.import_key(file.read())
        method = PrivateKeyJWT(endpoint, alg="ES256")
    elif client["method"] == "RS256":
        with open(client["key"], encoding="ascii") as file:
            secret = RSAKey.import_key(json.load(file))
        method = PrivateKeyJWT(endpoint)
    else:
        secret = client["secret"]
        method = ClientSecretJWT(endpoint)
    session = OAuth2Session(client["id"], secret, token_endpoint_auth_method=method, scope="read")
    session.trust_env = False
    # Twice, since an assertion made once would be refused the second time.
    for _ in range(2):
        token = session.fetch_token(endpoint, grant_type="client_credentials")
        print(client["id"], token["token_type"], token["scope"], token["expires_in"])
