"""Mutated texts through all that reads texts: configurations, values with units, templates of names, manifests.

Whatever the text, it is understood or refused as a `FaltungError`; an output's name never leaves its folder. The corpus
is the gallery of configurations, and examples of each of the others.
"""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pipeline.batch.manifest import Manifest, read_manifest
from pipeline.config.load import parse_config
from pipeline.config.outputs import OutputTemplate
from pipeline.errors import FaltungError
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


def corpus(what: str) -> list[str]:
    """Good texts of a kind."""
    if what == "configuration":
        return [path.read_text("utf-8") for path in sorted((ROOT / "configs").glob("*.yaml"))]
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


KINDS: dict[str, Callable[[str], None]] = {
    "configuration": configuration, "units": units, "template": template, "manifest": manifest,
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


def guided(what: str, runs: int, seconds: int) -> None:
    """Mutations that atheris chooses by what they reach; it ends the process."""
    import atheris

    folder = Path(tempfile.mkdtemp())
    for number, text in enumerate(corpus(what)):
        (folder / str(number)).write_text(text, "utf-8")

    def one(data: bytes) -> None:
        judged(what, data.decode("utf-8", "replace"))

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-runs={runs}", f"-max_total_time={seconds}", "-max_len=2048", "-timeout=20",
                   "-verbosity=0", str(folder)], one)  # fmt: skip
    atheris.Fuzz()
