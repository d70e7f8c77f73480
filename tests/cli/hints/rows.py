"""Every piece of advice that a command gives: how it comes to be given, and the same command with the advice followed.

A row is (module, fragment of the advice in its source, command, command that follows it). ``cfg(...)`` is ``run`` with
a configuration of these stages; what follows it may be words, or another configuration.
"""

from __future__ import annotations

import json
import shlex
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf


@dataclass(frozen=True)
class Row:
    """A piece of advice, what makes a command give it, and what it advises."""

    module: str
    fragment: str
    said: str
    followed: str
    files: dict[str, str | bytes] = field(default_factory=dict)
    mended: dict[str, str | bytes | None] = field(default_factory=dict)
    code: int = 0
    before: str = ""
    """A command, ``mkdir NAME``, or ``link NAME``, which leads nowhere."""
    spoiled: str = ""
    """A file that a line is added to, which is taken out of it again."""
    stdin: str = ""


def _config(stages: str, more: str = "", *, source: str = "in.wav", output: str = "o.wav") -> str:
    return f"version: 1\ninput: {source}\noutput: {output}\n{more}\nstages: [{stages}]\n"


GAIN = "{use: gain, gain: 0.5}"


def cfg(module: str, fragment: str, stages: str = GAIN, more: str = "", *, then: str | None = None,
      then_more: str | None = None, source: str = "in.wav", output: str = "o.wav", words: str = "", and_words: str = "",
      then_source: str | None = None, then_output: str | None = None, **how: Any) -> Row:  # fmt: skip
    """A row of ``run``, with other stages, settings, input or output as the advice says."""
    told = _config(stages, more, source=source, output=output)
    mended = _config(
        stages if then is None else then,
        more if then_more is None else then_more,
        source=source if then_source is None else then_source,
        output=output if then_output is None else then_output,
    )
    files = {"c.yaml": told, **how.pop("files", {})}
    return Row(
        module, fragment, f"run c.yaml --overwrite {words}", f"run c.yaml --overwrite {and_words or words}", files,
        {"c.yaml": mended, **how.pop("mended", {})}, **how,
    )  # fmt: skip


def cmd(module: str, fragment: str, said: str, followed: str, **how: Any) -> Row:
    """A row of a command without a configuration."""
    return Row(module, fragment, said, followed, **how)


def txt(module: str, fragment: str, told: str | bytes, mended: str | bytes) -> Row:
    """A row of a configuration that is wrong as a text."""
    return Row(
        module, fragment, "run c.yaml --overwrite", "run c.yaml --overwrite", {"c.yaml": told}, {"c.yaml": mended}
    )


def table(*rows: str, header: str = "time,x") -> str:
    return "\n".join([header, *rows]) + "\n"


TEN = [f"{k / 10:g},{k}" for k in range(10)]
GAP = [row for row in TEN if not row.startswith("0.5,")]
GOOD = _config(GAIN)
NPY = (
    b"\x93NUMPY\1\0\x76\0"
    + b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000,), }".ljust(117)
    + b"\n"
    + bytes(80)
)
AP = "apply in.wav o.wav --overwrite"


def make_files(place: Path) -> None:
    """The files that rows begin with."""
    random = np.random.default_rng(3)
    noise = random.uniform(-0.3, 0.3, (8000, 2))
    sf.write(place / "in.wav", noise, 8000, subtype="PCM_16")
    sf.write(place / "loud.wav", 3 * noise, 8000, subtype="PCM_16")
    sf.write(place / "mono.wav", noise[:, 0], 8000, subtype="PCM_16")
    sf.write(place / "four.wav", np.tile(noise[:, :1], 4), 8000, subtype="PCM_16")
    sf.write(place / "six.wav", noise[:, 0], 16000, subtype="PCM_16")
    sf.write(place / "part.wav", noise[2000:2400, 0], 8000, subtype="FLOAT")
    sf.write(place / "silence.wav", np.zeros(400), 8000, subtype="FLOAT")
    sf.write(place / "three.wav", noise[:400, [0, 1, 0]], 8000, subtype="FLOAT")
    sf.write(place / "even.wav", np.concatenate([noise[:200, 0], noise[199::-1, 0]]), 8000, subtype="FLOAT")
    broken = noise.copy()
    broken[5] = np.nan
    sf.write(place / "nan.wav", broken, 8000, subtype="FLOAT")
    np.save(place / "huge.npy", np.array([0.5, 1e308, 0.25]))
    sf.write(place / "big.wav", np.full((100, 1), 1e30), 8000, subtype="DOUBLE")
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" + struct.pack("<I", 4000)
    (place / "cut.wav").write_bytes(b"RIFF" + struct.pack("<I", 4036) + head + bytes(3000))
    np.save(place / "x.npy", noise)
    np.save(place / "complex.npy", noise + 1j)
    np.savez(place / "two.npz", a=noise, b=noise, fs=8000)
    for name in ("d/a.wav", "d/b.wav"):
        (place / name).parent.mkdir(exist_ok=True)
        sf.write(place / name, noise[:, 0], 8000, subtype="PCM_16")
    (place / "t.csv").write_text(table(*TEN))
    (place / "gap.csv").write_text(table(*GAP))
    (place / "other.json").write_text(json.dumps({"mine": 1}))
    (place / "raw.f32").write_bytes(noise[:400, 0].astype("<f4").tobytes())
    (place / "c.yaml").write_text(GOOD)
    (place / "taken.wav").write_bytes(b"mine")
    sf.write(place / "long.wav", random.uniform(-0.3, 0.3, 80_000), 8000, subtype="PCM_16")
    np.savez(place / "one.npz", x=noise, fs=8000)
    np.savez(place / "columns.npz", x=np.asfortranarray(noise), fs=8000)


def run_line(words: str) -> list[str]:
    """Words of a command line."""
    return shlex.split(words)
