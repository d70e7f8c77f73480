"""Files copied whole to and from the stores that fsspec reaches (``s3://``, ``gs://``, ``memory://`` ...).

Decoders and encoders work on local temporary files that have no name: a network that fails in the middle is an error
here, never a shorter signal. An upload goes under a hidden name beside its own, is measured there, and takes its name
last; until then what stood under that name stays as it was.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pipeline.errors import DiskFullError, FaltungError, FileError, ReadError, UsageError, WriteError
from pipeline.io.remote import Remote, refuse_taken
from pipeline.io.sink import OutputFile, naming_errors
from pipeline.system import FolderSync, is_disk_full, pread
from pipeline.text import without_secrets

from .reasons import SHUT, is_missing, reason_of, to_install, unknown_store

BLOCK_BYTES = 1 << 22

_VERSIONS = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")
"""Names that stores give the mark that changes with the content, the surest first."""
_INSIDE = {
    "zip",
    "tar",
    "libarchive",
    "dir",
    "cached",
    "blockcache",
    "filecache",
    "simplecache",
    "reference",
    "generic",
}
"""Kinds of stores that stand before another, or in it."""
_BUCKETS = {"s3", "s3a", "gs", "gcs"}
"""Stores without folders: asked for one, they would make a bucket."""


def store_of(url: str) -> tuple[Any, str]:
    """File system of a URL and the path in it."""
    shown, protocol = without_secrets(url), url.partition("://")[0].lower()
    if "::" in url or any(part in (".", "..") for part in url.split("/")):
        raise UsageError(f"{shown}: a URL cannot hold '::', nor '.' or '..' between slashes; write it without")
    if protocol in _INSIDE:
        raise UsageError(f"{shown}: {protocol}:// is for what lies in another file; give that file, or unpack it")
    try:
        from fsspec.core import url_to_fs

        fs, path = url_to_fs(url)
    except ImportError as error:
        fix = f"remote files need more libraries: {to_install(protocol, error)}"
        raise UsageError(f"{shown}: {fix}") from error
    except Exception as error:
        if str(error).startswith("Protocol not known"):
            from fsspec import available_protocols

            raise UsageError(f"{shown}: {unknown_store(protocol, available_protocols())}") from error
        if isinstance(error, OSError):  # some connect at once
            raise ReadError(url, reason_of(error)) from error
        raise UsageError(f"{shown}: {reason_of(error)}") from error
    return fs, path


def _known(url: str) -> dict[str, Any] | None:
    """What a store knows of a file or folder; None where there is none. `isfile` says so of whatever goes wrong."""
    fs, path = store_of(url)
    with _naming_errors(url, ReadError):
        try:
            found: dict[str, Any] = fs.info(path)
        except FileNotFoundError as error:
            if not is_missing(error):
                raise
            return None
    return found


def version(url: str) -> dict[str, Any] | None:
    """Size of a file and the store's own mark of what stands there now; None where there is no such file.

    Raises `ReadError` when the store does not answer.
    """
    known = _known(url)
    if known is None or known["type"] != "file":
        return None
    marks = [str(known[name]) for name in _VERSIONS if known.get(name) is not None]
    return {"bytes": known.get("size"), "mark": next(iter(marks), None)}


def is_file(url: str) -> bool:
    """Whether there is such a file; raises `ReadError` when the store does not answer.

    What may not be looked at counts as none: a store that gives no list says so of what is missing, too.
    """
    try:
        known = _known(url)
    except ReadError as error:
        if error.message != SHUT:
            raise
        return False
    return known is not None and known["type"] == "file"


def is_folder(url: str) -> bool:
    """Whether it is a folder only; raises `ReadError` when the store does not answer."""
    fs, path = store_of(url)
    with _naming_errors(url, ReadError):
        return bool(fs.isdir(path)) and not fs.isfile(path)


def matches(pattern: str) -> list[Remote]:
    """Files that a URL with ``*``, ``?``, ``[...]`` or ``**`` names, those with hidden names aside, by name."""
    fs, path = store_of(pattern)
    with _naming_errors(pattern, ReadError):
        found = [name for name, info in fs.glob(path, detail=True).items() if info["type"] == "file"]
    begin = pattern.removesuffix(path) if pattern.endswith(path) else None
    urls = [fs.unstrip_protocol(name) if begin is None else begin + name for name in found]
    return [Remote(url) for url in sorted(urls, key=os.fsencode) if "/." in pattern or "/." not in url]


def fetch(url: str) -> int:
    """Descriptor of an unnamed local copy, at its beginning.

    Raises
    ------
    UsageError
        no such kind of store, or what reaches it is not installed.
    ReadError
        it is not there, reading failed, or ended before the size that the store declares.
    """
    with tempfile.TemporaryFile() as copy:
        blocks = _blocks(url)
        while block := next(blocks, b""):
            try:
                copy.write(block)
                copy.flush()
            except OSError as error:
                kind = DiskFullError if is_disk_full(error) else ReadError
                name = tempfile.gettempdir() if is_disk_full(error) else url
                raise kind(name, f"{url} cannot be copied to a temporary file: {error.strerror}; set TMPDIR") from error
        copy.seek(0)
        return os.dup(copy.fileno())


def _blocks(url: str) -> Iterator[bytes]:
    fs, path = store_of(url)
    with _naming_errors(url, ReadError):
        declared = fs.info(path).get("size")
        done = 0
        with fs.open(path, "rb") as file:
            while block := file.read(BLOCK_BYTES):
                done += len(block)
                yield block
        if declared is not None and done != declared:
            raise ReadError(url, f"has {declared} bytes, {done} were read; it changed, or the connection broke off")


def upload(fd: int, url: str, *, overwrite: bool) -> int:
    """Send all that a descriptor holds; the size in bytes.

    Raises
    ------
    UsageError
        the name was taken meanwhile, and ``overwrite`` is not set.
    WriteError
        it could not be sent, or the store holds another size than was sent. What stood under the name stays.
    """
    fs, path = store_of(url)
    folder, slash, _ = path.rpartition("/")
    part = f"{folder}{slash}.{secrets.token_hex(8)}.part"
    size = os.fstat(fd).st_size
    try:
        with _naming_errors(url, WriteError):
            if folder and url.partition("://")[0].lower() not in _BUCKETS:
                fs.makedirs(folder, exist_ok=True)
            _send(fd, fs.open(part, "wb"))
            _check_size(fs, part, size)
            refuse_taken(url, overwrite=overwrite)
            _rename(fs, part, path)
    except BaseException:
        with suppress(Exception):
            fs.rm_file(part)
        raise
    return size


class RemoteFile(OutputFile):
    """A new file for a store: a local one without a name, which is sent when it is whole."""

    def __init__(self, url: str, *, overwrite: bool = False) -> None:
        self.overwrite = overwrite
        refuse_taken(url, overwrite=overwrite)
        with naming_errors(url), tempfile.TemporaryFile() as unnamed:
            super().__init__(url, os.dup(unnamed.fileno()))

    def commit(self, folders: FolderSync | None = None) -> None:  # noqa: ARG002 - a store has none to wait for
        """Send it, and give it its name there."""
        try:
            upload(self._fd, self.name, overwrite=self.overwrite)
        finally:
            self._close()


def _send(fd: int, file: Any) -> None:
    """Write in order, without seeking, and close; on any failure the store is told to forget what it was sent."""
    at = 0
    try:
        while block := pread(fd, BLOCK_BYTES, at):
            file.write(block)
            at += len(block)
        file.close()
    except BaseException:
        for give_up in ("discard", "close"):
            with suppress(Exception):
                getattr(file, give_up)()
        raise


def _check_size(fs: Any, path: str, sent: int) -> None:
    """Compare with what the store holds now: as it declares, else counted."""
    fs.invalidate_cache()
    held = fs.info(path).get("size")
    if held is None:
        with fs.open(path, "rb") as file:
            held = sum(map(len, iter(lambda: file.read(BLOCK_BYTES), b"")))
    if held != sent:
        raise OSError(f"{sent} bytes were sent, the store holds {held}")


def _rename(fs: Any, part: str, path: str) -> None:
    """Rename by the store's own way, else by a copy inside it; fsspec's general `mv` would take [ ] for a pattern."""
    from fsspec import AbstractFileSystem

    if type(fs).mv is not AbstractFileSystem.mv:
        fs.mv(part, path)
    else:
        fs.cp_file(part, path)
        fs.rm_file(part)


@contextmanager
def _naming_errors(url: str, kind: type[FileError]) -> Iterator[None]:
    """Turn whatever a store raises, and stores raise anything, into what it means for this file."""
    try:
        yield
    except FaltungError:
        raise
    except Exception as error:
        raise kind(url, reason_of(error)) from error
