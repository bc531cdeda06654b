"""Examples in docstrings run, on a workspace with a database."""

import doctest
import importlib
import pkgutil

import pytest

import hexa_kernels

MODULES = [
    module.name
    for module in pkgutil.walk_packages(hexa_kernels.__path__, "hexa_kernels.")
    if not module.name.endswith(("__main__", "launch"))
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, files, database):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
