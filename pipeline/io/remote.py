"""URLs of stores (``s3://``, ``gs://``, ``memory://`` ...) told from paths of this machine, and the names in them.

Whatever only a store can answer is asked of the package ``faltung_remote``, which `stores` finds.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import UsageError
from ..plugins import bundled
from ..text import learn, without_secrets

_URL = re.compile(r"(?!file://)[A-Za-z][A-Za-z0-9+.-]*://")
_MASKED_QUERY = re.compile(r"(?:[?#;]|%3[FfBb]|%23)\*\*\*$")


def is_remote(path: str | os.PathLike[str] | bytes | os.PathLike[bytes]) -> bool:
    """Whether this is a URL of a store, and not a path of this machine, which ``file://`` begins too."""
    name = os.fsdecode(path)
    learn(name)
    return _URL.match(name) is not None


def stores() -> Any:
    """The module that reaches stores: what it is asked here, it does there."""
    return bundled("faltung_remote.stores", "a URL of a store")


@dataclass(frozen=True)
class Remote:
    """A file in a store, by its URL; for such a file what `pathlib.Path`, which drops slashes, is for a local one.

    As text it comes without credentials, for messages and reports; `os.fspath` gives the URL in full.
    """

    url: str

    def __fspath__(self) -> str:
        return self.url

    def __str__(self) -> str:
        return without_secrets(self.url)

    @property
    def name(self) -> str:
        """Text after the last slash, without what a message would not show of it."""
        return PurePosixPath(_MASKED_QUERY.sub("", str(self))).name

    @property
    def stem(self) -> str:
        """Name without its extension."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """Extension with its dot."""
        return PurePosixPath(self.name).suffix

    @property
    def folder(self) -> str:
        """Text before the last slash, as an absolute path that no file has: ``/s3:/bucket/takes``."""
        return os.path.normpath("/" + str(self).rpartition("/")[0])

    def with_suffix(self, suffix: str) -> Remote:
        """File beside this one with another extension."""
        return Remote(self.url.removesuffix(self.suffix) + suffix)

    def identity(self) -> tuple[Any, str]:
        """Store of the file and its path there, the same for every way of writing one URL."""
        store, path = stores().store_of(self.url)
        return store, path

    def version(self) -> dict[str, Any] | None:
        """Size of the file and the store's own mark of what stands there now; None where there is no such file.

        Raises `ReadError` when the store does not answer.
        """
        found: dict[str, Any] | None = stores().version(self.url)
        return found

    def exists(self) -> bool:
        """Whether there is such a file; raises `ReadError` when the store does not answer."""
        return bool(stores().is_file(self.url))

    def is_dir(self) -> bool:
        """Whether it is a folder only; raises `ReadError` when the store does not answer."""
        return bool(stores().is_folder(self.url))


def place_of(path: str | os.PathLike[str]) -> Path | Remote:
    """A file by its path or URL."""
    return Remote(os.fspath(path)) if is_remote(path) else Path(path)


def refuse_taken(url: str, *, overwrite: bool) -> None:
    """Refuse an output whose name is taken, unless it may be replaced."""
    if not overwrite and Remote(url).exists():
        raise UsageError(f"{url}: exists already; give overwrite=True, or give another name")
