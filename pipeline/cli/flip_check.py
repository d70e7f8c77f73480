"""``faltung flip-check``: is this convolution or correlation?"""

from __future__ import annotations

from typing import Annotated

import typer

from .options import Json, Rate

__all__ = ["flip_check"]

_Target = Annotated[
    list[str],
    typer.Argument(
        metavar="TARGET",
        help="MODULE:FUNCTION, stage:NAME or CONFIG, then SETTING=VALUE ...; or -- and a command with {in} and {out}.",
        show_default=False,
    ),
]
_Kernel = Annotated[
    str | None,
    typer.Option("--kernel", metavar="TAPS", help="Taps to send: '4,2,1'; rows parted by ';'.", show_default=False),
]


def flip_check(target: _Target, kernel: _Kernel = None, fs: Rate = None, as_json: Json = False) -> None:
    """Tell convolution from correlation, whatever it is.

    \b
      faltung flip-check numpy:correlate
      faltung flip-check scipy.ndimage:convolve1d mode=wrap --kernel "4,2,1"
      faltung flip-check stage:echo delay="2 samples" gain=0.5
      faltung flip-check pipeline.yaml
      faltung flip-check -- sox {in} {out} fir {kernel}
      faltung flip-check -- ffmpeg -i {in} -i {kernel} -lavfi afir=gtype=none {out}
    """  # noqa: D301  (the backspace tells typer to keep the lines)
    from ..flipcheck.flip import flip_check as check
    from ..units import parse_frequency
    from .terminal import write, write_json

    rate = 48_000.0 if fs is None else parse_frequency(fs)
    verdict = check(target, None if kernel is None else _taps(kernel), fs=rate)
    write_json(verdict.to_dict()) if as_json else write(f"{verdict}\n")


def _taps(text: str) -> list[float] | list[list[float]]:
    from ..errors import UsageError

    try:
        rows = [[float(tap) for tap in row.split(",")] for row in text.split(";")]
    except ValueError:
        raise UsageError(f"--kernel must be numbers parted by commas, rows by semicolons, got {text!r}") from None
    if len({len(row) for row in rows}) > 1:
        raise UsageError(f"--kernel: rows must have one length, got {', '.join(str(len(row)) for row in rows)} taps")
    return rows if len(rows) > 1 else rows[0]
