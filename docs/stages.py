"""Writes docs/stages.md, the settings of every stage, from the stages themselves; ``--check`` only tells."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from pipeline.cli.stage_view import describe, list_stages
from pipeline.config.yaml_text import to_yaml

PAGE = Path(__file__).resolve().parent / "stages.md"
_HEAD = """Every stage that faltung brings, with its settings, what they may be, and examples; made by `make generate`.

# The stages

`faltung stages` lists them, those of plugins among them; `faltung stages echo` shows one as here. A time is written
with `s`, `ms`, `us`, `min`, `h` or `samples`, a gain with `dB` or `%`, a frequency with `Hz` or `kHz`; a bare number
is seconds, a factor, Hz.
"""
_OF_ALL = ("id", "enabled")


def page() -> str:
    """The whole page."""
    stages = [describe(entry["name"]) for entry in list_stages() if entry["distribution"] == "faltung"]
    common = [row for row in stages[0]["settings"] if row["name"] in _OF_ALL]
    every = "\nEvery stage has two settings more:\n\n" + _table(common)
    return "\n".join([_HEAD + every, *map(_stage, stages)])


def _stage(stage: dict[str, Any]) -> str:
    traits = {"linear": "linear", "time_invariant": "time-invariant", "whole_signal": "needs the whole signal"}
    told = ", ".join(words for name, words in traits.items() if stage[name])
    settings = [row for row in stage["settings"] if row["name"] not in _OF_ALL]
    shown = to_yaml({"stages": stage["examples"]}).partition("stages:\n")[2]
    parts = [
        f"## {stage['name']}\n\n{_words(stage['description'])}\n",
        f"*{told[:1].upper()}{told[1:]}.*\n" if told else "",
        _table(settings) if settings else "",
        f"```yaml\n{shown}```\n" if stage["examples"] else "",
    ]
    return "\n".join(part for part in parts if part)


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| setting | value | default | meaning |", "| --- | --- | --- | --- |"]
    for row in rows:
        default = "required" if row["required"] else _shown(row["default"])
        cells = (f"`{row['name']}`", row["type"], default, _words(row["description"]).replace("\n", " "))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    return "" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _words(text: str) -> str:
    """Text of a docstring as Markdown: its code in single backticks, and what stars would make slanted left alone."""
    return re.sub(r"``(.+?)``", r"`\1`", text).strip()


def main(arguments: list[str]) -> int:
    """Write the page where it differs; with ``--check``, only tell: 1 if it does."""
    made = page()
    if PAGE.exists() and PAGE.read_text("utf-8") == made:
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"{PAGE} is not what the stages say; run: make generate\n")
        return 1
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
