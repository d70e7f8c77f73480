"""Every setting of a configuration and of every stage, as the schema lists them, given values that no one means.

Convention: a place is a configuration that is right, and the path of the setting in it that is to be changed; the
places are read from the schema itself, plugins' stages included, so that a new setting is tried as soon as it is there.
"""

from __future__ import annotations

import contextlib
import copy
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import yaml
from faltung_schema.schema import json_schema

from pipeline.cli import main
from pipeline.config import parse_config, to_yaml
from pipeline.errors import ConfigError

AUDIO = {"version": 1, "input": "in.wav", "output": "o.wav"}
TABLE = {**AUDIO, "input": "t.csv", "output": "o.csv", "time_column": "t"}
GAIN = {"use": "gain", "gain": 1}
MATCH = {"use": "match", "template": [0, 1, 2, 1, -1, 0.5], "threshold": {"score": 0.5}}
FILE = "ir.wav"
_BESIDE = {"spectrogram": {"domain": "spectrogram", "template": "in.wav"}}
"""What a setting that holds others needs beside it."""

VALUES: tuple[Any, ...] = (
    0, -1, 1, 0.5, 1e308, -1e308, 1e-308, 5e-324, float("nan"), float("inf"), -float("inf"), 10**9, 10**18, 2**63,
    10**290, True, False, None, "", " ", [], {}, [0], [-1], [[]], [[], []], [float("nan")], [1e308, 1e308],
    [[1], [1, 2]], [None], ["x"], {"x": 1}, {"0": {}}, "x", "nan", "inf", "1e400 s", "1e308 s", "-1 s", "0 s",
    "1e-300 s",    "5 samples", "0 samples", "1e15 samples", "5 Hz", "1e-30 Hz", "1e30 Hz", "1e308 kHz", "-5 Hz",
    "1000 dB", "-1000 dB", "1e9 dB", "nan dB", "1e308 %", "-5%", "101%", "3 parsec", "5 m", "x" * 5000, "é\x07\x1b[31m",
    "\0", ".", "gone.wav", "data", "in.wav", "t.csv", "*", "{stem}", "{", "${NOT_SET}", "~no.such.user", "s3:", "://",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A setting of a configuration that is right without what is tried in it."""

    config: dict[str, Any]
    path: tuple[str | int, ...]

    def with_value(self, value: Any) -> str:
        """The configuration with the setting changed, as YAML."""
        config = copy.deepcopy(self.config)
        at: Any = config
        for part in self.path[:-1]:
            at = at[part]
        at[self.path[-1]] = value
        return to_yaml(config)

    def __str__(self) -> str:
        use = next((f"{stage['use']} " for stage in self.config["stages"] if self.path[0] == "stages"), "")
        return use + ".".join(map(str, self.path))


def places() -> Iterator[Place]:
    """Every setting that the schema lists, those of every stage once, in the first of its examples that shows it."""
    schema = json_schema()
    for name, rule in schema["properties"].items():
        if name in ("stages", "define"):
            continue
        for base in (AUDIO, TABLE):
            yield from _inside({**base, "stages": [MATCH if name == "events" else GAIN]}, (name,), rule, schema)
    for use, rule in schema["definitions"].items():
        if "use" not in rule.get("properties", {}) or use == "stage":
            continue
        for name, inner in rule["properties"].items():
            shown = [one for one in rule["examples"] if name in one] or rule["examples"][:1]
            for example in shown if name != "use" else shown[:1]:
                stage = {key: FILE if str(value).endswith(".wav") else value for key, value in example.items()}
                stage |= _BESIDE.get(name, {})
                yield from _inside({**AUDIO, "stages": [stage]}, ("stages", 0, name), inner, schema)


def _inside(config: dict[str, Any], path: tuple[str | int, ...], rule: dict[str, Any], schema: Any) -> Iterator[Place]:
    """The setting at a path, and the settings in it where it holds some, once itself and once in a list."""
    yield Place(config, path)
    for inner, in_list in _models(rule, schema):
        for name, one in inner.get("properties", {}).items():
            if name == "use":
                continue
            changed = next(filter(_holds, _with_setting(config, path, name, inner, in_list=in_list)), None)
            assert changed is not None, (path, name, "no value of it holds; give one to _SAMPLES")
            yield from _inside(changed, (*path, *([0] if in_list else []), name), one, schema)


def _with_setting(
    config: dict[str, Any], path: tuple[str | int, ...], name: str, inner: dict[str, Any], *, in_list: bool
) -> Iterator[dict[str, Any]]:
    """Configurations in which a setting stands among those that it may need beside it."""
    samples = {key: _samples(rule) for key, rule in inner["properties"].items()}
    needed = {key: samples[key][0] for key in inner.get("required", [])}
    beside = [pair for many in (0, 1, 2) for pair in combinations(samples, many)]
    for others, value in product(beside, samples[name]):
        held = {**needed, **{key: samples[key][0] for key in others}, name: value}
        yield yaml.safe_load(Place(config, path).with_value([held] if in_list else held))


def _holds(config: dict[str, Any]) -> bool:
    try:
        parse_config(to_yaml(config), "c.yaml")
    except ConfigError:
        return False
    return True


def _models(rule: dict[str, Any], schema: Any, *, in_list: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    if "$ref" in rule:
        name = rule["$ref"].removeprefix("#/definitions/")
        if name != "stage":  # a stage in a stage is one of those that are tried by themselves
            yield schema["definitions"][name], in_list
    for part in [*rule.get("anyOf", []), *rule.get("allOf", [])]:
        yield from _models(part, schema, in_list=in_list)
    if isinstance(rule.get("items"), dict):
        yield from _models(rule["items"], schema, in_list=True)


_SAMPLES = ("utf-8", ";", "UTC", "0.1 s", "S16_LE", "1 per hour", 1, [1])
"""Values of which each setting without examples, choices or limits takes one."""


def _samples(rule: dict[str, Any]) -> list[Any]:
    """Values of which a rule allows one, the likeliest first."""
    rules = [rule, *rule.get("anyOf", [])]
    named = [value for one in rules for key in ("examples", "enum") for value in one.get(key, [])]
    named += [FILE] if any(one.get("format") == "path" for one in rules) else []
    return [*named, *(one["minimum"] for one in rules if "minimum" in one), *_SAMPLES]


def scene() -> None:
    """Everything that the configurations name, in the working folder."""
    noise = np.random.default_rng(7).uniform(-0.1, 0.1, 400)
    sf.write("in.wav", noise, 8000)
    sf.write(FILE, noise[:20], 8000)
    Path("t.csv").write_text("t,x\n" + "".join(f"{i / 100},{x:.4f}\n" for i, x in enumerate(noise[:50])))
    Path("data").mkdir()


def tried(text: str) -> tuple[int, str]:
    """Exit code of a run of a configuration, and all that it said."""
    Path("c.yaml").write_text(text, "utf-8")
    said = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = main(["run", "c.yaml", "--overwrite", "-q"])
    said.flush()
    return code, said.buffer.getvalue().decode()  # type: ignore[attr-defined]


_NONE = ("has no value", "got None", "got none", "''", "' '", "empty", " needs ", "missing", "at least 1")
"""How it is said that a setting has no value, or a blank one."""
_TOGETHER = (
    " once",
    "exactly one of",
    "got 1 of them",
    "leave ",
    "outside it",
    "odd number of taps",
    "got 0 frames",
    "repeated ",
    "away from",
    "slice ends",
    "would take",
    "give one column",
)
"""How it is said that settings do not go together, which are told by their names."""


def is_told(value: Any, said: str) -> bool:
    """Whether a refusal shows the value that it refuses, as far as one can see, or says that there is none."""
    return any(form.lower() in said.lower() for form in (*_forms(value), *_TOGETHER))


def _forms(value: Any) -> set[str]:
    if value is None or (isinstance(value, str) and not value.strip()):
        return {*_NONE}
    if isinstance(value, bool):
        return {str(value), f"got {value:d}"}
    if isinstance(value, int | float):
        return {
            f"{value}"[:40],
            f"{float(min(value, 10**300))}",
            *([f"{20 * math.log10(value):{form}} dB" for form in ("g", ".4g")] if 0 < value < math.inf else []),
            f"{value:,}",
            f"{value:g}",
            *([f"{value:.1f}", f" {value * 8000:.0f};"] if abs(value) < 1e18 else []),  # seconds as frames
        }
    if isinstance(value, str):
        number = value.split(" ")[0]
        return {
            value[:40],
            repr(value)[1:-1][:40],
            str(len(value)),
            number if number[:1].isdigit() else value,
            *_rounded(value),
        }
    return (
        {"got {", "read {", *map(str, value)} if isinstance(value, dict) else {"[", "got 0"}.union(*map(_forms, value))
    )


def _rounded(value: str) -> set[str]:
    """A number of samples without its last digits, to which others are added; a percentage and decibels as factors."""
    number = value.split(" ")[0]
    try:
        if value.endswith(" samples"):
            return {f"{float(number):.0f}", f"{float(number):,.0f}"[:-4]}
        if value.endswith("%"):
            return {f"{float(number.rstrip('%')) / 100:g}"}
        if value.endswith(" dB"):
            return {f"{10 ** (float(number) / 20):g}"}
        return {f"{float(number):,.0f}"[:-4]} if len(number) > 3 else set()
    except (ValueError, OverflowError):
        return set()
