"""Numbers that stand in a list of a program, as C, JSON, Python, R and MATLAB write it, as the rows of a table.

Convention: a list is one column, a list of lists and one parted by ``;`` are rows. What can be read in two ways, is cut
short with ``...`` or stands beside other lists is refused; a text that has rows outside of brackets is a table.
"""

from __future__ import annotations

import re

from pipeline.errors import ReadError
from pipeline.io.source import Source, spool, text_encoding
from pipeline.text import shorten

__all__ = ["as_rows"]

_MOST_BYTES = 1 << 27
_ASIDE = re.compile(r"/\*.*?\*/|(?://|[#%])[^\n]*", re.S)  # comments, and what a preprocessor is told
_BEFORE = r"(?:\A|[=(:]|\bc(?=\())\s*"
_OPENS = re.compile(_BEFORE + r"[\[{(]\s*[\[{(]?\s*[-+.\d][-+.\deE]*[fFlL]?\s*[,;\s\]})]|coef\w*\s*=")
_IN = r"[-+.\deEfFlL,;\s]"
_LIST = re.compile(rf"{_BEFORE}[\[{{(]((?:{_IN}++|[\[{{(]{_IN}*+[\]}})])*+)[\]}})]|coef\w*\s*=([-+.\deE,\s]+)", re.I)
_ROW = re.compile(r"[\[{(]([^\]})]*)[\]})]")
_TABLE = re.compile(r"^[ \t\"']*[-+]?\.?\d", re.M)
_ONE = "keep one list of numbers, with commas between them"


def as_rows(source: Source) -> Source:
    """A text that holds a list of numbers as one with a row a line; any other source as it is.

    Raises
    ------
    ReadError
        It begins a list that is not whole, holds several, or can be read in two ways.
    """
    encoding = text_encoding(source.head)
    if encoding is None or not _OPENS.search(_ASIDE.sub("", source.head.decode(encoding, "replace")).lstrip()):
        return source
    name = source.name
    text = source.read(_MOST_BYTES + 1).decode(encoding, "replace")
    source.rewind()
    text = _ASIDE.sub("", text).strip()
    found = ["".join(one) for one in _LIST.findall(text)]
    if _TABLE.search(_LIST.sub(" ", text)):
        return source
    if len(found) != 1 or len(text) > _MOST_BYTES:
        what = f"holds {len(found)} lists of numbers" if found else "begins a list of numbers that does not end as one"
        raise ReadError(name, f"{what}: {shorten(text, 40)!r}; {_ONE}")
    rows = [_numbers(name, row) for row in _rows(name, found[0]) if row.strip()]
    if len({*map(len, rows)}) > 1:
        raise ReadError(name, f"has a row of {len(rows[0])} numbers and others that are longer or shorter; {_ONE}")
    column = rows[0] if len(rows) == 1 else ["\t".join(row) for row in rows]
    source.close()
    return spool(source, ["\n".join([*column, ""]).encode()])


def _rows(name: str, body: str) -> list[str]:
    if "..." in body:
        raise ReadError(name, f"has '...' in its list: numbers are left out, or a line goes on; {_ONE}")
    if nested := _ROW.findall(body):
        return nested
    if ";" in body:
        return body.split(";")
    lines = body.strip().split("\n")
    if any(len(line.split()) > 1 for line in lines) and not all(line.rstrip().endswith(",") for line in lines[:-1]):
        raise ReadError(name, f"may hold one list on {len(lines)} lines, or as many rows; {_ONE}, or ';' between rows")
    return [body]


def _numbers(name: str, row: str) -> list[str]:
    words = [word.rstrip("fFlL") for word in re.split(r"[,\s]+", row.strip(", \t\r\n"))]
    for word in words:
        try:
            float(word)
        except ValueError:
            raise ReadError(name, f"{shorten(word, 40)!r} in its list is no number; {_ONE}") from None
    return words
