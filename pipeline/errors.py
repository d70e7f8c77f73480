"""The exceptions of faltung, one tree, each naming where, the rule, the value got and the likely fix.

::

    FaltungError                  everything this package raises on purpose
    ├── KernelError               taps that are no kernel: empty, not finite, too long   (also ValueError)
    ├── SignalError               an array that is no signal: shape, dtype, not finite   (also ValueError)
    ├── UnitError                 a value whose unit is missing, wrong or ambiguous      (also ValueError)
    ├── SettingError              a setting that is wrong, or does not fit this signal     (also ValueError)
    ├── ConfigError               a configuration with one or more problems, each with file, line and column
    ├── UsageError                a request refused before any work: an output that exists, a name not known
    ├── PluginError               a stage, reader or writer of another distribution that is broken or unknown
    ├── StageError                a stage that failed while it ran, or broke a promise
    └── FileError                 a file and what is wrong with it
        ├── ReadError             it cannot be read, or is not what it declares
        └── WriteError            it cannot be written; whatever stood under its name before is untouched
            └── DiskFullError     there is no room left; the run can go on once there is

A `SettingError` knows its place among the settings; whoever read them from a file turns it into a `ConfigError` with
file, line and column (`LoadedConfig.locate`). In Python it comes as it is. A batch writes the message of an item that
failed into its manifest and goes on; the command prints messages, never a traceback.

``exit_code`` is what the ``faltung`` command ends with: 1, one item failed; 2, usage or configuration, nothing
was touched; 3, the run could not go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .text import learn_name, without_secrets

SettingPath = tuple[str | int, ...]
"""Place of a setting: ``("stages", 2, "gain")`` is shown as ``stages[2].gain``."""


def format_path(path: SettingPath) -> str:
    """``("stages", 2, "gain")`` as people write it: ``stages[2].gain``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


class FaltungError(Exception):
    """Everything this package raises on purpose; no message holds the credentials of a URL.

    Examples
    --------
    >>> from pipeline import Echo
    >>> try:
    ...     Echo(gian="-6 dB")
    ... except FaltungError as error:
    ...     print(error)
    gian: unknown setting of 'echo'; did you mean 'gain'?
    """

    exit_code: ClassVar[int] = 1
    of_plugin: bool = False
    """Whether its cause is what the code of a plugin raised."""

    def __init__(self, message: str) -> None:
        super().__init__(without_secrets(message))


class KernelError(FaltungError, ValueError):
    """Taps that are no kernel."""

    exit_code = 2


class SignalError(FaltungError, ValueError):
    """An array that is no signal."""


class UnitError(FaltungError, ValueError):
    """A value whose unit is missing, wrong or ambiguous."""

    exit_code = 2


class SettingError(FaltungError, ValueError):
    """Settings that are wrong by themselves, or do not fit this signal, found when its format is known.

    ``path`` is where it stands, seen from the one who raised it; whoever holds the stage puts its own
    place in front with :meth:`under`, so that the configuration can point at the line. Where several settings are
    wrong, the first is the error's own, and ``others`` are the rest.
    """

    exit_code = 2

    def __init__(self, message: str, *path: str | int, others: Sequence[SettingError] = ()) -> None:
        self.message = message
        self.path: SettingPath = path
        self.others = tuple(others)
        super().__init__("\n".join([f"{format_path(path)}: {message}" if path else message, *map(str, others)]))

    @classmethod
    def together(cls, errors: Sequence[SettingError]) -> SettingError:
        """One error for one or more, with the message of each on a line of its own."""
        flat = [one for error in errors for one in (error, *error.others)]
        return cls(flat[0].message, *flat[0].path, others=[cls(one.message, *one.path) for one in flat[1:]])

    def under(self, *prefix: str | int) -> SettingError:
        """The error as it is seen from further out."""
        return SettingError(self.message, *prefix, *self.path, others=[one.under(*prefix) for one in self.others])


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a configuration: ``configs/hall.yaml:14:12: stages[2].gain: must be ...``."""

    message: str
    path: SettingPath = ()
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: " if self.file else ""
        where = f"{format_path(self.path)}: " if self.path else ""
        return f"{place}{where}{self.message}"


class ConfigError(FaltungError):
    """A configuration with one or more problems; all of them, in the order of the file."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(FaltungError):
    """A request refused before any work."""

    exit_code = 2


class PluginError(FaltungError):
    """A stage, reader or writer of another distribution that is broken or unknown."""

    exit_code = 2
    of_plugin = True


class StageError(FaltungError):
    """A stage that failed while it ran, or broke a promise; what it raised itself is the cause."""

    of_plugin = True

    def under(self, place: str) -> StageError:
        """The error as it is seen from further out: of the stage around it, or of the file."""
        error = StageError(f"{place}{self}")
        error.__cause__ = self.__cause__
        return error


class FileError(FaltungError):
    """A file and what is wrong with it."""

    def __init__(self, file: str | Path, message: str) -> None:
        self.file = without_secrets(str(file))
        self.message = without_secrets(message)
        learn_name(self.file)
        super().__init__(f"{self.file}: {message}")

    def __reduce__(self) -> tuple[type[FileError], tuple[str, str]]:
        return type(self), (self.file, self.message)


class ReadError(FileError):
    """The file cannot be read, or is not what it declares."""

    signals: tuple[str, ...] = ()
    """Names of the signals of a file that holds several, where none was chosen."""

    @classmethod
    def several(cls, file: str | Path, signals: Sequence[str]) -> ReadError:
        """The error for a file of several signals that cannot be channels of one."""
        shown = ", ".join(signals[:8]) + (f" and {len(signals) - 8} more" if len(signals) > 8 else "")
        error = cls(file, f"holds {len(signals)} signals, {shown}; choose with source:")
        error.signals = tuple(signals)
        return error


class WriteError(FileError):
    """The file cannot be written; whatever stood under its name before is untouched."""


class DiskFullError(WriteError):
    """There is no room left on the device."""

    exit_code = 3


def traceback_of(error: BaseException) -> str | None:
    """Traceback of what a plugin raised, for those who ask for more; None of any other error."""
    cause = error.__cause__
    if not getattr(error, "of_plugin", False) or cause is None or isinstance(cause, FaltungError):
        return None
    from traceback import format_exception

    return without_secrets("".join(format_exception(cause)).rstrip())
