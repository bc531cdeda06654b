"""An answerer for the endpoints of IASO that clients of a connection use.

Shapes follow BLSQ/iaso: Simple JWT's tokens, pages of Django REST framework. Org units
come as ``orgUnits``, as the toolbox and older servers name them; current servers say
``orgunits`` when paged (``key`` chooses). Gaps: of the filters only ``search`` and, for
instances, ``form_ids`` count; no shapes, no csv, no writing.
"""

import base64
import hashlib
import hmac
import json
import time

from . import country
from .answerer import Answer, Answerer, Handler, as_json

USERNAME, PASSWORD = "enquêtrice", "T3rrain-Ñandé?"
LIFETIME_S = {"access": 3600, "refresh": 86400}
NO_ACCOUNT = "No active account found with the given credentials"
BAD_TOKEN = {"detail": "Token is invalid or expired", "code": "token_not_valid"}
TYPES = ("Pays", "Région", "District", "Formation sanitaire")
FORMS = (
    {"id": 1, "name": "Supervision – établissement", "form_id": "supervision"},
    {"id": 2, "name": "Enquête ménages", "form_id": "menages"},
)


class IASOServer(Answerer):
    """A context manager; ``url`` is the server's address.

    Attributes
    ----------
    secret : bytes
        Signs the tokens; another one makes all that were given invalid.
    key : str
        Name of the list of org units in an answer.
    """

    def __init__(self, key: str = "orgUnits"):
        super().__init__()
        self.secret, self.key = b"first", key

    def answer(self, handler: Handler) -> Answer:
        if not handler.route.endswith("/"):
            return 301, {"location": handler.path.replace("?", "/?", 1)}, b""
        match handler.command, handler.route:
            case "POST", "/api/token/":
                return self.log_in(json.loads(handler.body))
            case "POST", "/api/token/refresh/":
                return self.refresh(json.loads(handler.body))
        kind, _, token = handler.headers.get("authorization", "").partition(" ")
        if kind != "Bearer":
            text = "Authentication credentials were not provided."
            return _refusal({"detail": text})
        if not self.is_valid(token, "access"):
            detail = "Given token not valid for any token type"
            return _refusal({**BAD_TOKEN, "detail": detail})
        match handler.route:
            case "/api/orgunits/":
                return _page(self.key, _org_units(), handler.query)
            case "/api/forms/":
                return _page("forms", FORMS, handler.query)
            case "/api/projects/":
                project = {"id": 1, "name": "Sahélie", "app_id": "org.sahelie"}
                return _page("projects", [project], handler.query)
            case "/api/instances/":
                return _page("instances", _instances(handler.query), handler.query)
        return as_json(404, {"detail": "Not found."})

    def log_in(self, sent: dict) -> Answer:
        if (sent.get("username"), sent.get("password")) != (USERNAME, PASSWORD):
            return _refusal({"detail": NO_ACCOUNT})
        return as_json(200, {kind: self.token(kind) for kind in LIFETIME_S})

    def refresh(self, sent: dict) -> Answer:
        if not self.is_valid(sent.get("refresh", ""), "refresh"):
            return _refusal(BAD_TOKEN)
        return as_json(200, {"access": self.token("access")})

    def token(self, kind: str) -> str:
        """Make a JSON Web Token, signed by HS256."""
        claims = {"token_type": kind, "exp": int(time.time()) + LIFETIME_S[kind]}
        parts = ({"alg": "HS256", "typ": "JWT"}, {**claims, "user_id": 1})
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{self.signature(signed)}"

    def is_valid(self, token: str, kind: str) -> bool:
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self.signature(signed)):
            return False
        claims = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
        return claims["token_type"] == kind and claims["exp"] > time.time()

    def signature(self, signed: str) -> str:
        return _encoded(hmac.digest(self.secret, signed.encode(), hashlib.sha256))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _refusal(body: dict) -> Answer:
    return as_json(401, body, www_authenticate='Bearer realm="api"')


def _page(key: str, items: list, query: dict[str, list[str]]) -> Answer:
    """Answer with a page, or with everything when no limit is asked for."""
    search = query.get("search", [""])[0].lower()
    items = [item for item in items if search in item.get("name", "").lower()]
    if "limit" not in query:
        return as_json(200, {key: items})
    limit = int(query["limit"][0])
    pages = max(1, -(-len(items) // limit))
    page = min(int(query.get("page", ["1"])[0]), pages)
    body = {"count": len(items), key: items[(page - 1) * limit : page * limit]}
    place = {"has_next": page < pages, "has_previous": page > 1, "page": page}
    return as_json(200, {**body, **place, "pages": pages, "limit": limit})


def _org_units() -> list[dict]:
    units = country.org_units()
    numbers = {unit["id"]: number for number, unit in enumerate(units, 1)}
    found = []
    for unit in units:
        point = unit.get("geometry", {}).get("coordinates", (None, None))
        found.append(
            {
                "id": numbers[unit["id"]],
                "name": unit["name"],
                "short_name": unit["name"],
                "source": "dhis2",
                "source_ref": unit["id"],
                "parent_id": numbers.get(unit.get("parent", {}).get("id")),
                "org_unit_type_id": unit["level"],
                "org_unit_type_name": TYPES[unit["level"] - 1],
                "validation_status": "VALID",
                "latitude": point[1],
                "longitude": point[0],
                "altitude": None,
                "has_geo_json": False,
                "created_at": 1577836800.0,
                "updated_at": 1717200000.0,
            }
        )
    return found


def _instances(query: dict[str, list[str]]) -> list[dict]:
    """List what was filled in: each facility sent each form once."""
    forms = query.get("form_ids", ["1,2"])[0].split(",")
    facilities = [u for u in _org_units() if u["org_unit_type_id"] == 4]
    return [
        {
            "id": form["id"] * 1000 + unit["id"],
            "uuid": country.uid("instance", form["id"], unit["id"]),
            "form_id": form["id"],
            "form_name": form["name"],
            "org_unit": unit,
            "status": "READY",
            "created_at": 1704067200.0 + unit["id"],
            "updated_at": 1704067200.0 + unit["id"],
            "file_content": {
                "agents": str(country.number("staff", unit["id"], below=40)),
                "remarque": "Rien à signaler",
            },
        }
        for form in FORMS
        if str(form["id"]) in forms
        for unit in facilities
    ]
