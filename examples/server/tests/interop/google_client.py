"""Tokens by google-auth for service accounts, from key files as Google's console makes them, but for their token_uri.

Arguments: the token endpoint, the file of a private JWK, and the e-mail addresses of the service accounts, with `told:` before those
that are told the audience. A line for each token.
"""

import json
import sys
import tempfile

import requests
from google.auth import jwt
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from joserfc.jwk import RSAKey

endpoint, key, *emails = sys.argv[1:]
with open(key, encoding="ascii") as file:
    pem = RSAKey.import_key(json.load(file)).as_pem(private=True).decode("ascii")
session = requests.Session()
session.trust_env = False
for email in emails:
    told, email = email.startswith("told:"), email.removeprefix("told:")
    info = {
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "1f6d8a04b2",
        "private_key": pem,
        "client_email": email,
        "client_id": "112010400000000710080",
        "token_uri": endpoint,
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(info, file)
        file.flush()
        credentials = service_account.Credentials.from_service_account_file(file.name, scopes=["read"])
    # The library means Google by `aud`, whatever the token_uri, unless it is told.
    if told:
        credentials = credentials.with_claims({"aud": endpoint})
    for _ in range(2):
        credentials.refresh(Request(session))
        claims = jwt.decode(credentials.token, verify=False)
        state = "valid" if credentials.valid else "stale"
        print(email, claims["client_id"], claims["sub"], claims["scope"], state)
