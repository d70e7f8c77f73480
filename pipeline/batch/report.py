"""The report of a run: what became of each file, as one page that plays from disk and as JSON for machines.

A record is what `pipeline.batch.task` says of a file, with ``item``, its name, and ``attempts``. In a report its
``status`` is also ``unchanged`` (done by an earlier run), ``skipped`` (its output existed) or ``not begun``. Of what a
report does not show nothing is kept; what is not known is None.

The page is one HTML file with its style and script inside, which asks for nothing but the outputs: a table that reads
without a script; the script sorts and filters it, and makes a player when one is asked for.
"""

from __future__ import annotations

import io
import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..dsp.transforms import library_version
from ..errors import UsageError
from ..io import is_remote, is_table_name
from ..io.names import is_stream
from ..io.sink import make_folder_of, write_bytes
from ..io.source import cause
from ..pages import PLAYED, link, page_from, report_parts, shown
from ..text import clock, decibels, size, times, without_secrets

if TYPE_CHECKING:
    from ..config.model import Configuration

KIND = "faltung run report"
"""The first value of the JSON file, and the generator that the page names."""

Record = Mapping[str, Any]

STATUSES = ("done", "unchanged", "failed", "skipped", "not begun")

_UNKNOWN: dict[str, Any] = {
    "item": "", "status": "", "outputs": [], "attempts": 1, "warnings": [], "clocks": [],
    **dict.fromkeys(("seconds", "x_realtime", "frames_in", "fs_in", "channels_in", "duration_in_s")),
    **dict.fromkeys(("peak", "clipped", "first_clip", "events", "error", "envelope")),
}  # fmt: skip
"""Facts that a report keeps of a record, with the value of those that are not known."""

_HEAD_BYTES = 1024  # of a file, which say whether it is a report


def run_facts(
    settings: Configuration, *, version: str, began: datetime, seconds: float, jobs: int, threads: int
) -> dict[str, Any]:
    """Facts of a run: its configuration without defaults and credentials, the BLAKE2b hash, versions, time, processors.

    ``version`` is faltung's; ``began`` has a time zone; ``jobs`` are files at a time, ``threads`` those of each.
    """
    import soundfile

    from ..config.yaml_text import to_yaml
    from ..plugins import version_of
    from .resume import owners_of

    text = to_yaml(settings)
    libraries = ("numpy", "scipy", "soundfile", "soxr")
    plugins = owners_of(settings.stages) - {"faltung"}
    return {
        "configuration": without_secrets(text),
        "configuration_hash": blake2b(text.encode(), digest_size=16).hexdigest(),
        "began": began.isoformat(timespec="seconds"),
        "seconds": seconds,
        "jobs": jobs,
        "threads": threads,
        "platform": platform.platform(terse=True),
        "versions": {
            "faltung": version,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in libraries},
            "libsndfile": soundfile.__libsndfile_version__,
            "transforms": library_version(),
        },
        "plugins": {name: version_of(name) for name in sorted(plugins)},
    }


def run_report(records: Sequence[Record], run: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a report says, as plain data; the most clipped files come first, then the loudest.

    Parameters
    ----------
    records
        one for each file, as the text of this module says.
    run
        of `run_facts`.
    """
    files = [{name: record.get(name, unknown) for name, unknown in _UNKNOWN.items()} for record in records]
    return {"kind": KIND, "version": 1, "run": dict(run), "totals": _totals(files, run), "files": _ordered(files)}


def _totals(records: Sequence[Record], run: Mapping[str, Any]) -> dict[str, Any]:
    statuses = Counter(record["status"] for record in records)
    durations = {s: sum(r["duration_in_s"] or 0.0 for r in records if r["status"] == s) for s in ("done", "unchanged")}
    events = [record["events"] for record in records if record["events"] is not None]
    return {
        "files": len(records),
        **{status: statuses[status] for status in STATUSES},
        "duration_in_s": sum(durations.values()),
        "x_realtime": durations["done"] / run["seconds"] if run["seconds"] > 0 else None,
        "clipped_files": sum(bool(record["clipped"]) for record in records),
        "clipped": sum(record["clipped"] or 0 for record in records),
        "events": sum(events) if events else None,
        "bytes": sum(output.get("bytes") or 0 for record in records for output in record["outputs"]),
    }


def _ordered(records: Sequence[Record]) -> list[dict[str, Any]]:
    def key(record: Record) -> tuple[int, float, str]:
        peak = -1.0 if record["peak"] is None else record["peak"]
        return (-(record["clipped"] or 0), -peak, record["item"])

    return [dict(record) for record in sorted(records, key=key)]


def page_html(data: Mapping[str, Any], folder: Path) -> str:
    """The page for the data of `run_report`, with links to the outputs as seen from ``folder``."""
    rows = [_row(record, folder) for record in data["files"]]
    return page_from(
        "pipeline.batch",
        "report.html.j2",
        {**data, "kind": KIND, "statuses": STATUSES, "rows": rows},
        own=report_parts(),
        filters={"shown": shown, "clock": clock, "size": size, "times": times},
    )


def _row(record: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Record of a line of the table, with what that shows beside it."""
    output = record["outputs"][0]["path"] if record["outputs"] else None
    suffix = PurePosixPath(output or "").suffix.lower()
    href = None if output is None or output == "-" or is_remote(output) else link(output, folder)
    peak = record["peak"]
    return {
        **record,
        "output": output,
        "href": href,
        "plays": href is not None and suffix in PLAYED,
        "level": None if peak is None else _level(peak, is_table=is_table_name(output or "")),
        "path": _path(record["envelope"]) if record["envelope"] else None,
    }


def _level(peak: float, *, is_table: bool) -> str:
    if is_table:
        return f"{peak:.4g}"
    return decibels(peak).replace("-", "\N{MINUS SIGN}").replace("inf", "∞")


def _path(envelope: list[list[int]]) -> str:
    """Bars, one a stretch, from the lowest to the highest sample; silence is a line."""
    return "".join(f"M{i} {-high - 2}V{-low + 2}" for i, (low, high) in enumerate(envelope))


def refuse_other_files(path: Path) -> None:
    """Raise `UsageError` where the page or its data would replace a file that is no report."""
    for file in _pair(path):
        try:
            with file.open("rb") if not is_stream(file) else io.BytesIO() as opened:
                ours = KIND.encode() in opened.read(_HEAD_BYTES)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UsageError(f"{file}: {cause(error)}; give the report another name") from None
        if not ours:
            raise UsageError(f"{file}: is another file, which the report would replace; give the report another name")


def write_report(path: Path, data: Mapping[str, Any]) -> None:
    """Write the page to ``path`` and the data to the JSON file beside it.

    Raises
    ------
    UsageError
        one of the names is that of a file that is no report.
    WriteError, DiskFullError
        it cannot be written.
    """
    refuse_other_files(path)
    make_folder_of(path)
    page, numbers = _pair(path)
    for file, text in ((numbers, json.dumps(data, indent=1, allow_nan=False)), (page, page_html(data, path.parent))):
        write_bytes(file, text.encode(), overwrite=True)


def _pair(path: Path) -> tuple[Path, Path]:
    return path, path.with_suffix(".json")
