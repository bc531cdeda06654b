"""A country that does not exist: what the DHIS2 and the IASO answerers know.

Four levels (1 country, 6 regions, 30 districts, 210 facilities), names with accents,
monthly counts of 2023 and 2024. Every number is computed from names, so it is the same
each time.
"""

import hashlib
import itertools
from functools import cache

COUNTRY = "République de Sahélie"
REGIONS = (
    "Île-de-Guéré",
    "Nord-Éburnie",
    "Haut-Kénéya",
    "Côte d’Œuvre",
    "Ñandé",
    "Foûta",
)
DISTRICTS = ("Bâ", "Kéré", "Dioïla", "Séguéla", "M’Baïki")
FACILITIES = (
    "CS Urbain",
    "CSI Zénith",
    "Hôpital “Espoir”",
    "Clinique Ébène",
    "Case de santé Nº 5",
    "CSR 東",
    "Poste 100 % Santé & Cie",
)
DATA_ELEMENTS = (
    ("Paludisme – cas confirmés", "INTEGER_ZERO_OR_POSITIVE", "SUM"),
    ("Paludisme – cas testés", "INTEGER_ZERO_OR_POSITIVE", "SUM"),
    ("Rougeole – doses administrées", "INTEGER_ZERO_OR_POSITIVE", "SUM"),
    ("Taux de promptitude", "PERCENTAGE", "AVERAGE"),
    ("Consultations prénatales", "INTEGER_ZERO_OR_POSITIVE", "SUM"),
)
PERIODS = tuple(f"{year}{month:02d}" for year in (2023, 2024) for month in range(1, 13))
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SYMBOLS = _LETTERS + "0123456789"


def number(*parts: object, below: int) -> int:
    """Compute a number from these parts, evenly spread and always the same."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8]) % below


def uid(*parts: object) -> str:
    """Make an identifier of DHIS2: 11 letters and digits, a letter first."""
    first = _LETTERS[number("uid", *parts, below=len(_LETTERS))]
    rest = (number(i, *parts, below=len(_SYMBOLS)) for i in range(10))
    return first + "".join(_SYMBOLS[i] for i in rest)


@cache
def org_units() -> tuple[dict, ...]:
    """List the organisation units from the country downwards, as DHIS2 shows them."""
    units = [_org_unit(COUNTRY, None)]
    for names in (REGIONS, DISTRICTS, FACILITIES):
        level = units[-1]["level"]
        parents = [unit for unit in units if unit["level"] == level]
        units += [
            _org_unit(_name(name, parent), parent)
            for parent, name in itertools.product(parents, names)
        ]
    return tuple(units)


def _name(name: str, parent: dict) -> str:
    return name if parent["level"] == 1 else f"{name} de {parent['name']}"


def _org_unit(name: str, parent: dict | None) -> dict:
    identifier = uid("unit", name)
    level = parent["level"] + 1 if parent else 1
    unit = {
        "id": identifier,
        "name": name,
        "displayName": name,
        "shortName": name[:50],
        "code": f"SH-{number('code', name, below=10**6):06d}",
        "level": level,
        "path": f"{parent['path'] if parent else ''}/{identifier}",
        "leaf": level == 4,
        "openingDate": "1990-01-01T00:00:00.000",
        "created": "2020-01-01T00:00:00.000",
        "lastUpdated": "2024-06-01T00:00:00.000",
    }
    if parent:
        unit["parent"] = {"id": parent["id"]}
    if level == 4:
        place = [number(axis, name, below=10**6) / 1e5 for axis in ("east", "north")]
        unit["geometry"] = {"type": "Point", "coordinates": place}
    return unit


@cache
def data_elements() -> tuple[dict, ...]:
    return tuple(
        {
            "id": uid("element", name),
            "name": name,
            "displayName": name,
            "shortName": name[:50],
            "valueType": value_type,
            "aggregationType": aggregation,
            "domainType": "AGGREGATE",
            "zeroIsSignificant": True,
        }
        for name, value_type, aggregation in DATA_ELEMENTS
    )


def facilities_of(identifier: str) -> list[dict]:
    """List the facilities below a unit; a facility gives itself."""
    return [u for u in org_units() if u["level"] == 4 and identifier in u["path"]]


def value(element: str, facility: str, period: str) -> int | None:
    """Give what a facility reported in a month; one report of twenty is missing."""
    is_missing = number("gap", element, facility, period, below=20) == 0
    if is_missing or period not in PERIODS:
        return None
    return number(element, facility, period, below=100)
