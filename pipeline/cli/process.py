"""Runs a command line, and turns signals, errors and results into words and an exit code.

0, done. 1, some item failed. 2, usage or configuration, nothing was touched. 3, the run could not go on. 130, 143, 129
and 131, interrupted. 141, nobody reads standard output any more. A known error is plain lines; an unknown one keeps its
traceback.

Ctrl-C, SIGTERM, SIGHUP and SIGQUIT end a command by an exception each, so that what was begun is cleaned up. While
files are being done, the first Ctrl-C only asks: the running file is finished, nothing further begun; a second one
stops at once. A library
may swallow what a signal raises, or make another error of it: `Interrupts.check`, called with every block, raises it
again, and `code_of_signal` tells at the end. And what it unwinds may wait for a thread that waits for a pipe: after a
moment it is raised once more, wherever the command is by then.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

import typer

from .. import system
from ..errors import ConfigError, FaltungError, traceback_of
from ..plugins import in_words
from ..system import interrupt_after, is_disk_full, remove_unfinished
from ..text import learn
from .terminal import standard_output, tell

_OPTIONS = {"output=": "-o OUT", "as inputs=": "on the command line"}
"""Parameters of the functions whose option is not their name behind dashes."""

_PARAMETER = re.compile(
    r"(?<!mean )(?<!['\"])\b(as inputs=|output=|(?P<name>overwrite|skip_existing|force|retry_failed|insecure|jobs|check"
    r"|scheduler|report|fs|channels|subtype|tolerance|truth_label|truth)=(?P<value>[\w.]*))(?=[\s,;.:]|$)"
)


_NO_OPTION = {
    "(-o|--output)": "; the output is the second word: faltung apply IN OUT STAGE",
    r"-\.?\d": "; a value goes behind its setting, such as gain='-6 dB'",
    "--(fs|channels|gaps|columns|time-column|truncated|nonfinite)": "; give it as -s KEY=VALUE, such as -s fs=48kHz",
    "--(delay|gain|length|cutoff|kind|ir|mix|taps|file)": "; a setting has no dashes, such as echo delay='250 ms'",
}

is_own = False
"""Whether this process is the command's own, which may be copied for workers."""

_ended: int | None = None
"""Exit code of this process, once its command has come to an end."""


def run_command(args: Sequence[str] | None = None) -> int:
    """Run a command line, that of the process by default; the exit code."""
    global is_own, _ended
    is_own = args is None
    if is_own:
        atexit.register(_end_here)
        threading.excepthook = sys.unraisablehook = _tell_lost
    _prepare_streams()
    given = sys.argv[1:] if args is None else list(args)
    try:
        with terminable():
            code = _invoke(given)
            if (stream := standard_output()) is not None:
                stream.flush()
            if is_own:
                _ended = code
            return code
    except BrokenPipeError:
        _drop_standard_output()
        return 141
    except KeyboardInterrupt:
        ignore_further()
        remove_unfinished()
        return 130
    except Terminated as ended:
        remove_unfinished()
        return ended.code
    except Exception as error:
        signalled = code_of_signal()
        if signalled is not None:
            remove_unfinished()
        known = signalled or report_error(error)
        if known is None:
            raise
        if not {"-v", "--verbose"}.isdisjoint(given):
            _tell_tracebacks(error)
        if isinstance(error, OSError):  # perhaps of standard output itself
            _drop_standard_output()
        return known


def _invoke(args: list[str]) -> int:
    from . import terminal
    from .commands import app
    from .options import add_plugin_options
    from .others import only

    terminal.command = args[0] if args else ""
    for word in args:
        learn(word)
    if len(args) > 1 and args[0] in ("--install-completion", "--show-completion"):
        os.environ["_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION"] = "1"  # so that typer takes the name of a shell
    if "_FALTUNG_COMPLETE" in os.environ:  # the shell asks for completions
        app(prog_name="faltung")
    command = typer.main.get_command(only(app, args[0]) if args else app)
    add_plugin_options(command)
    try:
        with command.make_context("faltung", args or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    return 0


def _stages() -> list[str]:
    from ..stages.base.registry import available_stages

    return [source.name for source in available_stages()]


def report_error(error: BaseException) -> int | None:
    """Say a known error on standard error, plainly; its exit code, or None where it is not known."""
    if isinstance(error, ConfigError):
        tell(str(error))
        return error.exit_code
    if isinstance(error, FaltungError):
        tell(f"faltung: {in_options(str(error))}")
        return error.exit_code
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "faltung"
        message = error.format_message()
        if (wrong := re.match(r"No such command '([a-z]+)'", message)) and wrong[1] in _stages():
            message = f"{message.rstrip('.')}; it is a stage: faltung apply IN OUT {wrong[1]}"
        for option, fix in _NO_OPTION.items():
            message += fix if re.search(rf"^No such option: {option}", message) and command == "faltung apply" else ""
        tell(f"{command}: {message}{'' if message.endswith(('.', '?')) else '.'} Try '{command} --help'.")
        return 2
    if isinstance(error, OSError):
        from ..io.source import cause

        name = error.filename or ("standard output" if is_disk_full(error) else "")  # files have their names
        tell(": ".join(filter(None, ("faltung", name, cause(error)))))
        return 3 if is_disk_full(error) else 1
    if isinstance(error, MemoryError):
        tell(f"faltung: {in_words(error)}")
        return 1
    return None


def _tell_tracebacks(error: BaseException) -> None:
    """Where plugins failed in their own code, for those who asked for more."""
    from ..plugins import failures

    for one in dict.fromkeys([*failures, error]):
        if trace := traceback_of(one):
            tell(trace)
    failures.clear()


def in_options(text: str) -> str:
    """Text of an error in the words of the command: ``overwrite=True`` as ``--overwrite``."""

    def option(found: re.Match[str]) -> str:
        if found["name"] is None:
            return _OPTIONS[found[1]]
        value = "" if found["value"] in ("", "True") else f" {found['value']}"
        return f"--{found['name'].replace('_', '-')}{value}"

    return _PARAMETER.sub(option, text)


def _prepare_streams() -> None:
    """A sign that the terminal's encoding lacks is shown as an escape; a closed stream's number is kept from files."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one


def _tell_lost(failed: Any) -> None:
    """What fails in a thread of its own, or as something is forgotten, where it can be raised to nobody."""
    if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit) and not sys.is_finalizing():
        tell(f"faltung: a thread, or something that was tidied up, failed: {in_words(failed.exc_value)}")


def _drop_standard_output() -> None:
    """Close standard output, whose buffer can go nowhere: the interpreter would try, and complain, at its end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Terminated(BaseException):
    """A signal that asks to end was received."""

    code = 143


class HungUp(Terminated):
    """The terminal was closed."""

    code = 129


class QuitAsked(Terminated):
    r"""SIGQUIT was received: Ctrl-\ on a terminal."""

    code = 131


_ENDING = {
    number: kind
    for name, kind in (("SIGTERM", Terminated), ("SIGHUP", HungUp), ("SIGQUIT", QuitAsked))
    if (number := getattr(signal, name, None)) is not None
}
"""Signals that end a command, each with what it raises; a system may lack some."""


_PATIENCE = 0.5  # seconds for removing what was begun; it takes a few milliseconds


def _stop(kind: type[BaseException]) -> NoReturn:
    if not system.signalled:
        ignore_further()
        interrupt_after(_PATIENCE, lambda: _stop(kind))
        system.signalled = []
    system.signalled.append(kind)
    raise kind


def ignore_further() -> None:
    """Ctrl-C has been heard: one more could but disturb the cleaning up, or the interpreter's end and its exit code."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def code_of_signal() -> int | None:
    """130 after Ctrl-C, 143 after SIGTERM, whatever became of what they raised; None where none was received."""
    if not system.signalled:
        return None
    return getattr(system.signalled[-1], "code", 130)


def _end_here() -> None:
    """End without taking the interpreter down: that takes 0.01 s, and a library that is half loaded may crash there.

    Unless a plugin was loaded: files that it has left open are closed as the interpreter is taken down.
    """
    from ..plugins import of_others

    signalled = code_of_signal()
    code = (None if of_others else _ended) if signalled is None else signalled
    if code is not None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)


def _raise_interrupted(_number: int, _frame: FrameType | None) -> None:
    _stop(KeyboardInterrupt)


def _raise_terminated(number: int, _frame: FrameType | None) -> None:
    _stop(_ENDING[number])


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and its like raise `Terminated` in here, Ctrl-C a KeyboardInterrupt; each, unless ignored, is marked."""
    system.signalled = None
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    system.signalled = []
    kept = {number: signal.getsignal(number) for number in _ENDING}  # nohup ignores SIGHUP
    before = {number: was for number, was in kept.items() if was is not signal.SIG_IGN or number == signal.SIGTERM}
    for number in before:
        signal.signal(number, _raise_terminated)
    answered = signal.getsignal(signal.SIGINT)
    heard = answered not in (signal.SIG_IGN, None)
    if heard:
        signal.signal(signal.SIGINT, _raise_interrupted)
    try:
        yield
    finally:
        if system.signalled:
            interrupt_after(None)
        else:
            system.signalled = None
            if heard:
                signal.signal(signal.SIGINT, answered)
        for number, was in before.items():
            signal.signal(number, was)


class Interrupts:
    """A context in which, after `listen`, the first Ctrl-C sets ``asked`` and the second raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = False
        self._before: object = None

    def __enter__(self) -> Interrupts:
        return self

    def listen(self) -> None:
        """Have Ctrl-C ask from here on, where files begin to be done."""
        if self._before is None and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_interrupt)

    def __exit__(self, *error: object) -> None:
        if self._before is not None and not system.signalled:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            _stop(KeyboardInterrupt)
        self.asked = True

    @staticmethod
    def check() -> None:
        """Raise what a signal raised before, if it got lost."""
        if system.signalled:
            raise system.signalled[-1]
