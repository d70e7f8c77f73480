"""Says what a sweep file holds, and what was measured with one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.cli.terminal import Card, Output, table, write, write_json
from pipeline.errors import UsageError
from pipeline.io.apart import Named, keep_apart, read_with_sidecars
from pipeline.io.names import shown_path
from pipeline.io.remote import place_of
from pipeline.text import count, duration, hertz

from .measured import Measured
from .measuring import files_heard, measure_room, response_files
from .sweeps import Sweep

__all__ = ["measure_and_show", "show_sweep"]


def show_sweep(made: Sweep, output: str, *, as_json: bool, quiet: bool) -> None:
    """Say what was written, and how to go on."""
    if as_json:
        write_json({"output": output, **made.to_dict()})
        return
    signal = len(made.channels) * made.repeats
    whole = (made.pilot_starts[1] + len(made.pilot()) + made.silence) / made.fs
    facts = {
        "written": f"{shown_path(output)}, {shown_path(Path(output).with_suffix('.json'))}",
        "sweeps": f"{signal} of {duration(made.length_s)}, {hertz(made.from_hz)} to {hertz(made.to_hz)}",
        "channels": ", ".join(made.channels),
        "length": f"{duration(whole)} in all, at {hertz(made.fs)}",
    }
    out = Output(quiet)
    out.show(Card(facts))
    out.note(f"play it, record all of it, then: faltung measure RECORDING --sweep {shown_path(output)} -o room.wav")


def measure_and_show(
    recordings: Sequence[str],
    sweep: str,
    output: str | None,
    report: Path | None,
    speech: str | None,
    *,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    **choices: Any,
) -> None:
    """Measure, write what was asked for, and say what was found; raises `UsageError` before any work."""
    if output == "-" and as_json:
        raise UsageError("-o - and --json both want standard output; give one")
    if speech is not None and report is None:
        raise UsageError("--speech is heard in the page; give --report room.html, too")
    if report is not None:
        from .page import refuse_other_files, report_names

        pages = [Named(name, f"the report's {name.suffix}") for name in report_names(report)]
        response = [] if output in (None, "-") else response_files(str(output))
        heard = [] if speech is None else read_with_sidecars([place_of(speech)], "the speech")
        keep_apart([*files_heard(list(recordings), sweep), *heard], [*response, *pages])
        refuse_other_files(report, overwrite=overwrite)
    made = measure_room(list(recordings), sweep, output, overwrite=overwrite, **choices)
    written = [] if output is None else [output]
    if report is not None:
        from .page import write_report

        written += write_report(made, report, speech=speech, overwrite=overwrite)
    if as_json:
        write(made.to_json() + "\n")
    out = Output(quiet or as_json, to_stderr=output == "-")
    out.show(Card(_facts(made, written)), _figures(made))
    for text in made.warnings:
        out.note(f"warning: {text}")


def _facts(made: Measured, written: Sequence[str]) -> dict[str, str]:
    clocks = ", ".join(f"{ppm:+.2f} ppm" for ppm in made.drift_ppm)
    zero = "when it was played, at its first frame" if made.origin == 0 else f"the direct sound, at frame {made.origin}"
    distortion = "under the noise" if made.distortion_db is None else f"{made.distortion_db:.0f} dB"
    return {
        "written": ", ".join(map(shown_path, written)) or "nothing; give -o room.wav or --report room.html",
        "response": f"{duration(made.cut_s)}: {made.cut_because}",
        "format": f"{hertz(made.fs)}, {count(len(made.paths), 'channel')}: {', '.join(one.path for one in made.paths)}",
        "time zero": zero,
        "clocks": f"{clocks}: the recorder's against the player's, taken out",
        "distortion": f"{distortion}, harmonics of the 2nd to 5th order",
    }


def _figures(made: Measured) -> Any:
    """Single figures of each path: means of 500 Hz and 1 kHz."""
    shown = table("path", "EDT", "T20", "T30", "C80", "D50", "direct to noise", right=(1, 2, 3, 4, 5, 6))
    forms = {"edt_s": "{:.2f} s", "t20_s": "{:.2f} s", "t30_s": "{:.2f} s", "c80_db": "{:.1f} dB", "d50": "{:.2f}"}
    for path in made.paths:
        values = [(form, path.mid(name)) for name, form in forms.items()]
        noise = "no noise" if path.direct_to_noise_db is None else f"{path.direct_to_noise_db:.0f} dB"
        shown.add_row(
            path.path, *(form.format(value) if value is not None else "not stated" for form, value in values), noise
        )
    return shown
