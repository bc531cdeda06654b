"""Errors: class, code and entry of the contract stand for each other."""

import pickle
import re

import pytest

from hexa_kernels import errors
from hexa_kernels.contract import contract


def descendants(kind):
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


CLASSES = {
    kind.code: kind
    for root in (errors.OpenHexaError, errors.OpenHexaWarning)
    for kind in descendants(root)
    if "code" in vars(kind)
}
VALUES = {
    name: f"<{name}>"
    for entry in contract()["errors"].values()
    for name in re.findall(r"\{(\w+)\}", str(entry))
}


def test_every_code_of_python_has_one_class():
    ours = {c for c, entry in contract()["errors"].items() if entry.get("only") != "r"}
    assert set(CLASSES) == ours


@pytest.mark.parametrize("code", sorted(CLASSES))
@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_error_says_what_is_wrong_and_what_to_do(code, language, setenv):
    setenv({"HEXA_LANG": language})
    error = CLASSES[code](**VALUES)
    texts = contract()["errors"][code][language]
    assert "{" not in str(error)
    assert str(error) == f"{error.message} {error.hint}"
    assert error.message.startswith(texts["message"].partition("{")[0])
    assert error.values == VALUES
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.values) == (type(error), str(error), VALUES)


def test_roots_and_layers_have_no_code():
    layers = {errors.OpenHexaError, *errors.OpenHexaError.__subclasses__()}
    layers = {kind for kind in layers if kind.__subclasses__()}
    assert not any("code" in vars(kind) for kind in layers)


def test_a_missing_package_is_an_import_error():
    assert issubclass(errors.MissingPackageError, ImportError)
