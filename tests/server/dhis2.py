"""An answerer for the endpoints of DHIS2 that clients of a connection use.

Shapes follow dhis2-core: pager, web messages, headers and rows of analytics, import
counts. Both ways in: basic and ``ApiToken``. Gaps: ``fields`` takes plain names, ``*``
and ``:all``; filters are ``eq``, ``like``, ``ilike``, ``in``, ``le`` and ``ge``, all of
which must hold; analytics have ``dx``, ``pe`` (months, years) and ``ou`` only, and no
metadata; what is posted counts for ``dataValueSets``, not for analytics.
"""

import base64
import json

from . import country
from .answerer import Answer, Answerer, Handler, as_json

# Of ASCII: requests, under the toolbox, would send é in Latin-1, and DHIS2 reads UTF-8.
USERNAME, PASSWORD = "agent", "Distr1ct:&/@ete!"
TOKEN = "d2pat_5xVA12xyUbWNedQxy4ohH77WlxRGVvZZ1151814092"
PAGE_SIZE = 50
COMBO = "HllvX50cXC0"  # "default", the same on every DHIS2
STATUS_NAMES = {401: "Unauthorized", 404: "Not Found", 409: "Conflict"}

HEADERS = [
    {
        "name": name,
        "column": column,
        "valueType": "NUMBER" if name == "value" else "TEXT",
        "type": f"java.lang.{'Double' if name == 'value' else 'String'}",
        "hidden": False,
        "meta": name != "value",
    }
    for name, column in (
        ("dx", "Data"),
        ("ou", "Organisation unit"),
        ("pe", "Period"),
        ("value", "Value"),
    )
]


def web_message(status: int, message: str, **more) -> Answer:
    """Answer with an error as DHIS2 writes it."""
    body = {
        "httpStatus": STATUS_NAMES[status],
        "httpStatusCode": status,
        "status": "ERROR",
        "message": message,
        **more,
    }
    return as_json(status, body)


class DHIS2Server(Answerer):
    """A context manager; ``url`` has no ``/api``, as in a connection.

    Attributes
    ----------
    posted : dict
        Data values that were sent: (element, unit, period) -> text.
    """

    def __init__(self):
        super().__init__()
        self.posted = {}
        levels = ("Pays", "Région", "District", "Formation sanitaire")
        self.collections = {
            "organisationUnits": country.org_units(),
            "dataElements": country.data_elements(),
            "categoryOptionCombos": ({"id": COMBO, "name": "default"},),
            "organisationUnitLevels": tuple(
                {"id": country.uid("level", name), "name": name, "level": level}
                for level, name in enumerate(levels, 1)
            ),
            **dict.fromkeys(("indicators", "dataSets", "organisationUnitGroups"), ()),
        }

    def answer(self, handler: Handler) -> Answer:
        if not _is_known(handler.headers.get("authorization", "")):
            return web_message(401, "Unauthorized")
        match handler.command, handler.route.removeprefix("/api/").split("/"):
            case "GET", ["ping"]:
                return 200, {"content-type": "text/plain"}, b"pong"
            case "GET", ["system", "info"]:
                return as_json(200, {"version": "2.40.3", "systemName": "SNIS Sahélie"})
            case "GET", ["me"]:
                return as_json(200, _me())
            case "GET", ["filledOrganisationUnitLevels"]:
                return as_json(200, self.collections["organisationUnitLevels"])
            case "GET", ["analytics" | "analytics.json"]:
                return self.analytics(handler.query)
            case "GET", ["dataValueSets" | "dataValueSets.json"]:
                return self.export_values(handler.query)
            case "POST", ["dataValueSets"]:
                return self.import_values(handler)
            case "GET", ["identifiableObjects", identifier]:
                return self.show(list(self.collections), identifier)
            case "GET", [name] if name.removesuffix(".json") in self.collections:
                return self.show_page(name.removesuffix(".json"), handler.query)
            case "GET", [name, identifier] if name in self.collections:
                return self.show([name], identifier)
        message = f"No handler found for {handler.command} {handler.route}"
        return web_message(404, message, errorCode="E1005")

    def show(self, names: list[str], identifier: str) -> Answer:
        for item in (item for name in names for item in self.collections[name]):
            if item["id"] == identifier:
                return as_json(200, item)
        message = f"{names[0]} with id {identifier} could not be found."
        return web_message(404, message, errorCode="E1005")

    def show_page(self, name: str, query: dict[str, list[str]]) -> Answer:
        """Answer with a page of a collection, or with all of it."""
        items = self.collections[name]
        for condition in query.get("filter", ()):
            items = [item for item in items if _matches(item, condition)]
        fields = ",".join(query.get("fields", ["id,displayName"])).split(",")
        items = [_pick(item, fields) for item in items]
        if query.get("paging", ["true"])[0].lower() == "false":
            return as_json(200, {name: items})
        page = int(query.get("page", ["1"])[0])
        size = int(query.get("pageSize", [PAGE_SIZE])[0])
        pages = max(1, -(-len(items) // size))
        pager = {"page": page, "total": len(items), "pageSize": size}
        pager["pageCount"] = pages
        link = f"{self.url}/api/{name}?pageSize={size}&page="
        if page < pages:
            pager["nextPage"] = f"{link}{page + 1}"
        if page > 1:
            pager["prevPage"] = f"{link}{page - 1}"
        return as_json(
            200, {"pager": pager, name: items[(page - 1) * size : page * size]}
        )

    def analytics(self, query: dict[str, list[str]]) -> Answer:
        """Add up what the facilities of each unit reported."""
        asked = dict(text.split(":", 1) for text in query.get("dimension", ()))
        for axis in ("dx", "pe", "ou"):
            if not asked.get(axis):
                message = (
                    "Dimension is present in query without any valid dimension "
                    f"options: `{axis}`"
                )
                return web_message(409, message, errorCode="E7124")
        rows = [
            [element, unit, period, total]
            for element in asked["dx"].split(";")
            for unit in asked["ou"].split(";")
            for period in asked["pe"].split(";")
            if (total := _total(element, unit, period)) is not None
        ]
        body = {"headers": HEADERS, "rows": rows, "width": 4, "height": len(rows)}
        return as_json(200, {**body, "headerWidth": 4})

    def export_values(self, query: dict[str, list[str]]) -> Answer:
        elements, units = query.get("dataElement", []), query.get("orgUnit", [])
        if not units:
            message = (
                "At least one organisation unit or organisation unit group must be "
                "specified"
            )
            return web_message(409, message, errorCode="E2006")
        if _is_true(query, "children"):
            units = [f["id"] for unit in units for f in country.facilities_of(unit)]
        found = [
            self.value(element, unit, period)
            for element in elements
            for unit in units
            for period in query.get("period", country.PERIODS)
        ]
        return as_json(200, {"dataValues": [value for value in found if value]})

    def value(self, element: str, unit: str, period: str) -> dict | None:
        text = self.posted.get((element, unit, period))
        if text is None and country.facilities_of(unit) == [_by_id(unit)]:
            text = country.value(element, unit, period)
        if text is None:
            return None
        return {
            "dataElement": element,
            "period": period,
            "orgUnit": unit,
            "categoryOptionCombo": COMBO,
            "attributeOptionCombo": COMBO,
            "value": str(text),
            "storedBy": USERNAME,
            "created": "2024-06-01T00:00:00.000+0000",
            "lastUpdated": "2024-06-01T00:00:00.000+0000",
            "followup": False,
        }

    def import_values(self, handler: Handler) -> Answer:
        """Take data values; those of unknown elements or units are conflicts."""
        known = {item["id"] for item in country.data_elements()}
        count = dict.fromkeys(("imported", "updated", "ignored", "deleted"), 0)
        conflicts, is_dry = [], _is_true(handler.query, "dryRun")
        for sent in json.loads(handler.body)["dataValues"]:
            place = (sent["dataElement"], sent["orgUnit"], sent["period"])
            if place[0] not in known or _by_id(place[1]) is None:
                count["ignored"] += 1
                text = f"Data element or org unit not found: `{place[0]}`, `{place[1]}`"
                conflicts.append({"object": place[0], "value": text})
                continue
            count["updated" if self.value(*place) else "imported"] += 1
            if not is_dry:
                self.posted[place] = str(sent["value"])
        summary = {"responseType": "ImportSummary", "importCount": count}
        if conflicts:
            message = "One more conflicts encountered, please check import summary."
            summary |= {"status": "WARNING", "conflicts": conflicts}
            return web_message(409, message, response=summary)
        body = {"httpStatus": "OK", "httpStatusCode": 200, "status": "OK"}
        summary["status"] = "SUCCESS"
        body["message"] = "Import was successful."
        return as_json(200, {**body, "response": summary})


def _is_known(authorization: str) -> bool:
    basic = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    return authorization in (f"Basic {basic}", f"ApiToken {TOKEN}")


def _is_true(query: dict[str, list[str]], name: str) -> bool:
    return query.get(name, ["false"])[0].lower() == "true"


def _me() -> dict:
    return {
        "id": country.uid("user"),
        "username": USERNAME,
        "name": "Aïssata Ñandé",
        "authorities": ["F_DATAVALUE_ADD", "M_dhis-web-dashboard"],
        "organisationUnits": [{"id": country.org_units()[0]["id"]}],
    }


def _by_id(identifier: str) -> dict | None:
    return next((u for u in country.org_units() if u["id"] == identifier), None)


def _matches(item: dict, condition: str) -> bool:
    name, operator, text = condition.split(":", 2)
    holder = item
    for part in name.split("."):
        holder = holder.get(part, {})
    found = str(holder)
    match operator:
        case "eq":
            return found == text
        case "like":
            return text in found
        case "ilike":
            return text.lower() in found.lower()
        case "in":
            return found in text.strip("[]").split(",")
        case "le" | "ge":
            return (holder <= int(text)) if operator == "le" else holder >= int(text)
    raise ValueError(f"this answerer knows no filter {operator}")


def _pick(item: dict, fields: list[str]) -> dict:
    if {"*", ":all"} & set(fields):
        return item
    return {name: item[name] for name in fields if name in item}


def _total(element: str, unit: str, period: str) -> str | None:
    """Add up a unit's facilities over the months of a period; give it as text."""
    found = [
        value
        for facility in country.facilities_of(unit)
        for month in country.PERIODS
        if month.startswith(period)
        and (value := country.value(element, facility["id"], month)) is not None
    ]
    known = {item["id"]: item["aggregationType"] for item in country.data_elements()}
    if not found or element not in known:
        return None
    return f"{sum(found) / (len(found) if known[element] == 'AVERAGE' else 1):.1f}"
