"""The shared facts: well formed, the same file in both packages, both languages."""

import ast
import json
import re
import subprocess
from pathlib import Path

import hexa_kernels
from hexa_kernels.contract import contract, message, phrase

from .conftest import ROOT


def placeholders(text):
    return set(re.findall(r"\{(\w+)\}", text))


def test_copies_of_shared_files_are_identical():
    shared = ("contract.json", "snippets.json")
    pairs = {f"hexa_kernels/{name}": f"r/openhexaR/inst/{name}" for name in shared}
    for vectors in (ROOT / "tests/contract").glob("*.json"):
        copy = f"r/openhexaR/tests/testthat/contract/{vectors.name}"
        pairs[f"tests/contract/{vectors.name}"] = copy
    for original, copy in pairs.items():
        assert (ROOT / original).read_bytes() == (ROOT / copy).read_bytes(), (
            f"{copy} differs: make sync"
        )


def test_every_message_is_complete_in_both_languages():
    for code, entry in contract()["errors"].items():
        assert entry.get("only", "r") in ("python", "r"), code
        english, french = entry["en"], entry["fr"]
        for part in ("message", "hint"):
            assert placeholders(english[part]) == placeholders(french[part]), code
            assert english[part].endswith((".", "`.", "{problem}")), code
            assert french[part].endswith((".", "`.", "{problem}")), code
            assert english[part] != french[part], code
    for name, texts in contract()["phrases"].items():
        assert texts["en"] and texts["fr"], name


def test_values_are_filled_in_once():
    text, _ = message("missing_variable", "en", {"variable": "{variable} {x}"})
    assert text == "Environment variable {variable} {x} is not set."
    assert phrase("open_database", "fr") == "ouvrir la base de données"


def test_no_code_is_unused():
    sources = [*ROOT.glob("hexa_kernels/**/*.py"), *ROOT.glob("r/openhexaR/R/*.R")]
    text = {
        "python": "".join(p.read_text("utf-8") for p in sources if p.suffix == ".py"),
        "r": "".join(p.read_text("utf-8") for p in sources if p.suffix == ".R"),
    }
    for code, entry in contract()["errors"].items():
        languages = [entry["only"]] if "only" in entry else ["python", "r"]
        for language in languages:
            assert f'"{code}"' in text[language], (code, language)
    for name in contract()["phrases"]:
        assert f'"{name}"' in text["python"] + text["r"], name


def test_one_version_everywhere():
    for path in ("DESCRIPTION", "r/openhexaR/DESCRIPTION"):
        fields = (ROOT / path).read_text().splitlines()
        assert f"Version: {hexa_kernels.__version__}" in fields, path


def test_no_file_names_this_machine():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    for name in filter(None, tracked):
        path = ROOT / name
        if path.suffix in {".py", ".R", ".json", ".md", ".toml", ".ipynb", ".yaml"}:
            assert str(ROOT) not in path.read_text("utf-8", "replace"), name


def test_the_environment_has_one_reader():
    for path in ROOT.glob("hexa_kernels/**/*.py"):
        if path.name != "environment.py":
            code = ast.parse(path.read_text("utf-8"))  # where texts may name it
            used = {n.attr for n in ast.walk(code) if isinstance(n, ast.Attribute)}
            used |= {n.name for n in ast.walk(code) if isinstance(n, ast.alias)}
            assert not used & {"environ", "getenv"}, path
    assert json.loads(Path(ROOT / "hexa_kernels/contract.json").read_text("utf-8"))
