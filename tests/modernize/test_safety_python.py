"""What would do something else in Python: left, or changed in another way."""

import pytest

IMPORT = "from hexa_kernels import workspace_path"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from __future__ import annotations; import os\n",
            f"from __future__ import annotations; {IMPORT}; import os\n",
        ),
        (
            '"""What this\nis."""; import os\n',
            f'"""What this\nis."""; {IMPORT}; import os\n',
        ),
        ("%reset -f\nimport os\n", f"%reset -f\n{IMPORT}\nimport os\n"),
    ],
)
def test_the_import_stands_where_it_holds(before, after, examined):
    change = examined(".py", before + "x = '/home/hexa/workspace/a'\n").change
    assert change.data.decode() == after + 'x = workspace_path("a")\n'


@pytest.mark.parametrize("reset", ["%reset -f", "get_ipython().magic('reset -sf')"])
def test_names_that_are_cleared_later_keep_the_code_as_it_is(reset, examined):
    path = "x = '/home/hexa/workspace/a'\n"
    (found,) = examined(".py", f"import os\n{reset}\n{path}").findings
    assert found.reason == "cleared"


@pytest.mark.parametrize(
    "bound",
    [
        "class workspace_path: pass",
        "def f(*workspace_path): pass",
        "f = lambda **workspace_path: 1",
        "try: pass\nexcept OSError as workspace_path: pass",
        "match x:\n    case [*workspace_path]: pass",
        "match x:\n    case {'a': 1, **workspace_path}: pass",
        "from utils import *",
    ],
)
def test_a_name_bound_in_any_way_is_asked_of_the_package(bound, examined):
    code = f"{bound}\nx = '/home/hexa/workspace/a'\n"
    after = examined(".py", code).change.data.decode()
    assert after.startswith("import hexa_kernels\n")
    assert after.endswith('x = hexa_kernels.workspace_path("a")\n')
