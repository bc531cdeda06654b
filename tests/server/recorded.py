"""The recordings of a real OpenHEXA server, and answers that are derived from them."""

import base64
import copy
import json
from functools import cache
from pathlib import Path


@cache
def recordings() -> dict[str, dict]:
    """Read all recordings, by the three digits of their number."""
    return {
        path.name[:3]: json.loads(path.read_text("utf-8"))
        for path in sorted(Path(__file__).parent.glob("recordings/*.json"))
    }


def token(caller: str) -> str:
    """Give the token that stands for a caller of the recordings."""
    return "token-" + "-".join(caller.lower().replace("'", "").split())


def content_of(recording: dict) -> bytes:
    """Give the recorded body; of a long page, what was kept of it."""
    content = recording["response"]["body"]
    if "base64" in content:
        return base64.b64decode(content["base64"])
    if "json" in content:
        return json.dumps(content["json"]).encode()
    return content.get("text", content.get("text_start", "")).encode()


def data_of(recording: dict) -> dict:
    return recording["response"]["body"]["json"]["data"]


def derived(number: str, variables: dict) -> dict:
    """Copy a recording, for a request with other variables."""
    recording = copy.deepcopy(recordings()[number])
    recording["request"]["graphql"]["variables"] |= variables
    return recording


def only_page_of_datasets(number: str) -> list[dict]:
    """Let a list of datasets be asked for by page, as R does and the SDK does not."""
    recording = derived(number, {"page": 1, "perPage": 15})
    recording["request"]["graphql"]["selected"].append("workspace.datasets.totalPages")
    workspace = (data_of(recording) or {}).get("workspace")
    if workspace:
        workspace["datasets"]["totalPages"] = 1
    return [recording]


def two_pages_of_datasets(number: str) -> list[dict]:
    """Derive both pages of 15: the first was recorded, of the second the slugs."""
    pages = [only_page_of_datasets(number)[0] for _ in range(2)]
    pages[1]["request"]["graphql"]["variables"]["page"] = 2
    for page in pages:
        data_of(page)["workspace"]["datasets"]["totalPages"] = 2
    items = [data_of(page)["workspace"]["datasets"]["items"] for page in pages]
    second = data_of(recordings()["036"])["workspace"]["datasets"]["items"]
    for item, slug in zip(items[1], second, strict=True):
        item["dataset"] |= {"id": slug["dataset"]["slug"], **slug["dataset"]}
    return pages


def mixed_case_connection(number: str) -> list[dict]:
    """Let the slug be asked for as it was typed too; the list (029) has the answer."""
    typed = derived(number, {"connectionSlug": "Mixed_Case"})
    connections = data_of(recordings()["029"])["workspace"]["connections"]
    (found,) = [c for c in connections if c["slug"] == "Mixed_Case"]
    data_of(typed)["connectionBySlug"] = found
    return [recordings()[number], typed]


def without_owner(number: str) -> list[dict]:
    """Take from a dataset the workspace that owns it."""
    recording = derived(number, {})
    data_of(recording)["datasetLinkBySlug"]["dataset"]["workspace"] = None
    return [recording]


def null_answer(number: str) -> list[dict]:
    """Let 168 and 171, null for an unknown id, answer what another recording asks."""
    recording = derived(number, {})
    (root,) = data_of(recording)
    null = {"dataset": "168", "datasetVersion": "171"}[root]
    recording["response"] = recordings()[null]["response"]
    return [recording]
