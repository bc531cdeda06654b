"""Defaults behind a test of existence: every form of the test, and its surroundings."""

import pytest


def told(result):
    return [(one.rule, one.replacement, one.reason) for one in result.findings]


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        # Both branches, in any order
        (".R", 'if (!exists("AN")) AN <- 2024 else AN <- AN'),
        (".R", 'if (exists("AN")) { AN <- AN } else { AN <- 2024 }'),
        (".R", 'if (!"AN" %in% ls(envir = .GlobalEnv)) AN <- 2024'),
        (".py", 'if "AN" in globals():\n    AN = AN\nelse:\n    AN = 2024'),
        (".py", 'if "AN" in globals():\n    pass\nelse:\n    AN = 2024'),
        # NULL and None are no values of a parameter
        (".R", 'if (!exists("AN") || is.null(AN)) AN <- 2024'),
        (".R", 'AN <- if (exists("AN") && !is.null(AN)) AN else 2024'),
        (".py", 'if "AN" not in globals() or AN is None:\n    AN = 2024'),
        (".py", 'if not ("AN" in globals() and AN is not None):\n    AN = 2024'),
        (".py", 'if globals().get("AN") is None:\n    AN = 2024'),
        (".py", 'AN = 2024 if globals().get("AN", None) is None else AN'),
        # The variable by its name
        (".R", 'AN <- tryCatch(get("AN"), error = function(e) 2024)'),
        (".R", 'AN <- if (exists("AN")) get("AN") else 2024'),
        (".R", 'if (!exists("AN")) assign("AN", 2024)'),
        (".py", 'try:\n    AN = globals()["AN"]\nexcept KeyError:\n    AN = 2024'),
        (".py", "try:\n    AN = AN\nexcept NameError:\n    AN = 2024"),
        (".py", 'AN = globals()["AN"] if "AN" in globals() else 2024'),
        (".py", 'if "AN" not in globals():\n    globals()["AN"] = 2024'),
        (".py", 'globals().setdefault("AN", 2024)'),
        (".py", 'AN = globals().setdefault("AN", 2024)'),
        # The environment that is meant anyway
        (".R", 'if (!exists("AN", envir = globalenv())) AN <- 2024'),
        (".R", 'if (!exists("AN", inherits = FALSE)) AN <- 2024'),
        (
            ".R",
            'if (!exists("AN", .GlobalEnv)) assign("AN", 2024, envir = .GlobalEnv)',
        ),
        (".R", 'AN <- get0("AN", envir = .GlobalEnv, ifnotfound = 2024)'),
        (".R", 'if (exists("AN") == FALSE) AN <- 2024'),
        (".py", 'if "AN" not in globals().keys():\n    AN = 2024'),
    ],
)
def test_what_does_the_same_is_changed(suffix, code, examined):
    result = examined(suffix, f"{code}\n")
    arrow = "<-" if suffix == ".R" else "="
    assert result.change.data.decode().splitlines()[1:] == [
        f'AN {arrow} notebook_parameter("AN", 2024)'
    ]


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".R", 'if (!exists("AN") || is.na(AN)) AN <- 2024'),
        (".R", 'if (!exists("AN") || is.null(AN) || AN == "") AN <- 2024'),
        (".R", 'AN <- if (exists("AN") && nzchar(AN)) AN else 2024'),
        (".py", 'AN = globals().get("AN") or 2024'),
        (".py", 'AN = globals().get("AN", None) or 2024'),
        (".py", 'if not globals().get("AN"):\n    AN = 2024'),
        (".py", 'if "AN" not in globals() or not AN:\n    AN = 2024'),
        (".py", 'AN = AN if "AN" in globals() and AN > 0 else 2024'),
    ],
)
def test_a_test_that_takes_more_for_absent_is_advice(suffix, code, examined):
    arrow = "<-" if suffix == ".R" else "="
    new = f'AN {arrow} notebook_parameter("AN", 2024)'
    result = examined(suffix, f"{code}\n")
    assert told(result) == [("parameter-default", new, "more_is_absent")]


R_LOOP = "for (n in names(d)) if (!exists(n)) assign(n, d[[n]])"
R_TWO = 'a <- notebook_parameter("a", 1)\nb <- notebook_parameter("b", "x")'
PYTHON_TWO = R_TWO.replace("<-", "=")


@pytest.mark.parametrize(
    ("suffix", "code", "replacement"),
    [
        (".R", f'd <- list(a = 1, b = "x")\n{R_LOOP}', R_TWO),
        (".R", f"d <- read_them()\n{R_LOOP}", ""),
        (".R", 'x <- mget(c("a", "b"), ifnotfound = list(1, "x"))', R_TWO),
        (".R", "x <- mget(them, ifnotfound = list(NA))", ""),
        (
            ".py",
            'd = {"a": 1, "b": "x"}\nfor n, v in d.items():\n'
            "    if n not in globals():\n        globals()[n] = v",
            PYTHON_TWO,
        ),
        (
            ".py",
            'for n, v in {"a": 1, "b": "x"}.items():\n    globals().setdefault(n, v)',
            PYTHON_TWO,
        ),
        (
            ".py",
            "for n in d:\n    if n not in globals():\n        globals()[n] = d[n]",
            "",
        ),
    ],
)
def test_several_at_once_are_advice(suffix, code, replacement, examined):
    result = examined(suffix, f"{code}\n")
    assert told(result) == [("parameter-default", replacement, "several")]


@pytest.mark.parametrize(
    ("suffix", "code", "reason"),
    [
        (".R", 'if (!exists("AN") || is.na(AN)) AN <- ask()', "costly_default"),
        (
            ".R",
            'if (!exists("AN")) assign("AN", 1)\nassign("AN", 2)',
            "given_elsewhere",
        ),
        (
            ".py",
            'globals().setdefault("AN", 1)\nglobals()["AN"] = 2',
            "given_elsewhere",
        ),
        (
            ".py",
            'if a:\n    b()\nelif "AN" not in globals():\n    AN = 2024',
            "not_here",
        ),
        (".R", 'if (!exists("con")) assign("con", 1)', "asked_for"),
    ],
)
def test_what_stands_around_it_can_make_it_advice(suffix, code, reason, examined):
    result = examined(suffix, f"{code}\n")
    assert {(one.rule, one.reason) for one in result.findings} == {
        ("parameter-default", reason)
    }


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".R", 'if (!exists("AN")) AN <- 2024 else AN <- AN + 1'),
        (".R", 'if (!exists("AN") || is.na(MOIS)) AN <- 2024'),
        (".R", 'if (!exists("AN") && ask) AN <- 2024'),
        (".R", 'if (!exists("AN", mode = "numeric")) AN <- 2024'),
        (".R", 'if (!exists(x = "AN", e)) AN <- 2024'),
        (".R", 'local({\n  if (!exists("AN", inherits = FALSE)) AN <- 2024\n})'),
        (".R", 'AN <- tryCatch(get("AN", e), error = function(e) 2024)'),
        (".R", "AN <- if (exists(name)) get(name) else 2024"),
        (".R", 'if (!exists("AN")) assign("AN", 2024, envir = e)'),
        (".R", 'AN <- .get("AN", 2024)'),
        (".R", 'x <- mget(c("a", "b"))'),
        (".R", "AN <- tryCatch(settings$AN, error = function(e) 2024)"),
        (".R", 'if (!exists("s.AN")) s$AN <- 2024'),
        (".R", 'if (!exists("an de")) assign("an de", 2024)'),
        (".py", "try:\n    args.AN\nexcept Exception:\n    args.AN = 2024"),
        (".py", 'globals().setdefault("an de", 2024)'),
        (".py", 'globals().setdefault("if", 2024)'),
        (".py", 'if "AN" not in globals():\n    AN = 1\nelif AN > 3:\n    AN = 3'),
        (".py", 'if "AN" not in globals() and "B" not in globals():\n    AN = 1'),
        (".py", 'settings.setdefault("AN", 2024)'),
        (".py", 'AN = settings.get("AN") or 2024'),
        (".py", 'AN = get()("AN", 2024)'),
        (".py", "for n in d:\n    if n not in seen:\n        seen[n] = d[n]"),
        (".py", 'use(globals().setdefault("AN", 2024))'),
    ],
)
def test_another_test_is_left_alone(suffix, code, examined):
    assert told(examined(suffix, f"{code}\n")) == []


def test_a_member_stays_the_target(examined):
    result = examined(".R", 's$AN <- get0("AN", ifnotfound = 2024)\n')
    assert 's$AN <- notebook_parameter("AN", 2024)' in result.change.data.decode()
