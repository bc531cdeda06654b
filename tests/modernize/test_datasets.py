"""Files of datasets that are read by hand, and readers chosen by an extension."""

import pytest

HEAD = (
    "import geopandas as gpd, io, json, pandas as pd, polars as pl, requests\n"
    "from pathlib import Path\nfrom urllib.request import urlopen\n"
)


@pytest.fixture
def told(examined):
    """Give a function that finds (rule, line, replacement) in lines of code."""

    def tell(suffix, code):
        head = HEAD if suffix == ".py" else ""
        result = examined(suffix, head + code)
        assert result.change is None
        line = head.count("\n")
        return [(one.rule, one.line - line, one.replacement) for one in result.findings]

    return tell


def download(suffix, line):
    code = 'workspace$get_dataset("…")$latest_version$get_file("…")$read()'
    return [
        ("dataset-download", line, code.replace("$", {".py": "."}.get(suffix, "$")))
    ]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("d <- read.csv(file$download_url)", 1),
        ("d <- readr::read_csv(f$download_url, col_types = 'c')", 1),
        ("d <- arrow::read_parquet(file$download_url)", 1),
        ("url <- file$download_url\nd <- jsonlite::fromJSON(url)", 2),
        ("link <- f$download_url\nd <- readRDS(gzcon(url(link)))", 2),
        ("url <- f$download_url\nd <- readRDS(url(url))", 2),
        ("con <- url(f$download_url)\nd <- readRDS(con)", 1),
        ("m <- sf::st_read(dsn = file$download_url)", 1),
        ("r <- httr2::request(f$download_url)\nr <- httr2::req_perform(r)", 1),
        ("f$download_url |> httr2::request() |> httr2::req_perform()", 1),
        ("f$download_url %>% read_csv(., col_types = 'c')", 1),
        ("r <- httr::RETRY('GET', f$download_url)", 1),
        ("d <- lapply(files, function(f) fread(f$download_url))", 1),
        ("get <- function(link) {\n  read.csv(link)\n}\nget(f$download_url)", 2),
        ("link <- function(f) f$download_url\nread.csv(link(f))", 2),
        ("d <- read.csv(text = content(GET(f$download_url), 'text'))", 1),
    ],
)
def test_a_file_of_a_dataset_that_r_reads_by_hand_is_found_once(code, line, told):
    assert told(".R", code) == download(".R", line)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("d = pd.read_csv(file.download_url)", 1),
        ("d = gpd.read_file(f.download_url)", 1),
        ("d = pd.read_excel(f.download_url, sheet_name=1)", 1),
        ("d = pl.read_parquet(f.download_url)", 1),
        ("r = requests.Session().get(f.download_url)", 1),
        ("with requests.Session() as s:\n    r = s.get(f.download_url)", 2),
        ("r = session.request('GET', f.download_url)", 1),
        ("d = pd.read_csv(io.BytesIO(requests.get(f.download_url).content))", 1),
        ("url = f.download_url\nd = json.load(urlopen(f'{url}'))", 2),
        ("r = requests.get(client.generate_download_url('a'))", 1),
        ("d = [pd.read_csv(f.download_url) for f in files]", 1),
        ("def load(link):\n    return pd.read_csv(link)\nload(f.download_url)", 2),
        (
            "class A:\n    def load(self, link):\n        return pd.read_csv(link)\n"
            "    def all(self):\n        return self.load(f.download_url)",
            3,
        ),
        (
            "if f.filename.endswith('.csv'):\n    d = pd.read_csv(f.download_url)\n"
            "elif f.filename.endswith('.json'):\n    d = pd.read_json(f.download_url)",
            2,
        ),
        ("!wget -O a.csv {f.download_url}", 1),
    ],
)
def test_a_file_of_a_dataset_that_python_reads_by_hand_is_found_once(code, line, told):
    assert told(".py", code) == download(".py", line)


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".R", "print(f$download_url)"),
        (".R", "d <- data.frame(link = f$download_url)"),
        (".R", "httr::POST(hook, body = list(link = f$download_url))"),
        (".R", "httr::GET(hook, query = list(link = f$download_url))"),
        (".R", "x <- readline(f$download_url)"),
        (".R", "download_url <- paste0(base, '/a.csv')\nread.csv(download_url)"),
        (".R", "a <- gh::gh('/repos/x')\nread.csv(a$download_url)"),
        (".R", "get <- function(link) read.csv(link)\nget('a.csv')"),
        (".R", "x <- 'read.csv(f$download_url)'  # read.csv(f$download_url)"),
        (".py", "d = pd.DataFrame({'link': [f.download_url]})"),
        (".py", "requests.post(hook, json={'link': f.download_url})"),
        (".py", "x = seen.get(f.download_url)"),
        (".py", "d = pd.read_csv(item['download_url'])"),
        (".py", "f = version.get_file('a.csv')\nd = pd.read_csv(f.download_url)"),
        (".py", "d = pd.read_csv(version.get_file('a.csv').download_url)"),
        (
            ".py",
            "def load(download_url):\n    return pd.read_csv(download_url)\n"
            "load('https://example.org/a.csv')",
        ),
    ],
)
def test_a_link_that_is_not_read_or_no_datasets_is_left_alone(suffix, code, told):
    assert told(suffix, code) == []


@pytest.mark.parametrize(
    ("suffix", "code", "line", "path"),
    [
        (
            ".R",
            "ext <- tools::file_ext(p)\n"
            "d <- if (ext == 'csv') read.csv(p) else if (ext == 'rds') readRDS(p)",
            2,
            "p",
        ),
        (
            ".R",
            "switch(tolower(ext), csv = read.csv(p), xls = , xlsx = read_excel(p))",
            1,
            "p",
        ),
        (
            ".R",
            "if (!file.exists(p)) stop(p)\nif (grepl('[.]csv$', p)) {\n"
            "  d <- read.csv(p)\n}\nif (grepl('\\\\.(xls|xlsx)$', p)) {\n"
            "  d <- read_excel(p)\n}\nif (nrow(d) == 0) stop(p)",
            2,
            "p",
        ),
        (
            ".R",
            "get <- function(p, q) {\n  if (endsWith(p, '.gpkg')) return(read_sf(p))\n"
            "  read.csv(q)\n}",
            2,
            "path",
        ),
        (
            ".py",
            "for p in files:\n    if p.endswith('.csv'):\n        d = pd.read_csv(p)\n"
            "    elif p.endswith(('.xls', '.xlsx')):\n        d = pd.read_excel(p)",
            2,
            "p",
        ),
        (
            ".py",
            "d = pd.read_csv(p) if p.suffix == '.csv' else pd.read_parquet(p)",
            1,
            "p",
        ),
        (".py", "R = {'.csv': pd.read_csv, '.geojson': gpd.read_file}", 1, "path"),
        (
            ".py",
            "match Path(p).suffix:\n    case '.csv':\n        d = pd.read_csv(p)\n"
            "    case '.xlsx' | '.xls':\n        d = pd.read_excel(p)\n"
            "    case _:\n        raise ValueError(p)",
            1,
            "p",
        ),
    ],
)
def test_readers_chosen_by_the_extension_are_one_finding(
    suffix, code, line, path, told
):
    assert told(suffix, code) == [("format-switch", line, f"file_read({path})")]


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        # file_read() has no tif, and no rds in Python; and reads no text or bytes
        (".R", "if (ext == 'tif') rast(p) else if (ext == 'csv') read.csv(p)"),
        (".py", "d = read_rds(p) if p.suffix == '.rds' else pd.read_csv(p)"),
        (".R", "switch(ext, csv = read.csv(text = x), json = fromJSON(p))"),
        (".R", "switch(ext, csv = read.csv(p), json = fromJSON(rawToChar(x)))"),
        (
            ".py",
            "d = pd.read_csv(io.BytesIO(x)) if e.suffix == '.csv' else read_json(p)",
        ),
        # Not an extension, one format, or written
        (".R", "switch(source, csv = read.csv(p), json = fromJSON(p))"),
        (".R", "if (ext == 'csv') d <- read.csv(p)"),
        (".R", "if (ext == 'csv') read.csv(p) else if (ext == 'csv.gz') read.csv(p)"),
        (".R", "if (ext == 'csv') write.csv(d, p) else saveRDS(d, p)"),
    ],
)
def test_other_choices_are_left_alone(suffix, code, told):
    assert told(suffix, code) == []


def test_a_choice_after_a_download_is_part_of_it(told):
    code = (
        "get <- function(f) {\n  p <- tempfile()\n  download.file(f$download_url, p)\n"
        "  if (ext == 'csv') read.csv(p) else read_parquet(p)\n}"
    )
    assert told(".R", code) == download(".R", 3)
