"""Plugins: what other distributions announce as entry points, and files given with ``--plugin``; listed unimported.

A plugin's name is a prefix, a dot, and what it is: ``acme.comb`` is a stage. Of a reader or writer the part after the
first dot is the extension of its files: ``acme.gcf`` is for ``*.gcf``. So plugins are told apart by their names alone.
A command is called by its name, so that has no prefix.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, get_args

from .errors import FaltungError, FileError, PluginError, UsageError
from .system import is_disk_full, is_interruption, staying

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Kind = Literal["stage", "reader", "writer", "event writer", "event reader", "executor", "command"]
KINDS: tuple[Kind, ...] = get_args(Kind)
GROUPS: dict[Kind, str] = {
    "stage": "faltung.stages",
    "reader": "faltung.readers",
    "writer": "faltung.writers",
    "event writer": "faltung.events",
    "event reader": "faltung.event_readers",
    "executor": "faltung.executors",
    "command": "faltung.commands",
}
"""Group of entry points of each kind."""
OWN: dict[Kind, Collection[str]] = {}
"""Extensions that are faltung's own, by kind; who has them tells them."""
OFF = "FALTUNG_NO_PLUGINS"
"""Variable of the environment that leaves all plugins out."""
LEAVE_OUT = "--no-plugins"
"""Option that does the same, by setting that variable to its own name, for workers, too."""

_LOCAL = "faltung_local_"  # the name of a module from a file begins so
_files: dict[str, Path] = {}
_loading: list[str] = []
of_others: set[str] = set()
"""Distributions and files whose own code was loaded into this process."""
failures: deque[PluginError] = deque(maxlen=16)
"""Plugins that could not be imported, each with its cause: the last, since a traceback keeps what its frames held."""


@dataclass(frozen=True)
class Plugin:
    """One entry point, or several that claim one name."""

    kind: Kind
    name: str
    points: tuple[EntryPoint, ...]

    @property
    def owner(self) -> str:
        """Distributions that it comes from."""
        return " and ".join(sorted({_owner(point) for point in self.points}))

    @property
    def words(self) -> str:
        """Kind, name and owner, to begin a sentence with."""
        return f"the {self.kind} {self.name!r} of {self.owner}"

    @property
    def extension(self) -> str:
        """Extension of its files, with the dot; of readers and writers."""
        return "." + self.name.partition(".")[2].lower()

    @property
    def problem(self) -> str | None:
        """Reason why it cannot be used, as far as its name tells."""
        if len(self.points) > 1:
            return f"the {self.kind} {self.name!r} is given by two distributions, {self.owner}; uninstall one"
        prefix, _, rest = self.name.partition(".")
        if self.kind != "command" and not (prefix and rest):
            return f"{self.words} needs a prefixed name such as 'acme.{self.name}'"
        return None

    def load(self) -> Any:
        """The object that it stands for, imported; raises `PluginError`."""
        if self.problem is not None:
            raise PluginError(self.problem)
        of_others.update({self.owner} - {"faltung"})
        with importing(f"{self.words} cannot be imported"):
            return self.points[0].load()


def installed(kind: Kind) -> dict[str, Plugin]:
    """Plugins of a kind by name, none of them imported; where they are left out, those alone that faltung bundles."""
    found = _installed(kind, tuple(sys.path))
    if left_out_by():
        return {name: plugin for name, plugin in found.items() if plugin.owner == "faltung"}
    return found


def left_out_by() -> str:
    """What leaves all plugins out, the option or the variable with its value; empty where nothing does."""
    value = os.environ.get(OFF, "")
    return "" if value in ("", "0") else value if value == LEAVE_OUT else f"{OFF}={value}"


@lru_cache
def _installed(kind: Kind, _path: tuple[str, ...]) -> dict[str, Plugin]:
    from importlib.metadata import entry_points

    found: dict[str, dict[tuple[str, str], EntryPoint]] = {}
    for point in entry_points(group=GROUPS[kind]):
        # a distribution may lie on the path twice, installed and as its source
        found.setdefault(point.name, {}).setdefault((_owner(point), point.value), point)
    return {name: Plugin(kind, name, tuple(found[name].values())) for name in sorted(found)}


def bundled(module: str, what: str) -> Any:
    """A module of a package that faltung bundles; raises `PluginError` where that package was left out.

    The core imports none of them by itself: it asks here, when it is asked for something that only they can do.
    """
    from importlib import import_module

    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        raise PluginError(f"{what} needs the package {package}, which faltung brings; install faltung again") from error


def for_extension(kind: Kind, path: str) -> list[Plugin]:
    """Plugins of a kind that are for files of such a name, by the longest extension that fits.

    For names of faltung's own formats there is none, unless its extension has more parts: ``.picks.csv``.
    """
    suffixes = PurePath(path).suffixes
    own = bool(suffixes) and suffixes[-1].lower() in OWN.get(kind, ())
    if own and len(suffixes) == 1:
        return []
    fit = [plugin for plugin in installed(kind).values() if path.lower().endswith(plugin.extension)]
    longest = max((plugin.extension.count(".") for plugin in fit), default=0)
    return [plugin for plugin in fit if plugin.extension.count(".") == longest > own]


@contextmanager
def naming_plugin(kind: type[FileError], name: str, plugin: str, frame: int | None = None) -> Iterator[None]:
    """What a plugin raises in here is told with the file and the frame, unless it is a `FaltungError` of its own."""
    try:
        with staying():
            yield
    except BaseException as error:
        full = isinstance(error, OSError) and is_disk_full(error)
        if full or isinstance(error, FaltungError) or is_interruption(error):
            raise
        at = "" if frame is None else f" at frame {frame}"
        told = kind(name, f"{plugin} failed{at}: {in_words(error)}")
        told.of_plugin = True
        raise told from error


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "unknown"


@contextmanager
def importing(what: str) -> Iterator[None]:
    """What code of others raises in here, while it is loaded, becomes a `PluginError`, which says ``what`` is wrong."""
    try:
        with staying():
            yield
    except BaseException as error:
        if is_interruption(error):
            raise
        failures.append(PluginError(f"{what}: {in_words(error)}"))
        raise failures[-1] from error


def in_words(error: BaseException) -> str:
    """What was raised, in words, whatever its own text raises."""
    kind = "not enough memory" if isinstance(error, MemoryError) else type(error).__name__
    try:
        text = str(error)
    except Exception:
        return f"{kind}, whose own text cannot be shown"
    return text if isinstance(error, FaltungError) else f"{kind}: {text}" if text else kind


# ---- files of one's own ---------------------------------------------------------------------------------------------


def load_file(path: str | Path) -> None:
    """Run a Python file that registers stages, readers or writers; a second time changes nothing.

    Raises
    ------
    UsageError
        there is no such file.
    PluginError
        it is broken.
    """
    from importlib.util import module_from_spec, spec_from_file_location

    file = Path(path).absolute()
    name = _LOCAL + "".join(sign if sign.isalnum() else "_" for sign in file.stem)
    if _files.get(file.name) == file:
        return
    try:
        if not file.is_file():
            raise UsageError(f"--plugin {path}: no such file")
    except OSError as error:
        raise UsageError(f"--plugin {path}: {error.strerror}") from error
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UsageError(f"--plugin {path}: must be a Python file, its name ending in .py")
    if name in sys.modules:
        raise UsageError(f"--plugin {path}: another plugin file is called {file.stem!r}; rename one")
    sys.modules[name] = module = module_from_spec(spec)
    _loading.append(file.name)
    of_others.add(file.name)
    try:
        with importing(f"--plugin {path}: cannot be loaded"):
            spec.loader.exec_module(module)
        _files[file.name] = file
    finally:
        _loading.clear()
        if file.name not in _files:
            del sys.modules[name]


def file_being_loaded() -> str | None:
    """The file that runs in `load_file`, in words, to say whose a reader or writer is."""
    return f"the plugin {_loading[0]}" if _loading else None


def local_files() -> list[str]:
    """Files that `load_file` has run, to be run again in another process."""
    return [str(path) for path in _files.values()]


def owner_of_module(module: str) -> str:
    """Name of the file that a module was loaded from by `load_file`; of any other its own name."""
    for name in _files:
        if module == _LOCAL + "".join(sign if sign.isalnum() else "_" for sign in Path(name).stem):
            return name
    return module


def version_of(owner: str) -> str:
    """Version of a distribution, or mark of the content of a file; ``unknown`` where there is neither."""
    from importlib import metadata

    if owner in _files:
        with suppress(OSError):
            return blake2b(_files[owner].read_bytes(), digest_size=8).hexdigest()
    try:
        return metadata.version(owner)
    except metadata.PackageNotFoundError:
        return "unknown"


def is_local(owner: str) -> bool:
    """Whether an owner is a file given with ``--plugin``."""
    return owner in _files


def owners_for(kind: Kind, paths: Iterable[str]) -> set[str]:
    """Distributions of the plugins that files of such names need."""
    return {plugin.owner for path in paths for plugin in for_extension(kind, path)}
