"""What passwords, tokens and keys look like in a text, whatever the text is.

Each kind of text has its own measure. A ``"shell"`` assigns literals only; in the
``"code"`` that nobody parsed, what has no quotes may be a name; the ``"text"`` of a
string holds addresses and JSON; ``"prose"``, of markdown and outputs, mostly speaks of
secrets: there, a value must look made.
"""

import itertools
import re
from collections.abc import Iterator

# Words that call the value a password; and those that may stand for something else.
_STRONG = (
    r"password|passwd|passphrase|pwd|mdp|mots?[_. ]?(?:de[_. ]?)?passe"
    r"|(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))(?:pass|psw|pw)"  # no compass
)
_KEY = r"(?:api|access|secret|private|account|encryption)[_-]?key"
_WEAK = rf"token|jeton|secret|cl[eé]f?[_.]?api|{_KEY}|access_key_secret"
# What a name with more after that word is of, when it is of something else.
_ABOUT = (
    r"url|uri|name|file|path|dir|id|type|key|field|len|length|size|min|max|count|hash|label"
    r"|col|column|var|variable|env|header|expir\w*|endpoint|error|msg|message|policy"
    r"|reset|list|format|class|page|prompt|help|text|required|ttl|duration|age|date"
    r"|rate|aide|taux|host|port|server|scope|status|rules?|state|ok|valid\w*|source|provider|manager"
    r"|store|mode|level|kind|group|owner|hint|title|placeholder|pattern|regex|input"
)
_WORD = (
    rf"(?:(?P<strong>{_STRONG})|{_WEAK})s?"
    rf"(?:_?\d+|(?:(?:[._-]|(?-i:(?<=[a-z])(?=[A-Z])))"
    rf"(?!(?:{_ABOUT})s?(?![A-Za-z0-9]))[A-Za-z0-9]{{1,20}}){{1,3}})?"
)
_LABEL = re.compile(rf"(?is).*{_WORD}")
_PLACEHOLDER = re.compile(
    r"(?i)[<\[{*].*|x+|\.+|-+|…|your\W.*|votre\W.*|your_\w+|votre_\w+|change_?me|todo"
    r"|(my)?pass(words?)?|tokens?|secrets?|mot_de_passe|string|none|null|true|false|required"
    r"|character|numeric|logical|varchar|masqu[eé]e?|[A-Za-z]:[/\\].*|\#[0-9a-f]{6,8}"
    r"|hidden|redacted|unknown|example|(~|\.\.?|/(home|tmp|usr|opt|etc|mnt|run|var))/.*"
    r"|[A-Z][A-Z0-9]*(?-i:(_[A-Z0-9]+)+)|.*\s.*"
)
_PAIR = re.compile(
    rf"""(?ix){_WORD}\\?["'`]?\]?[ \t]*
    (?P<sign>(?::[ ]*\w+[ ]*)?=(?![=~])|==|!=|<-|=>|:(?:=|[ ]chr\b)?|\b(?:is|est)\b)
    [ \t*]*
    (?:r?b?f?\\(?P<escaped>["'])(?P<inner>.{{4,300}}?)\\(?P=escaped)
      |r?b?f?(?P<quote>["'`])(?P<quoted>(?:\\.|(?!(?P=quote))[^\\\n]){{4,2000}})(?P=quote)
      |(?P<plain>[^\s;&'"`<>{{}}|\\]{{4,300}}))"""
)
_SHAPES = re.compile(
    r"""\b[a-z][\w+.-]{0,20}://[^/\s:@{}<>]{1,100}:(?P<url>(?:%[0-9a-fA-F]{2}|\$(?![{(\w])|[^\s/{}<>$%])+)@
    | \b(?:Bearer|ApiToken)\s(?P<header>[\w.~+/=-]{8,})
    | \b(?:Basic|Token)\s(?P<scheme>[\w.~+/=-]{8,})
    | \b(?P<key>AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}
        |AIza[\w-]{30,}|d2pat_\w{20,}|hf_\w{30,}|sk-(?=[\w-]*\d)[\w-]{20,}|xox[abprs]-[\w-]{10,}
        |eyJ[\w-]{8,}\.eyJ[\w.-]+)
    | ^[ \t]*[A-Z0-9_]*(?:PASSWORD|TOKEN|SECRET|_KEY)[ \t]{2,}(?P<listed>\S{4,})
    | (?i:\b(?:mot\ de\ passe|password|mdp)
        (?:\ (?!(?:in|dans|sur|on|see|voir|demander|au?|à)\b)\w{1,20}){1,6}\s?[:=]
        |\blogin\s?[:=]\s?[^\s/:]{2,40}\s/)
        [ \t*"'`]{0,4}(?P<noted>[^\s"'`*@()]{6,})(?![^\s"'`*.,;])
    | (?P<pem>-----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*)
    | ^%(?:set_)?env\ \w*(?:PASSWORD|TOKEN|SECRET|KEY)[= ]\s*(?P<env>\S+)
    | \b(?:(?i:password)|IDENTIFIED\ BY)\s{1,3}'(?P<sql>[^'\n]{4,})'
    | (?:^!.*|\bcurl\b[^\n]{0,300})\s(?:-u|--user)[\s=]*['"]?[^\s:'"]+:
        (?P<user>[^\s'"]+)
    | (?i:--[\w-]{0,30}(?:password|token|secret|(?:api|access|private)-?key))[= ]+
        ['"]?(?P<option>[^\s'"$&;|-][^\s'"]{3,})
    | \b(?:(?:un)?zip\b[^\n]{0,200}\s-P|sshpass\ +-p|openssl\b[^\n]{0,200}\s-k
        |(?:mysql|7z)\w*\ [^\n]{0,200}(?<=\s)-p(?!\s))
        \s*['"]?(?P<tool>[^\s'"${-]\S{3,}?)(?=['"\s]|$)
    | \b(?:ENCRYPTION_KEY|ATTACH\b[^\n]{0,300}\bKEY)\s'(?P<opens>[^'\n]{4,})'""",
    re.VERBOSE | re.DOTALL,
)
# One of these is in every text that holds a secret: most are put aside at once.
_HINTS = (
    *("pass", "pw", "mdp", "token", "jeton", "secret", "cle_api", "clé", "cleapi"),
    *("cle.api", "_key", "-key", "private key"),
    *("apikey", "accesskey", "privatekey", "accountkey", "encryptionkey"),
    *("login", "://", "bearer ", "basic ", "identified by"),
    *(" -u", "--user", "%env", "%set_env"),
    *("akia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat", "glpat", "d2pat"),
    *("hf_", "sk-", "xox", "eyj", "aiza", "zip", "7z", "mysql", "openssl", "key '"),
)
_PRINTED = re.compile(r'\[1\] "([^"]+)"')
_PART, _OVERLAP = 4000, 500
_MADE = re.compile(r"(?=.*[A-Za-z])(?=.*\d).{6}", re.DOTALL)
_COMMON = re.compile(
    r"(?i)(?<![a-z0-9])(dhis2|utf-?\d+|sha\d+|md5|base64|s3|oauth2)(?![a-z0-9])"
)


def is_label(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    return _LABEL.fullmatch(name) is not None


def is_password(name: str) -> bool:
    """Whether a name can only be of a password; tokens are also parts of a text."""
    match = _LABEL.fullmatch(name)
    return match is not None and match["strong"] is not None


def may_be_key(name: str) -> bool:
    """Whether a name is of a secret or of a column: ``cle_dhis2``."""
    return re.fullmatch(r"(?i)cl[eé]f?[_.]?(dhis2?|iaso)", name) is not None


def is_placeholder(value: str) -> bool:
    """Whether a value only stands where a secret would."""
    return len(value) < 4 or _PLACEHOLDER.fullmatch(value) is not None


def is_passphrase(value: str) -> bool:
    """Whether a text with spaces is no sentence about passwords, nor a question."""
    is_short = re.fullmatch(r"(?=.*\d)(?=.*[A-Za-z])\S+(?: \S+){1,7}(?<![?:…])", value)
    return is_short is not None and not re.search(rf"(?i){_STRONG}|{_WEAK}", value)


def looks_made(value: str) -> bool:
    """Whether a value is no word or name: both letters and digits, and long enough."""
    return _MADE.match(_COMMON.sub("", value)) is not None and not is_placeholder(value)


def _has_hint(text: str) -> bool:
    lower = text.lower()
    return any(hint in lower for hint in _HINTS)


def secrets_in(text: str, kind: str) -> Iterator[tuple[int, str]]:
    """Find what is a secret by its form: its place and its value."""
    if not _has_hint(text):
        return
    for match in _SHAPES.finditer(text):
        name = match.lastgroup
        if _shape_holds(name, match[name], kind):
            yield match.start(name), match[name]
    for match in _PAIR.finditer(text):
        name = match.lastgroup
        value = match[name]
        if name == "plain":
            value = _plain(match, kind)
        elif _is_vague(match["sign"], kind) and not match["strong"]:
            value = value if looks_made(value) else ""
        if not is_placeholder(value):
            yield match.start(name), value


def lines_with_secrets(text: str, kind: str) -> Iterator[tuple[int, str]]:
    """Find secrets in a long text, each once: its line, from 1, and its value."""
    if not _has_hint(text):
        return
    seen = set()
    for number, value in _secrets_by_line(text, kind):
        if value not in seen:
            seen.add(value)
            yield number, value


def _secrets_by_line(text: str, kind: str) -> Iterator[tuple[int, str]]:
    header: list[str] = []
    above = ""
    for number, line in enumerate(text.split("\n"), 1):
        if kind == "prose":
            cells = _cells(line)
            values = [*_secrets_in_row(header, cells), *_secrets_printed(above, line)]
            yield from ((number, value) for value in values)
            header, above = (header or cells) if cells else [], line
        # Most parts of a very long line hold no hint either.
        for start in range(0, len(line), _PART - _OVERLAP):
            part = line[start : start + _PART]
            yield from ((number, value) for _, value in secrets_in(part, kind))


def _secrets_printed(above: str, line: str) -> Iterator[str]:
    """Find what R shows of a list: ``$password``, and below it ``[1] "…"``."""
    shown = _PRINTED.fullmatch(line) if above.startswith("$") else None
    if shown and is_label(above[-60:].strip("`")) and not is_placeholder(shown[1]):
        yield shown[1]


def _cells(line: str) -> list[str]:
    """Split a row of a table of markdown."""
    row = line.strip()
    if len(line) > _PART or not re.fullmatch(r"\|.+\|", row):
        return []
    return [cell.strip(" `*") for cell in row[1:-1].split("|")]


def _secrets_in_row(header: list[str], cells: list[str]) -> Iterator[str]:
    """Find cells below, or beside, one that names a secret."""
    pairs = [*zip(header, cells, strict=False), *itertools.pairwise(cells)]
    for name, value in pairs:
        is_made = not is_placeholder(value) and (looks_made(value) or is_password(name))
        if len(name) < 40 and is_label(name) and is_made and not is_label(value):
            yield value


def _shape_holds(name: str, value: str, kind: str) -> bool:
    if name == "scheme" or (name == "header" and kind == "prose"):
        return re.search(r"\d|=", value) is not None  # no `Basic statistics`
    if name == "option" and kind == "prose":  # `--token TEXT`
        return looks_made(value)
    if name == "noted":  # `Mot de passe de la base : voir Awa`
        return looks_made(value) and not re.search(r"://|\.\w{2,4}$", value)
    is_asked = kind == "prose" or name in ("option", "header")
    return not (is_asked and is_placeholder(value))


def _is_vague(sign: str, kind: str) -> bool:
    """Whether a value in quotes may be a word: ``token == "the"``, of SQL, of prose."""
    is_compared = sign in ("==", "!=", "is", "est")
    return kind == "prose" or is_compared or (kind == "text" and sign == "=")


def _plain(match: re.Match, kind: str) -> str:
    """Give a value without quotes, or "": in code it may be a name or a call."""
    value, sign = match["plain"], match["sign"]
    strong = match["strong"] is not None
    if value[0] in "$%(~@:" or re.fullmatch(r"[\w.]*[(\[]", value):
        return ""
    if kind in ("code", "prose"):
        if re.match(r"[\w.]*[(\[]|.*[_.](passw|token)", value):
            return ""
        value = re.sub(r"[,)\]].*|[.:]+$", "", value)
    is_next = sign == "=" and match.start("plain") == match.end("sign")
    is_last = not match.string[match.end() :].strip()  # of a line of settings
    if (
        looks_made(value)
        or (kind == "shell" and (is_next or (strong and is_last)))
        or (kind == "text" and strong and sign == "=")
        or (kind != "prose" and strong and re.fullmatch(r"\d{6,}", value))
    ):
        return value
    return ""
