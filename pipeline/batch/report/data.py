"""The data of a run's report: the records of its files in order, their totals, and what ran where.

A record is plain data, one for each file: ``item``, ``source``, ``outputs`` (``path``, ``bytes``, ``hash`` each),
``status`` (``done``, ``failed``, ``skipped`` or ``interrupted``), ``seconds`` on the clock, ``duration`` in seconds,
``fs``, ``channels`` and ``frames`` of the input, ``peak`` (linear), ``clips``, ``first_clip`` (a frame), ``warnings``,
``events``, ``error``, ``attempts``, and ``envelope`` (`pipeline.dsp.envelope.Envelope.pairs`). What is not known is
None.
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

__all__ = ["KIND", "Record", "run_facts", "run_report"]

KIND = "faltung run report"
"""The first value of the JSON file, and the generator that the page names."""

Record = Mapping[str, Any]


def run_facts(
    settings: Configuration, *, version: str, began: datetime, seconds: float, jobs: int, threads: int
) -> dict[str, Any]:
    """What ran: the configuration without its defaults and credentials, its BLAKE2b hash, versions, time, processors.

    ``version`` is faltung's; ``began`` has a time zone; ``jobs`` are files at a time, ``threads`` those of each.
    """
    import soundfile

    from ...config.yaml_write import to_yaml
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
    return {"kind": KIND, "version": 1, "run": dict(run), "totals": _totals(records, run), "files": _ordered(records)}


def _totals(records: Sequence[Record], run: Mapping[str, Any]) -> dict[str, Any]:
    statuses = Counter(record["status"] for record in records)
    duration = sum(record["duration"] or 0.0 for record in records if record["status"] == "done")
    events = [record["events"] for record in records if record["events"] is not None]
    return {
        "files": len(records),
        **{status: statuses[status] for status in ("done", "failed", "skipped", "interrupted")},
        "duration": duration,
        "x_realtime": duration / run["seconds"] if run["seconds"] > 0 else None,
        "clipped_files": sum(bool(record["clips"]) for record in records),
        "clips": sum(record["clips"] or 0 for record in records),
        "events": sum(events) if events else None,
        "bytes": sum(output["bytes"] for record in records for output in record["outputs"]),
    }


def _ordered(records: Sequence[Record]) -> list[dict[str, Any]]:
    def key(record: Record) -> tuple[int, float, str]:
        peak = -1.0 if record["peak"] is None else record["peak"]
        return (-(record["clips"] or 0), -peak, record["item"])

    return [dict(record) for record in sorted(records, key=key)]
