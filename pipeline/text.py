"""Words for people: numbers with their unit, times, sizes, counts, the nearest name, values and lists cut short."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]{1,30}:/"
_EQUALS = r"(?:=|%3[Dd])"
_MARK = rf"(?:[?#]|;(?=[\w.-]{{1,99}}{_EQUALS})|%(?:3[Ff]|3[Bb]|23)(?=\S{{0,99}}?{_EQUALS}))"  # near its name
_URL = re.compile(
    rf"(?P<scheme>{_SCHEME}/?)(?P<user>[^/\s]*@|[^/\s:@?#]+:(?!\d+/)[^\s?#'\"]*@)?"
    rf"(?P<path>(?:(?!::{_SCHEME}|{_MARK})\S)*(?:(?:(?!{_SCHEME}|{_MARK})[^\n'\"])*[\w)\]](?={_MARK}[^\s'\")]))?)"
    rf"(?P<query>(?P<mark>{_MARK})[^\s'\")]\S*?(?:(?:[ \t][\w.%&+-]+){{0,4}}?[ \t][\w.%&+-]+=\S*?)*"
    r"(?=[:,;'\")]*(?:\s|$)))?"
)
"""A URL, also one that `pathlib` took a slash from, one with spaces in its path or slashes in its password, and each of
a chain of them (``zip://a.wav::https://...``); its query may have no name, follow a ``;`` or be escaped."""
_ALONE = re.compile(
    r"(?P<scheme>[\w+.-]+:/+)(?P<user>[^/]*(?:@|%40)|[^/:@]+:(?!\d+/).*@)?(?P<path>.*?)"
    r"(?P<query>(?P<mark>[?#;]|%3[FfBb]|%23).*)?",
    re.DOTALL,
)
_learned: dict[str, str] = {}
_broken: set[str] = set()

_NAME = re.compile(r".*\.[A-Za-z][A-Za-z0-9]{1,4}[*}]?")


def plain(text: str) -> str:
    """The text with every character that could steer a terminal, or not be encoded, written as an escape."""
    for name in _broken:
        text = text.replace(name, name.replace("\n", "\\n"))
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def one_line(path: str | os.PathLike[str]) -> str:
    """A path on one line, whatever its name holds."""
    return plain(os.fspath(path)).replace("\n", "\\n")


_FORMULA = re.compile(r"'*\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def without_controls(text: str) -> str:
    """The text for a file, what would steer a terminal written as an escape."""
    return _CONTROLS.sub(lambda found: plain(found[0]), text)


def cell(text: str) -> str:
    """A text for a cell of a table, which no spreadsheet computes and no terminal obeys: ``'=1+1``; see `from_cell`."""
    text = without_controls(text)
    return f"'{text}" if _FORMULA.match(text) else text


def from_cell(text: str) -> str:
    """The text that `cell` wrote; control characters stay escapes."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def shorten(text: str, most: int) -> str:
    """The text, its end replaced by ``...`` where it has over ``most`` characters."""
    if len(text) > most:
        text = without_secrets(text)  # which what is left of a URL would show
    return text if len(text) <= most else text[: most - 3] + "..."


def first_few(lines: Sequence[str], most: int = 20, note: str = "", indent: str = "") -> list[str]:
    """The lines up to ``most``, indented; then ``and 3 more`` with a ``note`` behind it."""
    more = [f"{indent}and {len(lines) - most} more{note}"] if len(lines) > most else []
    return [indent + line for line in lines[:most]] + more


def nearest(word: object, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name most like a word that is none of them, to ask "did you mean"; None where all are unlike it."""
    import difflib  # only where something is refused

    return next(iter(difflib.get_close_matches(str(word)[:60], known, n=1, cutoff=cutoff)), None)


def count(number: int, noun: str) -> str:
    """``1 tap``, ``48,001 taps``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "es" if noun.endswith("s") else "s")


def number(value: float) -> str:
    """Four significant digits; a whole number as one."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.4g}"


def duration(seconds: float) -> str:
    """``0 s``, ``12.5 µs``, ``5.00 ms``, ``1.250 s``, ``1:02:03.5``."""
    size = abs(seconds)
    if size == 0:
        return "0 s"
    if size < 0.9995e-3:
        return f"{seconds * 1e6:.3g} µs"
    if size < 0.09995:
        return f"{seconds * 1e3:.3g} ms"
    if size < 599.9995:
        return f"{seconds:.3f} s"
    minutes, rest = divmod(round(seconds, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}"


def clock(seconds: float) -> str:
    """``0.125 s``, ``12.5 s``, ``1:02:03``: a time for a column of them, of three digits or whole seconds."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def frame_time(seconds: float, fs: float) -> str:
    """``0.50000``: seconds, with the decimals that tell a frame from the next, six at most."""
    return f"{seconds:.{min(6, max(0, math.ceil(math.log10(fs))))}f}"


def signed(value: float) -> str:
    """``+0.25``, ``-6.00``, and ``0.00`` for what rounds to nothing."""
    return f"{value:+.2f}" if abs(value) >= 0.005 else "0.00"


def hertz(fs: float) -> str:
    """``0.1 Hz``, ``360 Hz``, ``44.1 kHz``."""
    return f"{fs / 1000:.6g} kHz" if fs >= 1000 else f"{fs:.6g} Hz"


def size(count: int) -> str:
    """``512 bytes``, ``1.2 MB``: powers of ten, as file managers show them."""
    if count < 1000:
        return f"{count} bytes"
    power = min(int(math.log10(count * 1.0005)) // 3, 4)
    value = count / 1000**power
    return f"{value:.{1 if value < 9.95 else 0}f} {('kB', 'MB', 'GB', 'TB')[power - 1]}"


def decibels(linear: float) -> str:
    """``-3.21``, ``-inf``: 20 log10 of a linear magnitude, no unit."""
    return f"{20 * math.log10(linear):.2f}" if linear > 0 else "-inf"


def times(ratio: float) -> str:
    """``182``, ``3.4``: how many times faster than real time."""
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def without_secrets(text: str) -> str:
    """The text without the user, password and query of any URL in it: ``https://***@host/take.wav?***``."""
    for url in sorted(_learned, key=len, reverse=True):  # one may be the beginning of another
        text = text.replace(url, _learned[url])
    return _URL.sub(_masked, text)


def learn_name(name: str) -> None:
    """Know a name that may have several lines: shown on one, none of them is taken for another message."""
    if "\n" in name.strip():
        _broken.add(name)


def learn(word: str) -> None:
    """Know a word that was given, and the URL that ends it: no message tells which blanks and quotes are its own."""
    learn_name(word)
    found = re.search(rf"{_SCHEME}|[A-Za-z]://", word)
    url = word[found.start() :] if found else ""
    if not url or url in _learned:
        return
    links = re.split(rf"(::)(?={_SCHEME})", url)
    masked = "".join(_masked(alone) if (alone := _ALONE.fullmatch(link)) else link for link in links)
    if without_secrets(f"{url}: ") != f"{masked}: ":
        forms = (url, repr(url)[1:-1], one_line(url), str(PurePath(url)))
        _learned.update(dict.fromkeys(forms, one_line(masked)))


def extension_shown(name: str) -> str:
    """The extension, which no one knows, of a file or URL, without the secrets in it: ``.wav?***``."""
    return re.sub(rf"({_MARK}).+", r"\1***", PurePath(without_secrets(name)).suffix.lower())


def _masked(url: re.Match[str]) -> str:
    query = url["query"] or ""
    named = _NAME.fullmatch(query) and not _NAME.fullmatch(url["path"])  # a wildcard or a number in a name: no secret
    if "=" in query or not named:
        query = query and f"{url['mark']}***"
    return f"{url['scheme']}{'***@' * bool(url['user'])}{url['path']}{query}"


_SPELLED = {"hour": "h", "hr": "h", "minute": "min", "second": "s", "sec": "s", "millisecond": "ms", "msec": "ms"}
_SPELLED |= {"microsecond": "us", "usec": "us", "hertz": "Hz", "kilohertz": "kHz", "k": "kHz", "megahertz": "MHz"}
_SPELLED |= {"decibel": "dB", "dbfs": "dB", "percent": "%", "per cent": "%"}
_SPELLED |= {"point": "samples", "pt": "samples", "smp": "samples", "tap": "samples", "value": "samples"}


def meant(unit: str, known: Iterable[str]) -> str | None:
    """The known unit that another spelling of it means: ``hours``, ``MS``."""
    word = unit.lower().rstrip(".,;")
    near = _SPELLED.get(word) or _SPELLED.get(word.removesuffix("s"))
    return next((name for name in known if name == near or name.lower() == word), None)


def unit_fix(number: float, unit: str, known: Iterable[str], help_text: str) -> str:
    """What to write in place of a number with a unit that is not known."""
    if unit.lower() == "bpm" and "ms" in known and number > 0:
        return f"did you mean '{60_000 / number:.6g} ms', one beat?"
    if re.match(r",\d", unit):
        return f"did you mean '{number:.15g}.{unit[1:]}', with a point?"
    near = meant(unit, known)
    return f"did you mean '{number:.15g} {near}'?" if near else help_text


def gain_meant(factor: float) -> str:
    """What a factor that cannot be was perhaps meant as; empty where nothing is likely."""
    if factor < 0:
        return f"; did you mean '{factor:g} dB'?"
    return f"; did you mean '{factor:g}%'?" if 2 <= factor < 100 else ""


def with_minus(text: str) -> str:
    """A number in words with a true minus sign."""
    return text.replace("-", "\N{MINUS SIGN}")
