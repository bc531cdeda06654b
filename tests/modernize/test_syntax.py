"""The common tree: the same for what is the same in both languages."""

import select
import signal

import pytest

from hexa_kernels.errors import RStartError
from hexa_kernels.modernize import r_syntax
from hexa_kernels.modernize.python_syntax import parse_python
from hexa_kernels.modernize.r_syntax import RParser
from hexa_kernels.modernize.syntax import SyntaxProblem


def shape(text, root):
    """Give the kind, the text and the code of each node below the root."""
    nodes = [node for node in root.walk() if node is not root]
    return [(node.kind, node.text, text[node.start : node.end]) for node in nodes]


def test_a_call_is_the_same_in_both_languages(r_parser):
    text = 'f("é\\n", x = 1)'
    expected = [
        ("call", "f", text),
        ("name", "f", "f"),
        ("argument", "", '"é\\n"'),
        ("text", "é\n", '"é\\n"'),
        ("argument", "x", "x = 1"),
        ("constant", "1", "1"),
    ]
    assert shape(text, r_parser.parse(text)) == expected
    assert shape(text, parse_python(text)) == expected


def test_members_are_dotted_names(r_parser):
    for text, root in [
        ("a$b$c(1)", r_parser.parse("a$b$c(1)")),
        ("a.b.c(1)", parse_python("a.b.c(1)")),
    ]:
        assert shape(text, root)[0][:2] == ("call", "a.b.c")


@pytest.mark.parametrize("text", ["x <- 1", "x = 1", "1 -> x", "x <<- 1"])
def test_every_assignment_of_r_has_target_and_value(text, r_parser):
    (assign,) = r_parser.parse(text).children
    assert [child.text for child in assign.children] == ["x", "1"]


@pytest.mark.parametrize(
    "text",
    [
        "\tx\t<- '\t'\ny <- 'é😀'; z <- 'a'",
        "x <- 1\r\ny <- 'a'\r\n",
        "#line 40 \"other.R\"\nx <- 'a'",
        'x <- r"---(a)---"',
        "f <- \\(x, ...) {\n\n  x\n}\n",
    ],
)
def test_places_in_r_are_exact(text, r_parser):
    for kind, said, code in shape(text, r_parser.parse(text)):
        if kind == "text":
            assert code[0] in "'\"r"
            assert code[-1] in "'\""
            assert said in code
        if kind == "name":
            assert code == said


def test_magics_are_nodes_and_the_rest_is_python():
    text = (
        "x = !ls \\\n  -l\n%matplotlib inline\npd.read_csv?\nif x:\n    %time y = 1\n"
    )
    root = parse_python(text)
    magics = [text[n.start : n.end] for n in root.walk() if n.kind == "magic"]
    assert magics == [
        *("!ls \\\n  -l", "%matplotlib inline", "pd.read_csv?", "%time y = 1"),
    ]
    (branch,) = [node for node in root.walk() if node.kind == "if"]
    assert text[branch.start :].startswith("if x:")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "for (i in x) next",
            "repeat break",
            "while (a) {\n  b\n}",
            "{}",
            "function() NULL",
        ),
        *("-x", "!x", "~ a + b", "a ~ b | c", "?help", "x := 1", "`a b` <- `c d`"),
        *("a::b(1)", "a:::b", "'f'(1)", "(\\(x) x)(1)", "x[[1]]$y@z", "x[, 1]", "..1"),
        *(
            "if (a) b else if (c) d else e",
            "x |> f(y = _)",
            "x %>% f()",
            "a; b;",
            "TRUE",
        ),
        *(
            "function(x, ...) x$`a b`",
            "r'(a)'",
            "0x1FL",
            "1e-3",
            "NA_character_",
            "Inf",
        ),
    ],
)
def test_every_construct_of_r_has_its_place(text, r_parser):
    root = r_parser.parse(text)
    assert root.children
    for node in root.walk():
        assert 0 <= node.start <= node.end <= len(text)
        assert node is root or node in node.parent.children


@pytest.mark.parametrize(
    ("text", "line"), [("x <- (1\ny", 2), ("a b", 1), ("x\n}\ny", 2), ("'", 1)]
)
def test_a_problem_has_the_line_where_r_stops(text, line, r_parser):
    with pytest.raises(SyntaxProblem) as caught:
        r_parser.parse(text)
    assert caught.value.line == line


@pytest.mark.parametrize("text", ["x = (1\n", "print 1", "\ud800", "(" * 10_000])
def test_what_is_no_python_is_a_problem(text):
    with pytest.raises(SyntaxProblem):
        parse_python(text)


@pytest.mark.parametrize("text", ["\ud800", "(" * 10_000, "x" + "[1" * 5000])
def test_what_is_no_r_is_a_problem_and_the_next_cell_parses(text, r_parser):
    with pytest.raises(SyntaxProblem):
        r_parser.parse(text)
    assert r_parser.parse("x").children[0].text == "x"


def test_an_r_that_dies_is_started_again():
    with RParser() as parser:
        parser.parse("x")
        parser.process.kill()
        parser.process.wait()
        with pytest.raises(SyntaxProblem):
            parser.parse("x")
        assert parser.parse("x").children[0].text == "x"


def test_an_r_that_is_stuck_is_started_again(monkeypatch):
    with RParser() as parser:
        parser.parse("x")
        monkeypatch.setattr(r_syntax, "TIMEOUT_S", 0.5)
        parser.process.send_signal(signal.SIGSTOP)
        with pytest.raises(SyntaxProblem):
            parser.parse("x")
        monkeypatch.undo()
        assert parser.parse("x").children[0].text == "x"


def test_r_is_read_where_a_pipe_cannot_be_waited_for(monkeypatch):
    """On Windows, select() takes sockets only."""

    def refuse(*_):
        raise OSError("not a socket")

    monkeypatch.setattr(select, "select", refuse)
    with RParser() as parser:
        assert parser.parse("x").children[0].text == "x"


def test_an_r_that_does_not_start_is_said_and_no_cell_is_blamed(tmp_path, setenv):
    fake = tmp_path / "R"
    fake.write_text("#!/bin/sh\necho 'no libR.so' >&2\nexit 1\n")
    fake.chmod(0o755)
    setenv({"PATH": f"{tmp_path}:/usr/bin:/bin"})
    with RParser() as parser, pytest.raises(RStartError) as caught:
        parser.parse("x")
    assert "no libR.so" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# é😀\nx = f('#')  # b\r\n", ["# é😀", "# b"]),
        ("f(\n\t1,\t# a\n\t2) #", ["# a", "#"]),
        ("x = '# no'\n\f\n# line 3\n  # last", ["# line 3", "# last"]),
        ("# alone", ["# alone"]),
        ("x = 1", []),
    ],
)
def test_comments_are_found_in_both_languages(text, expected, r_parser):
    for tree in (r_parser.parse(text), parse_python(text)):
        assert [text[start:end] for start, end in tree.comments] == expected


def test_comments_after_magics_of_python_are_found():
    text = "%matplotlib inline\nx = 1  # é\n!pip install a # of the shell\n"
    assert [text[a:b] for a, b in parse_python(text).comments] == ["# é"]
