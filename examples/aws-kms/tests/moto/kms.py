"""A KMS that stands in for AWS's in tests: moto's server, with four things as AWS does them.

1. Of MessageType DIGEST, Message is the digest and is not hashed once more.
2. RSASSA-PSS has a salt as long as the digest (KMS: "RSASSA-PSS ... salt length is the same as the length of the digest").
3. A key that is disabled or about to be deleted signs nothing, and is not deleted twice.
4. A key to be deleted may be named by its ARN.

Usage: kms.py -H HOST -p PORT
"""

import base64
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import ValidationException
from moto.kms.responses import KmsResponse
from moto.server import main


def usable(self, key_id):
    self._validate_key_id(key_id)
    key = self.kms_backend.describe_key(key_id)
    if key.key_state == "Disabled":
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    if key.key_state != "Enabled":
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    return key


def sign(self):
    key = usable(self, self._get_param("KeyId"))
    message, algorithm = self._get_param("Message"), self._get_param("SigningAlgorithm")
    if algorithm not in (key.signing_algorithms or []):
        raise JsonRESTError("InvalidKeyUsageException", f"{algorithm} is not valid for {key.arn}.")
    digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[algorithm[-3:]]()
    if self._get_param("MessageType") == "DIGEST":
        if len(message) != digest.digest_size:
            raise ValidationException("Digest is invalid length for algorithm " + algorithm)
        hashed = utils.Prehashed(digest)
    else:
        if len(message) > 4096:
            raise ValidationException("Value at 'Message' must have length less than or equal to 4096")
        hashed = digest
    private = key.private_key.private_key
    if algorithm.startswith("ECDSA"):
        signature = private.sign(message, ec.ECDSA(hashed))
    elif algorithm.startswith("RSASSA_PSS"):
        salt = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
        signature = private.sign(message, salt, hashed)
    else:
        signature = private.sign(message, padding.PKCS1v15(), hashed)
    answer = {"KeyId": key.arn, "Signature": base64.b64encode(signature).decode(), "SigningAlgorithm": algorithm}
    return json.dumps(answer)


def schedule_key_deletion(self):
    self._validate_key_id(self._get_param("KeyId"))
    key = self.kms_backend.describe_key(self._get_param("KeyId"))
    if key.key_state == "PendingDeletion":
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    date = self.kms_backend.schedule_key_deletion(key.id, self._get_param("PendingWindowInDays"))
    return json.dumps({"KeyId": key.arn, "DeletionDate": date, "KeyState": key.key_state})


KmsResponse.sign = sign
KmsResponse.schedule_key_deletion = schedule_key_deletion

if __name__ == "__main__":
    main()
