"""The public suite jupyter_kernel_test, on ours and on the plain kernels."""

import unittest

import jupyter_kernel_test
import pytest
from jupyter_client.kernelspec import KernelSpecManager

from ..conftest import require


class Python(jupyter_kernel_test.KernelTests):
    __test__ = False
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples = [
        "1",
        "print('hello, world')",
        "def f(x):\n  return x*2\n\n\n",
    ]
    incomplete_code_samples = ["print('''hello", "def f(x):\n  x*2"]
    invalid_code_samples = ["import = 7q"]
    code_generate_error = "raise Exception"
    code_execute_result = [{"code": "6 * 7", "result": "42"}]
    code_page_something = "zip?"
    code_clear_output = "from IPython.display import clear_output; clear_output()"
    code_display_data = [
        {
            "code": "import IPython.display as d; d.display(d.HTML('<b>1</b>'))",
            "mime": "text/html",
        }
    ]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail",)
    code_inspect_sample = "zip"


class R(jupyter_kernel_test.KernelTests):
    __test__ = False
    language_name = "R"
    file_extension = ".r"
    code_hello_world = "print('hello, world')"
    code_stderr = "message('test')"
    completion_samples = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples = ["1", "print('hello, world')", "f <- function(x) {x*2}"]
    incomplete_code_samples = ["print('hello", "f <- function(x) {x"]
    invalid_code_samples = ["x <- 1 2"]
    code_generate_error = "stop('no')"
    code_page_something = "?zip"
    code_display_data = [
        {"code": "42", "mime": "text/plain"},
        {"code": "plot(1)", "mime": "image/png"},
    ]
    code_inspect_sample = "zip"


def outcomes(suite, name):
    """Run the suite on a kernel; give the outcome of each of its tests."""
    case = type(name, (suite,), {"kernel_name": name})
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    result = unittest.TestResult()
    tests.run(result)
    assert result.testsRun > 10
    found = dict.fromkeys(
        (test.id().rpartition(".")[2] for test in tests if test is not None), "passed"
    )
    for kind in ("failures", "errors", "skipped"):
        for test, _ in getattr(result, kind):
            found[test.id().rpartition(".")[2]] = kind
    return found, result


@pytest.mark.parametrize(
    ("suite", "ours", "plain"),
    [(Python, "openhexa-python", "python3"), (R, "openhexa-r", "ir")],
    ids=["python", "r"],
)
def test_same_as_the_plain_kernel(suite, ours, plain, plain_r, database):
    require("rscript", ours in KernelSpecManager().find_kernel_specs())
    found, result = outcomes(suite, ours)
    assert found == outcomes(suite, plain)[0]
    assert not result.errors
    assert not result.failures, result.failures
