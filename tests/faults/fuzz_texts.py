"""Mutated texts through all that reads texts: configurations, values with units, names, times, taps, labels, manifests.

Whatever the text, it is understood or refused as a `FaltungError`, one that names the file where there is one; an
output's name never leaves its folder. The corpus is the gallery of configurations, and examples of each of the others.
"""

from __future__ import annotations

import os
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline import Format, read_labels
from pipeline.batch.manifest import Manifest, read_manifest
from pipeline.config.load import parse_config
from pipeline.config.outputs import OutputTemplate
from pipeline.errors import FaltungError
from pipeline.io import open_reader, read_signal
from pipeline.stages.base.files import read_taps
from pipeline.units import parse_duration, parse_fraction, parse_frequency, parse_gain

ROOT = Path(__file__).parents[2]
LONGEST_S = 5.0
PIECES = (
    "0", "9" * 40, "1e999", "-", "nan", "\0", "é", "{", "}", "[", ": ", "\n", "  ", "&a ", "*a", "!!", "<<", "null",
    "true", "'", '"', "${X}", "..", "/", "~", "%", "{stem}", "{relative}", " ms", " dB", "𝄞", "\x1b[31m", "- ", "#",
)  # fmt: skip


def configuration(text: str) -> None:
    parse_config(text)


def units(text: str) -> None:
    problems = []
    for parse in (parse_duration, parse_frequency, parse_gain, parse_fraction):
        try:
            parse(text)
        except FaltungError as error:
            problems.append(error)
    if len(problems) == 4:
        raise problems[0]


def template(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = OutputTemplate(text, folder).path(Path(folder, "in/take.wav"))
        if "://" in text or str(made) == "-":
            return
        fixed = text.removeprefix("file://").split("{")[0]
        begins = os.path.normpath(os.path.join(folder, os.path.dirname(os.path.expanduser(fixed))))  # noqa: PTH111, PTH118, PTH120
        where = os.path.normpath(made)
        begins, where = (re.sub("^//", "/", one) for one in (begins, where))  # the same root, as `commonpath` takes it
        assert os.path.commonpath([begins, where]) == begins, f"{text!r} leaves {begins}: {where}"


def manifest(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.jsonl")
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        read_manifest(path)


def columns_of_times(path: Path) -> None:
    with open_reader(path, time_column=0) as reader:
        while len(reader.read(4096)):
            pass


def sidecar(path: Path) -> None:
    np.save(path.with_suffix(".npy"), np.arange(4.0))
    read_signal(path.with_suffix(".npy"))


def taps(path: Path) -> None:
    read_taps(path, Format(8000.0, 1), "file")


def of_file(read: Callable[[Path], object], suffix: str) -> Callable[[str], None]:
    """A text is that of a file with this extension; a refusal must name it."""

    def judge(text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"take{suffix}")
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            try:
                read(path)
            except FaltungError as error:
                if path.stem not in str(error):
                    raise AssertionError(f"names no file: {error}") from error
                raise

    return judge


# ruff: noqa: ISC004
EXAMPLES: dict[str, tuple[str, ...]] = {
    "times": (
        "time,a\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:01Z,2\n2026-01-01T00:00:02Z,3\n",
        "t (ms),a,b\n0,1,2\n250,3,4\n500,5,6\n750,7,8\n", "time;a\n0,5;1,5\n1,0;2,5\n1,5;3\n",
        "date,a\n13/01/2026 10:00:00,1\n13/01/2026 10:00:10,2\n13/01/2026 10:00:20,3\n",
        "Time,a\n1767225600,1\n1767225601,2\n1767225602,\n",
        "# fs: 4\nelapsed,a\n0:00:00.5,1\n0:00:01.0,2\n0:00:01.5,nan\n",
    ),
    "sidecar": ('{"fs": 8000}', '{"fs": 44100.0, "names": ["a"]}', '{"fs": "8 kHz"}'),
    "taps": ("1\n0.5\n0.25\n", "# taps\n0.1 0.2\n0.3 0.4\n", "1, 2, 3\n", "1e-3\n-2E5\n"),
    "labels.txt": ("0.25\t0.5\twren\n1\t2\tk\n\\\t100\t200\n",
             "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\n1\tW\t1\t0.5\t1.5\t90\n"),
    "labels.textgrid": (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 2\ntiers? <exists>\nsize = 1\n'
        "item []:\n"
        '    item [1]:\n class = "IntervalTier"\n name = "a"\n xmin = 0\n xmax = 2\n intervals: size = 1\n'
        '  intervals [1]:\n xmin = 0.5\n xmax = 1\n text = "k ""q"""\n',
        '"ooTextFile"\n"TextGrid"\n0\n2\n<exists>\n1\n"TextTier"\n"p"\n0\n2\n1\n0.5\n"x"\n',
    ),
    "labels.eaf": (
        '<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds"/><TIME_ORDER>'
        '<TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="100"/><TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="300"/></TIME_ORDER>'
        '<TIER TIER_ID="t"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="c" TIME_SLOT_REF1="a" TIME_SLOT_REF2="b">'
        "<ANNOTATION_VALUE>wren</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>",
    ),
    "labels.csv": ("start_s,end_s,label\n0.5,1,a\n2,3,b\n",
                   "file,start_utc,template\nday.wav,2026-01-01T00:00:00Z,k\n"),
    "labels.jsonl": ('{"start_s": 0.5, "end_s": 1, "label": "a"}\n{"start_s": 2, "end_s": 2.5, "template": "b"}\n',),
}  # fmt: skip


def corpus(what: str) -> list[str]:
    """Good texts of a kind."""
    if what == "configuration":
        return [path.read_text("utf-8") for path in sorted((ROOT / "configs").glob("*.yaml"))]
    if what in EXAMPLES:
        return list(EXAMPLES[what])
    if what == "units":
        return ["250 ms", "-6 dB", "30%", "4 kHz", "11025 samples", "0.25", "2 min", "1e-3 s", "5 m", "440", "-inf dB"]
    if what == "template":
        return [
            "out/{stem}.wav",
            "{parent}/{name}",
            "a/{relative}/{stem}-{ext}.flac",
            "file:///tmp/x/{stem}.wav",
            "{name}",
        ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.jsonl")
        with Manifest(path) as opened:
            opened.begin({"pid": 1, "started": "2026-01-01", "recipe": {"settings": {}, "files": {}, "versions": {}}})
            told = {
                "key": "0" * 32,
                "output": "b.wav",
                "outputs": [{"path": "b.wav", "hash": "x"}],
                "input": {"bytes": 4},
            }
            opened.add({"item": "a.wav", "status": "running"})
            opened.add({"item": "a.wav", "status": "done", **told})
            opened.add({"item": "c.wav", "status": "failed", "error": "no such file"})
        return [path.read_text("utf-8")]


LABELS = (".txt", ".textgrid", ".eaf", ".csv", ".jsonl")
KINDS: dict[str, Callable[[str], None]] = {
    "configuration": configuration, "units": units, "template": template, "manifest": manifest,
    "times": of_file(columns_of_times, ".csv"), "sidecar": of_file(sidecar, ".json"), "taps": of_file(taps, ".txt"),
    **{f"labels{name}": of_file(read_labels, name) for name in LABELS},
}  # fmt: skip


def mutated(text: str, rng: random.Random) -> str:
    """The text with pieces put in, taken out, doubled and changed."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        end = min(end, at + 20)
        match rng.randrange(5):
            case 0:
                text = text[:at] + rng.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[end:]
            case 2:
                text = text[:at] + text[at:end] * 2 + text[end:]
            case 3:
                text = text[:at] + rng.choice(PIECES) + text[end:]
            case _:
                text = text[:at] + chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x2000)))) + text[at + 1 :]
    return text


def judged(what: str, text: str) -> str:
    """``read`` or ``refused``; anything else is raised."""
    began = time.monotonic()
    try:
        KINDS[what](text)
    except FaltungError:
        return "refused"
    finally:
        assert time.monotonic() - began < LONGEST_S, "takes too long"
    return "read"


def trial(what: str, count: int, seed: int) -> Counter[str]:
    """How many of ``count`` mutations were read and refused."""
    rng, good, found = random.Random(f"{seed}{what}"), corpus(what), Counter[str]()
    for number in range(count):
        text = mutated(rng.choice(good), rng)
        try:
            found[judged(what, text)] += 1
        except Exception as error:
            raise AssertionError(f"{what}, seed {seed}, mutation {number}, {text[:300]!r}: {error!r}") from error
    return found
