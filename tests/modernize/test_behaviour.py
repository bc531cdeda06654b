"""Code put together at random gives the same values once its safe changes are made."""

import contextlib
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hexa_kernels import _parameter
from hexa_kernels.modernize.document import parse
from hexa_kernels.modernize.rewrite import change
from hexa_kernels.modernize.rules import find
from hexa_kernels.modernize.sources import Code, Source, splice

ANY = settings(
    max_examples=200,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ROOTS = st.sampled_from(
    ["/home/hexa/workspace", "/home/jovyan/workspace", "~/workspace", "~/tmp"]
)
TAILS = st.sampled_from(
    [
        *("", "/", "/a.csv", "/data/a.csv", "/data/new/é à.csv", "/a/*/b", "/b/../c"),
        *("/50%/a", "/{x}/a", "/d/$x.csv", "//e", "/f/", "s/other", "/g/h"),
    ]
)
PLAIN = st.builds("".join, st.tuples(ROOTS, TAILS))
ROOT = st.builds("".join, st.tuples(ROOTS, st.sampled_from(["", "/"])))


def fill(template, **parts):
    """Put drawn parts in the place of their names: ``PATH`` and the like."""
    pieces = re.split(rf"\b({'|'.join(parts)})\b", template)
    return st.tuples(*(parts.get(one, st.just(one)) for one in pieces)).map("".join)


def from_templates(templates, **parts):
    return st.one_of([fill(template, **parts) for template in templates])


def programs(head, statements, comment, **parts):
    """Statements about ``v0``, ``v1``…, some with a comment at their end."""
    written = from_templates(statements, **parts)
    ends = st.sampled_from(["", f"  {comment} why"])
    lines = st.lists(st.tuples(written, ends), min_size=1, max_size=6)
    return lines.map(
        lambda pairs: "\n".join(
            [head]
            + [text.replace("v_", f"v{i}") + c for i, (text, c) in enumerate(pairs)]
            + [""]
        )
    )


def modernized(language, text, r_parser):
    """Give the code with its safe changes; check that nothing else was changed."""
    source = Source(Path("x"), None, [Code(0, language, text)], "", "utf-8")
    document = parse(source, r_parser)
    assert document.unparsed == [], text
    findings = find(document)
    result = change(document, findings, r_parser)
    if result is None:
        return text
    for start, end, new in result.edits[0]:
        if re.match(r"(from hexa_kernels )?import |library\(", new) and start == end:
            continue
        at = start + len(text[start:end]) - len(text[start:end].lstrip())
        stop = start + len(text[start:end].rstrip())
        assert any(f.span[0] <= at and stop <= f.span[1] for f in findings if f.safe)
    after = splice(text, result.edits[0])
    again = parse(Source(Path("x"), None, [Code(0, language, after)], "", ""), r_parser)
    cells = document.cells[0], again.cells[0]
    kept = [[cell.text[a:b] for a, b in cell.root.comments] for cell in cells]
    assert kept[0] == kept[1]
    return after


@pytest.fixture
def home(files, setenv):
    setenv({"HOME": str(files.parent)})
    return files.parent


def at_home(text, home):
    """Let code that names the platform's folders run below another one."""
    return text.replace("/home/hexa/", f"{home}/").replace("/home/jovyan/", f"{home}/")


def normal(value, home):
    """A text with each path in one spelling."""
    return re.sub("(?<!:)//+", "/", value.replace("~/", f"{home}/"))


PYTHON_TEXT = st.builds(
    lambda quote, text: f"{quote}{text}{quote[-1] * len(quote.lstrip('r'))}",
    st.sampled_from(["'", '"', "r'", '"""']),
    PLAIN,
)
PYTHON_PATH = from_templates(
    [
        *("TEXT", "TEXT", "TEXT + name", "os.path.join(TEXT, name)", "Path(TEXT)"),
        *('os.path.join("ROOT", "a b", name, "c")', 'Path("ROOT", "a") / name'),
        *('f"ROOT/{name}.csv"', 'f"ROOT/{name}/{1:02d}%"', '"ROOT/{}".format(name)'),
        *('"ROOT/%s/%%" % name', 'os.path.expanduser("~/workspace/a/b")'),
        *('os.getenv("WORKSPACE_FILES_PATH", "ROOT")', '("ROOT/"  # one\n  "a.csv")'),
        *('"ROOT/{}".format.__call__(name)', '"in %s." % "ROOT/50%/a"'),
        *('Path.home() / "workspace/a/b"', '("a", "ROOT/%s" % name)[1].strip()'),
        *('os.path.join("~", "workspace", name)', 'os.path.isdir("ROOT/g")'),
        *('"ROOT" "/a.csv"', 'same("ROOT/{}/{}".format(name, "b"))'),
        *('"ROOT" "/a/" f"{name}.csv"', 'os.path.join(HOME, "workspace/a", name)'),
        *(
            'f"{HOME}/workspace/{name}"',
            'HOME + "/tmp/a b"',
            'here / "workspace" / "a"',
        ),
        *('here.joinpath("workspace", name, "b")', 'Path(HOME, "tmp", "a")'),
        *('(lambda home: home + "/workspace")(name)', "[home for home in name]"),
    ],
    TEXT=PYTHON_TEXT,
    ROOT=ROOT,
    HOME=st.sampled_from(["home", "base"]),
)
PYTHON_DEFAULT = from_templates(
    [
        *("1", "2.5", "'a'", "None", "True", "(1, 2)", "1, 2", "[1]", "{}", "set()"),
        *("(1, [2])", "[x for x in 'ab']", "PATH", "v0 if 'v0' in globals() else 1"),
        *("dict(a=1)", "same", "lambda: 1", "name", "[name][0]", "-1", "(\n  1\n)"),
    ],
    PATH=PYTHON_PATH,
)
PYTHON = programs(
    '"""Doc of ~/workspace/a."""\nimport os\nfrom pathlib import Path\n'
    "name = 'kaya'\nsame = lambda *x, **y: [*x, *y.values()]\n"
    "home = os.path.expanduser('~')\nhere = Path.home()\nbase = '/home/hexa/'",
    [
        *("v_ = PATH", "v_ = PATH", "v_: object = PATH", "v_ = [PATH, {'k': PATH}]"),
        *("v_ = same(PATH, a=PATH)", "def f(p=PATH):\n    return p\nv_ = f()"),
        *("d = {TEXT: 1}; v_ = d.get(TEXT)", "d = {'ROOT': 1}; v_ = 'ROOT' in d"),
        *("d = {'/home/hexa/workspace/a': 1}; v_ = d['/home/hexa/workspace/a']",),
        *("d = {'~/workspace/a.csv': PATH}; v_ = d['~/workspace/a.csv']",),
        *("if 'v_' not in globals():\n    v_ = DEFAULT",),
        *("try:\n    v_\nexcept NameError:\n    v_ = DEFAULT",),
        *("v_ = v_ if 'v_' in globals() else (DEFAULT)",),
        *("v_ = globals().get('v_', (DEFAULT))",),
        *("if 'v_' not in globals() or v_ is None:\n    v_ = DEFAULT",),
        *("if globals().get('v_') is None:\n    v_ = DEFAULT",),
        *("if 'v_' in globals():\n    pass\nelse:\n    v_ = DEFAULT",),
        *("if 'v_' not in globals():\n    globals()['v_'] = DEFAULT",),
        *("try:\n    v_ = v_\nexcept NameError:\n    v_ = DEFAULT",),
        *("globals().setdefault('v_', (DEFAULT))",),
        *("globals().setdefault('n', 1); globals().setdefault('n', 2); v_ = n",),
        *("if name == 'x':\n    pass\nelif 'v_' not in globals():\n    v_ = DEFAULT",),
        *("for x in 'ab':\n    if 'v_' not in globals():\n        v_ = x",),
        *("if 'v_' not in globals():\n    v_ = (1, [])\nv_[1].append(2)",),
        *("n = 0 if 'n' not in globals() else n + 1; v_ = n",),
        *("if 'n' not in globals():\n    n = 0\nn += 1; v_ = n",),
        *("v_ = 'aaa'.replace(TEXT, name)", "v_ = TEXT.startswith('~/')"),
        *("# keep\nv_ = PATH", "tmp_path = PATH; v_ = tmp_path", "v_ = PATH; x = 1"),
        *("p = PATH; os.makedirs('ROOT/g/h', exist_ok=True); v_ = p",),
        *("with open(os.devnull) as file:\n    v_ = PATH",),
    ],
    "#",
    PATH=PYTHON_PATH,
    TEXT=PYTHON_TEXT,
    ROOT=ROOT,
    DEFAULT=PYTHON_DEFAULT,
)


def plain(value):
    """Give values as they are shown, paths as texts."""
    if isinstance(value, Path):
        return f"Path {value}"
    if isinstance(value, list | tuple):
        return [type(value).__name__, *map(plain, value)]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return "function" if callable(value) else value


def run_python(text, home):
    """Run code twice, as a cell is run again; give the values after each."""
    text = at_home(text, home).replace("~/", f"{home}/")  # Python would make a folder
    _parameter._defaults.clear()
    for folder in ("workspace", "tmp"):
        shutil.rmtree(home / folder, ignore_errors=True)
    space, values = {"__name__": "__main__"}, []
    for _ in range(2):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, "cell", "exec"), space)
        found = {k: plain(v) for k, v in space.items() if re.fullmatch(r"v\d+", k)}
        values.append(normal(repr(found), home))
    return values


@ANY
@given(text=PYTHON)
def test_python_gives_the_same_values(text, home):
    after = modernized("python", text, None)
    assert run_python(after, home) == run_python(text, home)


R_TEXT = st.builds(
    lambda quotes, text: quotes[0] + text + quotes[1],
    st.sampled_from(["''", '""', ('r"(', ')"'), ("R'{", "}'")]),
    PLAIN.filter(lambda text: "{" not in text),
)
R_PATH = from_templates(
    [
        *("TEXT", "TEXT", "paste0(TEXT, name)", "file.path(TEXT, name)"),
        *('file.path("ROOT", "a b", name)', 'paste("ROOT", "a", name, sep = "/")'),
        *('paste("ROOT", "a", name)', 'paste0("ROOT", "/a/", c("x", "y"))'),
        *('paste0("ROOT", "/a", collapse = "+")', 'sprintf("ROOT/%s/%%", name)'),
        *('sprintf("%s in %s", name, "ROOT/50%/a")', "path.expand(TEXT)"),
        *('Sys.getenv("WORKSPACE_FILES_PATH", "ROOT")', 'dir.exists("ROOT/g")'),
        *('file.path("~", "workspace", name)', 'trimws(file.path("ROOT", name))'),
        *('file.path("ROOT", # one\n  "a")', 'file.path("ROOT", character())'),
        *('sprintf(fmt = "ROOT/%s", name)', '(\\(p = "ROOT/a") p)()'),
        *('file.path(HOME, "workspace/a", name)', 'paste0(HOME, "/tmp/a b")'),
        *('file.path(HOME, "workspace")', '(\\(base) file.path(base, "tmp"))(name)'),
    ],
    TEXT=R_TEXT,
    ROOT=ROOT,
    HOME=st.sampled_from(["home", "base"]),
)
R_DEFAULT = from_templates(
    [
        *(
            "1",
            "2L",
            '"a"',
            "NULL",
            "NA",
            "NA_real_",
            "TRUE",
            "c(1, 2)",
            "list(1, 'a')",
        ),
        *("PATH", "Sys.Date()", "identity(1)", "{\n  # why\n  1\n}", "c(a = 1)", "-1"),
    ],
    PATH=R_PATH,
)
R = programs(
    'name <- "kaya"\nhome <- Sys.getenv("HOME")\nbase <- "/home/hexa/"',
    [
        *("v_ <- PATH", "v_ <- PATH", "v_ = PATH", "PATH -> v_"),
        *("v_ <- list(PATH, a = PATH)", "f <- function(p = PATH) p; v_ <- f()"),
        *(
            "d <- c('ROOT' = 1); v_ <- d['ROOT']",
            "d <- c(TEXT, 'b'); v_ <- d[d != 'b']",
        ),
        *("d <- list('~/workspace/a' = 1); v_ <- d[['~/workspace/a']]",),
        *(
            "if (!exists('v_')) v_ <- DEFAULT",
            "if (!exists('v_')) {\n  v_ <- DEFAULT\n}",
        ),
        *("v_ <- if (exists('v_')) v_ else DEFAULT",),
        *("v_ <- get0('v_', ifnotfound = DEFAULT)",),
        *("if (!exists('v_') || is.null(v_)) v_ <- DEFAULT",),
        *("if (!exists('v_')) v_ <- DEFAULT else v_ <- v_",),
        *("if (exists('v_') == FALSE) v_ <- DEFAULT",),
        *("if (!exists('v_', envir = globalenv())) assign('v_', DEFAULT)",),
        *("v_ <- tryCatch(get('v_'), error = function(e) DEFAULT)",),
        *("local({\n  if (!exists('v_', inherits = FALSE)) v_ <- DEFAULT\n})",),
        *("if (!exists('n')) n <- 1\nif (!exists('n')) assign('n', 2)\nv_ <- n",),
        *("for (x in c('a', 'b')) if (!exists('v_')) v_ <- x",),
        *("v_ <- exists('con')", "v_ <- exists('workspace')", "v_ <- exists('path')"),
        *(
            "tmp_path <- PATH; v_ <- tmp_path",
            "tmp_path <- \\(x) x; v_ <- tmp_path(PATH)",
        ),
        *("p <- PATH; v_ <- dir.create('ROOT/g/h', recursive = TRUE)",),
        *("p <- PATH; if (!dir.exists('ROOT/g')) v_ <- 1 else v_ <- 2",),
        *(
            "Sys.setenv(PROJ_LIB = '/opt/conda/share/proj')\n"
            "v_ <- Sys.getenv('PROJ_LIB')",
        ),
        *("if (!exists('n')) n <- 0; n <- n + 1; v_ <- n", "v_ <- nchar(TEXT) > 99"),
        *("if (!exists('f_')) f_ <- \\() PATH; v_ <- f_()",),
        *(
            "v_ <- startsWith(file.path(TEXT, name), '~/')",
            "v_ <- strsplit(TEXT, '/')[[1]][[1]]",
        ),
        *("# keep\nv_ <- PATH", "v_ <- {\n  PATH\n}", "v_ <- local({\n  PATH\n})"),
    ],
    "#",
    PATH=R_PATH,
    TEXT=R_TEXT,
    ROOT=ROOT,
    DEFAULT=R_DEFAULT,
)


@pytest.fixture
def run_r(home, r_parser):
    """Give a function that runs code in the one process of R."""
    script = Path(__file__).with_name("behaviour.R")
    with subprocess.Popen(
        ["Rscript", "--no-init-file", str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:

        def run(text):
            process.stdin.write(json.dumps(at_home(text, home)) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, text
            return normal(answer, home)

        yield run
        process.stdin.close()


@ANY
@given(text=R)
def test_r_gives_the_same_values(text, run_r, r_parser):
    after = modernized("r", text, r_parser)
    before = run_r(text)
    assert "error:" not in before
    assert run_r(after) == before
