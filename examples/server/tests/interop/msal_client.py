"""Tokens by MSAL's ConfidentialClientApplication, in each of the ways in which it takes a certificate.

`new FOLDER`: makes a key with a self-signed certificate there, and prints its public JWK.
`get SERVER AUTHORITY IDS FOLDER`: two tokens for each client, whose id is the way, comma-separated; a line for each answer.
"""

import datetime
import hashlib
import json
import pathlib
import sys
import urllib.parse
from base64 import b64encode, urlsafe_b64encode

import jwt
import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12


def base64url(octets):
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def new(folder):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "billing")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=365))
    certificate = builder.sign(key, hashes.SHA256())
    unlocked = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    folder.joinpath("key.pem").write_bytes(key.private_bytes(pem, form, unlocked))
    folder.joinpath("certificate.pem").write_bytes(certificate.public_bytes(pem))
    pfx = pkcs12.serialize_key_and_certificates(b"billing", key, certificate, None, unlocked)
    folder.joinpath("both.pfx").write_bytes(pfx)
    der = certificate.public_bytes(serialization.Encoding.DER)
    number = key.public_key().public_numbers().n
    jwk = {
        "kty": "RSA",
        "n": base64url(number.to_bytes(256, "big")),
        "e": "AQAB",
        "x5t": base64url(hashlib.sha1(der).digest()),
        "x5t#S256": base64url(hashlib.sha256(der).digest()),
        "x5c": [b64encode(der).decode("ascii")],
    }
    print(json.dumps(jwk))


class Proxy(requests.Session):
    """MSAL speaks https alone: this ends TLS in front of the server, which is what an HTTP client of one's own is for there."""

    def __init__(self, server, authority):
        super().__init__()
        self.trust_env = False
        self.server = server
        self.outside = "https://" + urllib.parse.urlsplit(authority).netloc
        self.sent = []

    def request(self, method, url, **arguments):
        if not url.startswith(self.outside + "/"):
            raise RuntimeError(f"{url} is asked for")
        answer = super().request(method, self.server + url.removeprefix(self.outside), **arguments)
        if method == "POST":
            self.sent.append((answer.status_code, arguments["data"]["client_assertion"]))
        return answer


def get(server, authority, ids, folder):
    key = folder.joinpath("key.pem").read_text(encoding="ascii")
    certificate = folder.joinpath("certificate.pem").read_text(encoding="ascii")
    thumbprint = x509.load_pem_x509_certificate(certificate.encode("ascii")).fingerprint(hashes.SHA1()).hex()
    ways = {
        "certificate": {"private_key": key, "public_certificate": certificate},
        "pfx": {"private_key_pfx_path": str(folder.joinpath("both.pfx"))},
        "thumbprint": {"private_key": key, "thumbprint": thumbprint},
        "thumbprint-x5c": {"private_key": key, "thumbprint": thumbprint, "public_certificate": certificate},
    }
    for client in ids:
        proxy = Proxy(server, authority)
        application = msal.ConfidentialClientApplication(
            client, client_credential=ways[client], oidc_authority=authority, http_client=proxy
        )
        # Another scope the second time, or it would answer from its cache of tokens.
        for scope in ["read", "write"]:
            result = application.acquire_token_for_client([scope])
            status, assertion = proxy.sent[-1]
            header = jwt.get_unverified_header(assertion)
            audience = jwt.decode(assertion, options={"verify_signature": False})["aud"]
            which = "again" if assertion in (earlier for _, earlier in proxy.sent[:-1]) else "new"
            members = "+".join(sorted(header.keys() - {"alg", "typ"}))
            outcome = result["token_type"] if "access_token" in result else result["error"]
            print(client, header["alg"], members, which, audience, status, outcome)


command, *arguments = sys.argv[1:]
if command == "new":
    new(pathlib.Path(*arguments))
else:
    server, authority, ids, folder = arguments
    get(server, authority, ids.split(","), pathlib.Path(folder))
