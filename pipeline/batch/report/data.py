"""The data of a run's report: the records of its files in order, their totals, and what ran where.

A record is what `pipeline.batch.task` says of a file, with ``item``, its name, and ``attempts``. In a report its
``status`` is also ``unchanged`` (done by an earlier run), ``skipped`` (its output existed) or ``not begun``. Of what a
report does not show nothing is kept; what is not known is None.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from importlib import metadata
from typing import TYPE_CHECKING, Any

from ...errors import without_secrets

if TYPE_CHECKING:
    from ...config.model import Configuration

__all__ = ["KIND", "STATUSES", "Record", "run_facts", "run_report"]

KIND = "faltung run report"
"""The first value of the JSON file, and the generator that the page names."""

Record = Mapping[str, Any]


STATUSES = ("done", "unchanged", "failed", "skipped", "not begun")

_UNKNOWN: dict[str, Any] = {
    "item": "", "status": "", "outputs": [], "attempts": 1, "warnings": [],
    **dict.fromkeys(("seconds", "x_realtime", "frames_in", "fs_in", "channels_in", "duration_in_s")),
    **dict.fromkeys(("peak", "clipped", "first_clip", "events", "error", "envelope")),
}  # fmt: skip
"""What a report keeps of a record."""


def run_facts(
    settings: Configuration, *, version: str, began: datetime, seconds: float, jobs: int, threads: int
) -> dict[str, Any]:
    """What ran: the configuration without its defaults and credentials, its BLAKE2b hash, versions, time, processors.

    ``version`` is faltung's; ``began`` has a time zone; ``jobs`` are files at a time, ``threads`` those of each.
    """
    import soundfile

    from ...config.yaml_text import to_yaml
    from ...stages.registry import available_stages

    text = to_yaml(settings)
    libraries = ("numpy", "scipy", "soundfile", "soxr")
    plugins = {source.distribution for source in available_stages()} - {"faltung"}
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
        },
        "plugins": {name: metadata.version(name) for name in sorted(plugins)},
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
