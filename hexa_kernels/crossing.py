"""What happens to each column of a frame when it crosses: a table to look at."""

from dataclasses import dataclass
from html import escape

from . import environment
from .columns import Crossing
from .contract import phrase

HEADS = (
    *("head_column", "head_python", "head_r"),
    *("head_crossing", "head_values_changed", "head_why"),
)


@dataclass
class CrossingReport:
    """How each column crosses to R; shows as text or HTML.

    Attributes
    ----------
    columns : list of Crossing
        With ``name``, ``source``, ``target``, ``status``, ``changed``, ``reason``.
    """

    columns: list[Crossing]

    def _rows(self) -> list[list[str]]:
        language = environment.language()
        rows = [[phrase(head, language) for head in HEADS]]
        for column in self.columns:
            status = phrase(column.status, language)
            reason = phrase(column.reason, language)
            names = [column.name, column.source, column.target]
            rows.append([*names, status, str(column.changed), reason])
        return rows

    def __repr__(self):
        rows = self._rows()
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if at == 4 else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )

    def _repr_html_(self):
        head, *body = self._rows()
        left = "style='text-align:left'"
        lines = [f"<tr>{''.join(f'<th {left}>{escape(c)}</th>' for c in head)}</tr>"]
        for row in body:
            cells = "".join(f"<td {left}>{escape(cell)}</td>" for cell in row)
            lines.append(f"<tr>{cells}</tr>")
        return f"<table>{''.join(lines)}</table>"
