"""The command ``faltung flip-check``: it parses, calls and prints."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.options import Json, Rate

FlipTarget = Annotated[
    list[str],
    typer.Argument(
        metavar="TARGET",
        help="MODULE:FUNCTION, FILE.py:FUNCTION, stage:NAME or CONFIG, then SETTING=VALUE ...; or -- and a command.",
    ),
]
FlipKernel = Annotated[
    str | None, typer.Option("--kernel", metavar="TAPS", help="Taps to send: '4,2,1'; rows parted by ';'.")
]
FlipKernelAs = Annotated[
    str | None,
    typer.Option("--kernel-as", metavar="NAME", help="Parameter that takes the kernel, where it is not found."),
]
FlipForm = Annotated[
    str | None,
    typer.Option("--as", metavar="FORM", help="How a signal is handed over: tensor, uint8, ...; else tried out."),
]
FlipImage = Annotated[bool, typer.Option("--image", help="Send an image, where no kernel of rows is named.")]


def flip_check(
    target: FlipTarget,
    kernel: FlipKernel = None,
    kernel_as: FlipKernelAs = None,
    form: FlipForm = None,
    image: FlipImage = False,
    fs: Rate = None,
    as_json: Json = False,
) -> None:
    """Tell convolution from correlation, whatever it is.

    \b
      faltung flip-check numpy:correlate
      faltung flip-check scipy.ndimage:convolve1d mode=wrap --kernel "4,2,1"
      faltung flip-check stage:echo delay="2 samples" gain=0.5
      faltung flip-check pipeline.yaml
      faltung flip-check -- sox {in} {out} fir {kernel}
      faltung flip-check -- ffmpeg -i {in} -i {kernel} -lavfi afir=gtype=none {out}
      faltung flip-check -- convert {in.png} -morphology Convolve "3x3: {taps,}" {out.png}
      faltung flip-check -- Rscript -e 'cat(convolve(scan("stdin"), c({taps,}), type="o"))'
    """  # noqa: D301  (the backspace tells typer to keep the lines)
    from pipeline.cli.terminal import write, write_json
    from pipeline.units import parse_frequency

    from .flip import flip_check as check
    from .targets import parse_taps

    rate = 48_000.0 if fs is None else parse_frequency(fs)
    taps = None if kernel is None else parse_taps(kernel)
    verdict = check(target, taps, fs=rate, kernel_as=kernel_as, form=form, image=image)
    write_json(verdict.to_dict()) if as_json else write(f"{verdict}\n")
