"""The commands ``faltung sweep`` and ``faltung measure``: they parse, call and print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, Overwrite, Quiet

_SILENCE = "Behind each sweep: as long as the room sounds on."
_PAGE = "Write a page; the figures beside it as .json and .csv."


def sweep(
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="The sweep, to be played: sweep.wav.")],
    from_hz: Annotated[str, typer.Option("--from", metavar="HZ", help="Where it begins.")] = "20 Hz",
    to_hz: Annotated[
        str, typer.Option("--to", metavar="HZ", help="Where it ends: 20 kHz, at most 0.48 of the rate.")
    ] = "20 kHz",
    length: Annotated[str, typer.Option("--length", metavar="TIME", help="Length of one sweep.")] = "10 s",
    repeats: Annotated[int, typer.Option("--repeats", metavar="N", help="Sweeps of each channel.")] = 1,
    channels: Annotated[
        str, typer.Option("--channels", metavar="NAMES", help="Loudspeakers, one after another: left,right.")
    ] = "mono",
    silence: Annotated[str, typer.Option("--silence", metavar="TIME", help=_SILENCE)] = "3 s",
    level: Annotated[str, typer.Option("--level", metavar="GAIN", help="Amplitude: -6 dB.")] = "-6 dB",
    fs: Annotated[str, typer.Option("--fs", metavar="HZ", help="Sampling rate.")] = "48 kHz",
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a sweep to be played into a room.

    \b
      faltung sweep -o sweep.wav --repeats 3 --channels left,right
      faltung measure recording.wav --sweep sweep.wav -o room.wav
    """  # noqa: D301  (the backspace tells typer to keep the lines)
    from .sweep_file import write_sweep
    from .sweeps import sweep as make_sweep
    from .view import show_sweep

    made = make_sweep(
        from_hz=from_hz, to_hz=to_hz, length=length, repeats=repeats, silence=silence, level=level, fs=fs,
        channels=[name.strip() for name in channels.split(",")],
    )  # fmt: skip
    write_sweep(made, output, overwrite=overwrite)
    show_sweep(made, output, as_json=as_json, quiet=quiet)


def measure(
    recordings: Annotated[
        list[str], typer.Argument(metavar="RECORDING", help="Recordings of the sweep; several are takes of one place.")
    ],
    sweep: Annotated[
        str, typer.Option("--sweep", metavar="FILE", help="The sweep that was played, from faltung sweep.")
    ],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="The response, ready for reverb; LL LR RL RR."),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", metavar="WORD", help="division, or inverse: the flip.")
    ] = "division",
    keep_delay: Annotated[
        bool, typer.Option("--keep-delay", help="Time zero is when it was played, not the direct sound.")
    ] = False,
    length: Annotated[
        str | None,
        typer.Option("--length", metavar="TIME", help="Of the response; else to where the noise begins."),
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE", help=_PAGE)] = None,
    speech: Annotated[
        str | None, typer.Option("--speech", metavar="FILE", help="A recording to be heard in the page.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a room: from recordings of a sweep to its response.

    The response is ready for the stage reverb; the figures are those of ISO 3382. What is wrong with a recording is
    said in words.
    """
    from .view import measure_and_show

    measure_and_show(
        recordings, sweep, output, report, speech, method=method, keep_delay=keep_delay, length=length,
        overwrite=overwrite, as_json=as_json, quiet=quiet,
    )  # fmt: skip
