"""What the environment tells libraries: PROJ, GDAL, the locale."""

import pytest

from .conftest import look


@pytest.mark.parametrize(
    ("name", "variable", "file"),
    [
        ("proj", "PROJ_LIB", "proj.db"),
        ("proj", "PROJ_DATA", "proj.db"),
        ("gdal", "GDAL_DATA", "gdalvrt.xsd"),
    ],
)
def test_a_folder_without_the_data_is_given_up_by_the_remedy(
    name, variable, file, tmp_path, setenv, clean_env
):
    for other in ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA"):
        clean_env.delenv(other, raising=False)
    setenv({variable: str(tmp_path)})
    broken = look(name)
    assert (broken["state"], broken["code"]) == ("failed", "data_wrong")
    assert file in broken["found"]
    assert look(name, broken["remedy"])["code"] == "data_unset"
    (tmp_path / file).touch()
    assert look(name)["code"] == "data_fine"


def test_a_locale_that_loses_accents_is_replaced_by_the_remedy(setenv):
    setenv({"LC_ALL": "C"})
    broken = look("locale")
    assert (broken["state"], broken["code"]) == ("warning", "locale_not_utf8")
    assert look("locale", broken["remedy"])["code"] == "locale_fine"


def test_the_remedy_of_the_locale_keeps_the_language(setenv):
    setenv({"LC_ALL": "fr_FR.ISO-8859-1"})
    broken = look("locale")
    assert (broken["what"], broken["code"]) == (
        "paramètres régionaux",
        "locale_not_utf8",
    )
    assert look("locale", broken["remedy"])["what"] == "paramètres régionaux"
