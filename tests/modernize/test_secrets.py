"""Secrets wherever they are written: always told of, never shown."""

import json
import time

import pytest

from hexa_kernels.modernize.report import as_json, describe
from hexa_kernels.modernize.secret_forms import lines_with_secrets
from hexa_kernels.modernize.survey import survey

PATH = "\nx = '/home/hexa/workspace/a.csv'\n"


@pytest.fixture
def told(tmp_path):
    """Give a function that examines a file: the places of secrets, all that is said."""

    def tell(name, content):
        path = tmp_path / name
        path.write_text(content, "utf-8")
        (result,) = survey([path])
        assert result.error is None, result.error
        shown = "\n".join([*describe(result, diff=True), as_json([result])])
        places = [
            (one.cell, one.where, one.line)
            for one in result.findings
            if one.rule == "secret-in-code"
        ]
        return places, shown

    return tell


def notebook(*cells, language="python"):
    book = {"nbformat": 4, "metadata": {"language_info": {"name": language}}}
    return json.dumps({**book, "cells": list(cells)})


def code(source, *outputs):
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def stream(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


PYTHON = [
    # Texts that hold an address, settings or JSON
    'x = json.loads(\'{"password": "district5"}\')',
    r'x = json.loads("{\"password\": \"district5\"}")',
    "x = \"{'password': 'district5', 'url': y}\"",
    'x = "DRIVER={PostgreSQL};SERVER=db;UID=me;PWD=district5"',
    'x = "Pwd=district5;Server=db"',
    'x = "https://example.org/api?access_token=district5&x=1"',
    'x = "password: district5\\nurl: y"',
    "db.execute(\"ALTER ROLE me PASSWORD 'district5'\")",
    "os.system('psql --password=district5')",
    '"""Opens postgresql://user:district5@host/db."""',
    # Given to programs
    'os.system("zip -P district5 a.zip /home/hexa/workspace/a")',
    'os.system("sshpass -p district5 scp /home/hexa/workspace/a b:")',
    'os.system("mysql -u me -pdistrict5 < /home/hexa/workspace/a.sql")',
    'os.system("7z x -pdistrict5 /home/hexa/workspace/a.7z")',
    'os.system("openssl enc -k district5 -in /home/hexa/workspace/a")',
    "db.execute(\"ATTACH '/home/hexa/workspace/a' (ENCRYPTION_KEY 'district5')\")",
    'x = base64.b64encode(b"admin:district5")',
    'psw = "district5"',
    'mdp = """district5\\n"""',
    # As French has it
    'MOTS_DE_PASSE = {"awa": "district5"}',
    'login, mot_passe = "me", "district5"',
    'subprocess.run(["zip", "-P", "district5", "a.zip"])',
    # Handed on
    'token = os.environ.get("TOKEN") or "district5"',
    'token = x if x else "district5"',
    'token = "district5".strip()',
    'token = str("district5")',
    'token = b64decode("district5")',
    'token = f"district5"',
    'password = "dis" + "trict5"',
    # Beside its name
    'params = [("token", "district5")]',
    'd = [{"name": "token", "value": "district5"}]',
    'SecretStr("district5")',
    'widgets.Password(value="district5")',
    'subprocess.run(["curl", "-u", "me:district5"])',
    'subprocess.run(["tool", "--token", "district5"])',
    # Several at once
    'user, password = "a", "district5"',
    '(user, password) = ["a", "district5"]',
    'password = secret = "district5"',
    'f(password := "district5")',
    'tokens = ["district5", x]',
    'passwords = ("district5", x)',
    'tokens = {"malaria": "district5"}',
    'config = {"tokens": ["district5"]}',
    # Compared
    'if password == "district5":\n    pass',
    'if "district5" != x["token"]:\n    pass',
    'hmac.compare_digest(password, "district5")',
    # Behind a scheme
    '"Bearer " + "district5"',
    '"Authorization: Token {}".format("district5")',
    '"Bearer %s" % "district5"',
    # In the place of one
    'Minio("host", x, "district5")',
    'DHIS2("https://play.org", "admin", "district5")',
    'IASO("https://iaso.org", "admin", "district5")',
    'Iaso("admin", "district5")',
    'Api("https://play.org", "admin", "district5")',
    'credentials = ("admin", "district5")',
    # Of one server among several
    'password_dhis2 = "district5"',
    'MDP_DHIS2 = "district5"',
    'TOKEN_IASO = "district5"',
    'PASSWORD_PLAY: str = "district5"',
    'jeton = "district5"',
    'setattr(config, "password", "district5")',
    'password = "mon district5"',
    '"postgresql://me:" + "district5" + "@db.example.org/x"',
    'cle_api = "district5"',
    'CREDENTIALS = [("https://play.org", "awa", "district5")]',
    'login = ("awa", "district5")',
    'Minio("host", "district5", x)',
    'server.login("me@example.org", "district5")',
    'session.auth = ("me", "district5")',
    # Of another type, with another name
    'password = b"district5"',
    "password = 20242025",
    'PGPASSWORD = "district5"',
    'dhis2_password_prod = "district5"',
    'userpwd = "district5"',
    'x = config.get("password", "district5")',
    'parser.add_argument("--password", default="district5")',
    'x = "postgresql://me:dis@trict5@db.example.org/x"',
    "x = '{\"password\": 20242025}'",
    'headers = {"Authorization": "Bearer districtfive"}',
    # Magics and shells
    "!PGPASSWORD=district5 psql -h db",
    "!export TOKEN=district5",
    "!export API_TOKEN='district5' && ls",
    "%env PGPASSWORD=district5",
    "!curl --user me:district5 https://example.org",
    "!tool --token district5 --all",
    # Comments
    "# token d2pat_0123456789abcdefghijABCDEFGHIJ42",
    "y = 1  # password=district5",
]


def test_what_a_function_of_the_file_takes_has_its_parameter_s_name(told):
    code = 'def f(user, pwd):\n    pass\nf("me", "district5")\n'
    assert told("x.py", code)[0] == [(0, "code", 3)]
    code = 'f <- function(user, pwd) user\nf("me", "district5")\n'
    assert told("x.R", code)[0] == [(0, "code", 2)]


@pytest.mark.parametrize("line", PYTHON)
def test_a_secret_of_python_is_told_of_and_not_shown(line, told):
    places, shown = told("x.py", line + PATH)
    assert places == [(0, "code", 1)]
    assert "workspace_path" in shown
    for value in ("district", "trict5", "20242025", "d2pat_"):
        assert value not in shown


R = [
    'x <- fromJSON(\'{"password": "district5"}\')',
    'con <- dbConnect(odbc(), .connection_string = "UID=me;PWD=district5")',
    'add_headers(Authorization = paste("Bearer", "district5"))',
    'paste0("ApiToken ", "district5")',
    'sprintf("Bearer %s", "district5")',
    'if (password == "district5") x <- 1',
    'stopifnot(identical(password, "district5"))',
    'tokens <- c("district5", x)',
    'passwords <- list(me = "district5")',
    'login("https://example.org", user = "me", "district5")',
    'loginToDHIS2("https://play.org", "admin", "district5")',
    'req |> req_auth_basic("admin", "district5")',
    'req |> req_auth_bearer_token("district5")',
    'login_dhis2(url, "admin", "district5")',
    'token <- ifelse(is.na(x), "district5", x)',
    'token <- if (x) "district5" else y',
    'token <- x %||% "district5"',
    'token <- trimws("district5")',
    'paste0("https://", user, ":", "district5", "@x.org")',
    'sprintf("https://%s:%s@x.org", "admin", "district5")',
    'system2("curl", c("-u", "admin:district5"))',
    'mdpDhis2 <- "district5"',
    'mot.de.passe <- "district5"',
    'cat(paste("token =", "district5"))',
    'paste0("mdp : ", "district5")',
    "# ancien mdp district5",
    'register_google(key = "AIzadistrict5wxyzabcdefghijklmnopqrstuv")',
    'mdp_dhis2 <- "district5"',
    'password.dhis2 <- "district5"',
    'config$password.play = "district5"',
    'token.iaso <- "district5"',
    'attr(x, "password") <- "district5"',
    'keyring::key_set_with_value("dhis2", "admin", "district5")',
    'paste0("postgresql://me:", "district5", "@db.example.org/x")',
    'Sys.setenv(DHIS2_MDP_PROD = "district5")',
    'f <- function(mdp_dhis2 = "district5") mdp_dhis2',
    'cle_dhis2 <- "district5"',
    'cle.api <- "district5"',
    'mdp <- case_when(env == "prod" ~ "district5")',
    'auth <- paste("awa", "district5", sep = ":")',
    'dbConnect(RPostgres::Postgres(), dbname = "x", "db", 5432, "district5")',
    'drv <- dbDriver("PostgreSQL"); dbConnect(drv, "awa", "district5", "db")',
    'dbConnect(RMariaDB::MariaDB(), "palu", "awa", "district5")',
    "# mot de passe dhis2 : district5!",
    "# Le mot de passe de la base est : district5/",
    "# mot de passe du serveur: **district5**",
    "# password for dhis2 is: district5",
    'mdp <- switch(env, prod = "district5", stop("?"))',
    'dbConnect(RPostgreSQL::PostgreSQL(), "awa", "district5", "snis", "db")',
    'd <- Dhis2r$new("https://play.org", "awa", "district5")',
    'base64encode(charToRaw(paste("admin", "district5", sep = ":")))',
    'dbConnect(RPostgres::Postgres(), "snis", "db", 5432, "district5", "awa")',
    'tribble(~compte, ~mdp, "awa", "district5")',
    "# mot de passe de la base = district5",
    "# Mot de passe pour DHIS2 : district5.",
    "# login: admin / district5",
]


@pytest.mark.parametrize("line", R)
def test_a_secret_of_r_is_told_of_and_not_shown(line, told):
    places, shown = told("x.R", line + PATH)
    assert places == [(0, "code", 1)]
    assert "workspace_path" in shown
    assert "district5" not in shown


CELLS = [
    "%%bash\nexport PGPASSWORD=district5",
    "%%bash\nTOKEN=district5 ./run",
    "%%bash\ncurl -u me:district5 https://example.org",
    "%%writefile .env\nDB_PASSWORD=district",
    "%%writefile settings.yaml\n  password: district",
    "%%writefile settings.ini\npassword = district",
    "%%sql\nCREATE USER me WITH PASSWORD 'district5'",
    "%%sql\nATTACH 'postgresql://me:district5@db/x'",
    '%%html\n<script>const token = "district5"</script>',
    '%%javascript\nfetch(u, {headers: {Authorization: "Bearer district5"}})',
    "print 1\npassword = 'district5'",
    'print 1\nf(user, password="district5")',
]


@pytest.mark.parametrize("source", CELLS)
def test_a_secret_in_a_cell_that_is_not_parsed(source, told):
    places, shown = told("n.ipynb", notebook(code(source)))
    assert places == [(0, "code", 2)]
    assert "district" not in shown


PROSE = [
    "DHIS2: `admin`, password: `district5`",
    "Mot de passe : district5",
    "**Password:** district5",
    "The password is district5.",
    "postgresql://me:district5@db.example.org/x",
    "curl -H 'Authorization: Bearer district5'",
    "PWD=hunter7x",
    '{"access_token": "district5"}',
    ' $ password: chr "district5"',
    "HEXA_TOKEN        district5.x",
    "| password | district5 |",
    "| token | `district5` | of the server |",
]


@pytest.mark.parametrize("text", PROSE)
def test_a_secret_in_markdown_and_in_outputs(text, told):
    result = {"output_type": "execute_result", "data": {"text/plain": ["a\n", text]}}
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", text]},
        code("x", stream(["1\n", "2\n"]), result, stream(text)),
    ]
    places, shown = told("n.ipynb", notebook(*cells))
    assert places == [(0, "markdown", 2), (1, "output", 4)]
    assert "district5" not in shown and "hunter7x" not in shown
    assert "cell 2, output, line 4: Password" in shown


def test_a_traceback_is_searched_without_its_colours(told):
    line = 'f(password\x1b[38m=\x1b[39m\x1b[33m"district5"\x1b[39m)'
    error = {"output_type": "error", "traceback": ["", line]}
    places, _ = told("n.ipynb", notebook(code("x", error)))
    assert places == [(0, "output", 2)]


def test_secrets_below_the_header_of_a_table(told):
    table = ["| user | mot de passe |\n", "|---|---|\n", "| admin | district |\n"]
    places, shown = told(
        "n.ipynb", notebook({"cell_type": "markdown", "source": table})
    )
    assert places == [(0, "markdown", 3)]
    assert "district" not in shown


def test_a_secret_in_a_list_that_r_shows(told):
    shown = ["$user\n", '[1] "admin"\n', "\n", "$password\n", '[1] "district"']
    result = {"output_type": "execute_result", "data": {"text/plain": shown}}
    assert told("n.ipynb", notebook(code("x", result)))[0] == [(0, "output", 5)]


def test_a_secret_in_the_parameters_that_papermill_keeps(told):
    book = json.loads(notebook(code("x")))
    book["metadata"]["papermill"] = {"parameters": {"password": "district"}}
    places, shown = told("n.ipynb", json.dumps(book))
    assert places == [(0, "metadata", 1)]
    assert "metadata of the notebook: Password" in shown
    assert "district" not in shown


def test_outputs_of_format_3_are_searched(told):
    output = {"output_type": "pyout", "text": ["token: district5"]}
    cell = {"cell_type": "code", "input": ["x"], "outputs": [output, 3, {"text": 4}]}
    book = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    assert told("n.ipynb", json.dumps(book))[0] == [(0, "output", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "Basic statistics of each token: words, lengths",
        "Ask for the password: it is in the vault",
        "password: required, token = optional",
        "tokens: 15, key: 12 of the table",
        "`password = getpass()`, then `client = Client(token=token)`",
        "The token is valid until 2024-12-31",
        "user:password@host, or postgresql://user:password@host/db",
        "password=os.environ['DHIS2_PASSWORD'], token=settings.dhis2_token",
        "{'token': 'patients', 'lemma': 'patient'}",
        "https://example.org:8080/a?token=<token>",
        "connect(user=user, password=dhis2_password)",
        "--password PASSWORD, --token TEXT",
        "bypass: level2024 compass=north12",
        "| token | count |\n|---|---|\n| village | 12 |",
        "| name | pass |\n|---|---|\n| x | <pass> |",
        "| password | what it is for |",
        "Accès : https://dhis2.snis.cd/api/29, login: https://iaso.org/login2/",
        "Le mot de passe se trouve dans : connexion_2024",
        "The password of the database is in: connection_2024",
    ],
)
def test_prose_that_only_speaks_of_secrets_is_left_alone(text, told):
    cells = [{"cell_type": "markdown", "source": text}, code("x", stream(text))]
    assert told("n.ipynb", notebook(*cells))[0] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("x.py", 'paste("Basic", "statistics")'),
        ("x.py", 'if token == "patients":\n    pass'),
        ("x.py", 'tokens = ["patient", "village"]'),
        ("x.py", 'name, password = "a", ask()'),
        ("x.py", 'x = "{\\"password\\": \\"<password>\\"}"'),
        ("x.py", "x = \"SELECT * FROM a WHERE token = 'pending'\""),
        ("x.py", 'x = f"PWD={password};UID={user}"'),
        ("x.py", 'bypass = "abcdef"'),
        ("x.py", "low_pass = 200000"),
        ("x.py", 'pwd = "/home/me/data"'),
        ("x.py", '"""Opens postgresql://user:password@host/db."""'),
        ("x.py", 'private_key = "~/.ssh/id_rsa1"'),
        ("x.py", "x = \"UPDATE a SET password=crypt('x'), token=:token\""),
        ("x.py", 'x = {"Authorization": "Bearer YOUR_TOKEN"}'),
        ("x.py", "!aws s3api get-object --key folder2/file"),
        ("x.py", "!echo $PASSWORD; export TOKEN=$(cat token.txt)"),
        ("x.py", "%cd /home/me\n!PWD=/home/me ls"),
        ("x.R", 'password <- ask("Password: ")'),
        ("x.R", 'paste("Token", "expired")'),
        ("x.R", 'identical(name, "dhis2_password")'),
        ("x.R", 'secrets$host <- "db.example.org"'),
        ("x.R", 'secrets.host <- "db.example.org"'),
        ("x.R", 'rename(df, pass = "Passages2023")'),
        ("x.R", 'select(df, token = "col_12ab")'),
        ("x.R", 'x <- sprintf("https://%s/%s", "play", "O6uvpzGd5pu")'),
        ("x.R", 'dhis2_get(conn, "O6uvpzGd5pu")'),
        ("x.R", 'token <- ifelse(x == "district5", a, b)'),
        ("x.R", 'tokens <- paste0("token", "_", 1:3)'),
        ("x.R", 'tokenSource <- "file"'),
        ("x.R", 'cle_dhis2 <- "dhis2_uid"'),
        ("x.R", 'cle_iaso <- "org_unit2"'),
        ("x.R", 'con <- dbConnect(PostgreSQL(), user = x, password = y, "h", "palu")'),
        ("x.R", 'paste("dx", "Uvn6LCg7dVU", sep = ":")'),
        ("x.R", 'dbConnect(RPostgres::Postgres(), "snis2024", "hexa-db01", 5432, x)'),
        ("x.R", 'tribble(~mot, ~token, "palu", "paludisme")'),
        ("x.R", 'tribble(~fichier, ~sep, "deces", "~")'),
        ("x.R", "# On passe au district suivant : District12"),
        ("x.R", "# Mot de passe de la base : awa.diop2@sante.sn"),
        ("x.R", "# Identifiants : data/ident2024.csv"),
        ("x.R", 'x <- switch(type, cas = "data2024")'),
        ("x.R", 'dbConnect(SQLite(), "base2024")'),
        ("x.R", 'tribble(~mdp, ~code, x, "NER001")'),
        ("x.R", "# login: voir https://play.org/b2"),
        ("x.R", "# mot de passe de la base : voir Awa"),
        ("x.py", 'get_secret("dhis2_play1")'),
        ("x.py", 'read_tokens("tokens2.json")'),
        ("x.py", 'write_tokens("tokens2.json")'),
        ("x.py", 'parser.add_argument("--token", "--jeton")'),
        ("x.py", 'requests.get("https://x.org", "a", timeout2)'),
        ("x.py", 'login_url = "https://x.org/login2"'),
        ("x.py", 'next_page_token = "nextPageToken"'),
        ("x.py", 'secrets.host = "db.example.org"'),
        ("x.py", 'password = "Password of 8 letters"'),
        ("x.py", 'password = input("Code à 4 chiffres :")'),
    ],
)
def test_code_that_only_speaks_of_secrets_is_left_alone(name, line, told):
    assert told(name, line + "\n")[0] == []


def test_a_text_that_looks_like_code_gives_nothing_else(told):
    old = "root = '/home/hexa/workspace'\n!pip install x\npassword = 'district5'"
    cells = [{"cell_type": "markdown", "source": old}, code("x", stream(old))]
    places, shown = told("n.ipynb", notebook(*cells, code("%%html\n" + old)))
    assert places == [(0, "markdown", 3), (1, "output", 3), (2, "code", 4)]
    assert "workspace-path" not in shown and "package-install" not in shown


@pytest.mark.parametrize(
    "piece",
    ["aaaaa", "a.b-c", "password=", "pass_", "x://y:", '"token": ', "eyJ", "-u x:"],
)
def test_a_long_text_is_searched_in_time(piece):
    text = piece * (300_000 // len(piece)) + " password"
    begin = time.perf_counter()
    list(lines_with_secrets(text, "prose"))
    assert time.perf_counter() - begin < 5


def test_a_secret_in_the_middle_of_a_long_line_is_found_once():
    text = "1.25 " * 50_000 + "token=district5 " + "key 2.5 " * 50_000
    assert list(lines_with_secrets(text, "prose")) == [(1, "district5")]
