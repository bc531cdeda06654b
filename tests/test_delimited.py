"""Delimited text: the vectors that R runs too, and what is Python's own."""

import codecs
import datetime
import json

import numpy
import pandas
import pytest

from hexa_kernels import delimited, file_read, file_write
from hexa_kernels.errors import OpenHexaError

from .conftest import ROOT

VECTORS = json.loads((ROOT / "tests/contract/delimited.json").read_text("utf-8"))


def shown(column) -> list:
    """Give type and values of a column as the vectors write them."""
    kind = column.dtype.kind if hasattr(column.dtype, "kind") else "O"
    values = [None if pandas.isna(value) else value for value in column]
    if kind == "M":
        times = [v and v.tz_localize(None) if v and v.tzinfo else v for v in values]
        if all(v is None or v == v.normalize() for v in times):
            return ["date", [v and f"{v:%Y-%m-%d}" for v in times]]
        return ["time", [v and f"{v:%Y-%m-%dT%H:%M:%S}" for v in times]]
    if kind in "iu":
        large = any(v is not None and abs(v) > 2**53 for v in values)
        return (
            ["integer64", [v if v is None else str(v) for v in values]]
            if large
            else ["integer", values]
        )
    names = {"b": "logical", "f": "double"}
    infinite = {numpy.inf: "Inf", -numpy.inf: "-Inf"}
    if kind == "f":
        values = [infinite.get(v, v) for v in values]
    return [names.get(kind, "text"), values]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_delimited_text_is_read_without_loss(vector, files):
    name = vector.get("file", "x.csv")
    encoding = vector.get("encoding", "utf-8")
    bom = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    (files / name).write_bytes(bom + vector["text"].encode(encoding))
    if "error" in vector:
        with pytest.raises(OpenHexaError) as raised:
            file_read(name)
        assert raised.value.code == vector["error"]
        return
    frame = file_read(name, **vector.get("options", {}))
    assert {n: shown(frame[n]) for n in frame.columns} == vector["expect"]
    assert list(frame.columns) == list(vector["expect"])


def test_a_french_excel_gets_its_csv(files):
    frame = pandas.DataFrame({"région": ["Sahel; Nord"], "taux": [1.5]})
    file_write(frame, "x.csv", sep=";", decimal=",", encoding="utf-8-sig")
    expected = '\ufeffrégion;taux\n"Sahel; Nord";1,5\n'.encode()
    assert (files / "x.csv").read_bytes() == expected


def test_a_column_of_dates_is_written_as_such(files):
    file_write(pandas.DataFrame({"d": [datetime.date(2024, 2, 29)]}), "x.csv")
    assert shown(file_read("x.csv")["d"]) == ["date", ["2024-02-29"]]


def test_a_header_may_be_longer_than_what_is_looked_at(files):
    names = [f"indicator number {n}" for n in range(10_000)]
    (files / "x.csv").write_text(f"{','.join(names)}\n{',1' * 9_999}\n")
    frame = file_read("x.csv")
    assert list(frame.columns) == names
    assert frame.iloc[0, 1:].tolist() == [1] * 9_999


def test_a_mark_of_byte_order_is_no_name_even_if_the_encoding_is_given(files):
    (files / "x.csv").write_bytes(codecs.BOM_UTF8 + b"a,b\n1,2\n")
    assert list(file_read("x.csv", encoding="utf-8").columns) == ["a", "b"]


def test_a_million_bytes_of_utf_8_may_be_cut_anywhere(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a" + "é".encode() * delimited.BLOCK)
    assert delimited.find_encoding(path) == "utf-8"
    path.write_bytes(path.read_bytes() + b"\xe9")
    assert delimited.find_encoding(path) == "cp1252"
