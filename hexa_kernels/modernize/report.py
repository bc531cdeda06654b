"""Tell what was found: to people, and as JSON."""

import json
from collections import Counter
from pathlib import Path

from ..environment import language
from ..errors import OpenHexaError
from .rewrite import write_copy, write_in_place
from .rules import Finding, texts
from .sources import COPY_MARK
from .survey import Examined


def say(key: str, **values) -> str:
    """Fill in a line of the report, in the language of messages."""
    return texts()["report"][language()][key].format(**values)


def _masked(text: str, secrets: set[str]) -> str:
    """Put asterisks in the place of secrets."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def describe(result: Examined, *, diff: bool) -> list[str]:
    """Describe the findings of one file for people; secrets are masked."""
    if not result.findings:
        return []
    lines = [str(result.path)]
    is_notebook = result.path.suffix.lower() == ".ipynb"
    for finding in result.findings:
        is_named = finding.where in ("output", "metadata")
        key = (finding.where if is_named else "cell") if is_notebook else "line"
        what = texts()["rules"][finding.rule][language()]["what"]
        place = {"cell": finding.cell + 1, "line": finding.line}
        lines.append("  " + say(key, **place, what=what, rule=finding.rule))
        if finding.replacement or finding.safe:
            written = _masked(finding.replacement, result.secrets)
            first, *more = (written or say("remove")).splitlines()
            lines.append(f"    → {first}{' …' if more else ''}")
        if not finding.safe:
            lines.append(f"    {say('by_hand', reason=_reason(finding))}")
    if diff and result.change:
        lines += (_masked(line, result.secrets) for line in result.change.diff())
    return lines


def carry_out(result: Examined, *, folder: Path | None, in_place: bool) -> list[str]:
    """Write the changes of a file; say where. A failure becomes the file's error."""
    path = result.path
    try:
        if in_place:
            backup = write_in_place(result.change.data, path)
            return [say("backup", path=path, backup=backup)]
        target = path.with_name(f"{path.stem}{COPY_MARK}{path.suffix}")
        if folder:
            target = folder / result.relative
        target = write_copy(result.change.data, path, target)
        return [say("written", path=target)]
    except OpenHexaError as error:
        result.error = error
        return []


def _reason(finding: Finding) -> str:
    return texts()["reasons"][finding.reason][language()] if finding.reason else ""


def summarize(results: list[Examined]) -> str:
    """Count the findings by rule, with the time that they save."""
    findings = [finding for result in results for finding in result.findings]
    failed = sum(result.error is not None for result in results)
    lines = [say("failed", files=failed)] if failed else []
    if not findings:
        examined = len(results) - failed
        lines += [say("nothing", files=examined)] if examined or not failed else []
        return "\n".join(lines)
    safe = sum(finding.safe for finding in findings)
    total = say(
        "total",
        findings=len(findings),
        found=sum(bool(result.findings) for result in results),
        files=len(results),
        safe=safe,
        advice=len(findings) - safe,
    )
    lines.append(total)
    rules = texts()["rules"]
    counted = Counter(finding.rule for finding in findings)
    for name, count in counted.most_common():
        entry = rules[name][language()]
        minutes = count * rules[name]["minutes"]
        numbers = f"  {count:>4}  {minutes:>4} min  "
        lines.append(numbers + say("rule", rule=name, why=entry["why"]))
    lines += [say("time", minutes=_minutes(findings)), say("hint")]
    return "\n".join(lines)


def _minutes(findings: list[Finding]) -> int:
    return sum(texts()["rules"][finding.rule]["minutes"] for finding in findings)


def as_json(results: list[Examined]) -> str:
    """Write everything as JSON; docs/en/modernize.md describes it."""
    findings = [finding for result in results for finding in result.findings]
    report = {
        "version": 1,
        "files": [_file(result) for result in results],
        "summary": {
            "files": len(results),
            "failed": sum(result.error is not None for result in results),
            "findings": len(findings),
            "safe": sum(finding.safe for finding in findings),
            "minutes": _minutes(findings),
        },
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def _file(result: Examined) -> dict:
    error = result.error
    return {
        "path": str(result.path),
        "language": result.language,
        "kernel": result.kernel,
        "findings": [_finding(finding, result) for finding in result.findings],
        "error": error
        and {"code": error.code, "message": error.message, "hint": error.hint},
    }


def _finding(finding: Finding, result: Examined) -> dict:
    return {
        "rule": finding.rule,
        "cell": finding.cell,
        "where": finding.where,
        "line": finding.line,
        "safe": finding.safe,
        **texts()["rules"][finding.rule][language()],
        "replacement": _masked(finding.replacement, result.secrets),
        "reason": _reason(finding),
    }
