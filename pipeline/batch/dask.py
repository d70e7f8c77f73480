"""Runs tasks on a cluster: the workers of a Dask scheduler, behind the interface of an executor.

Workers see the files under the same absolute names, by a shared file system or in a store. A task whose worker dies is
done again by another; one that killed four workers is given up by the scheduler, and the others go on. Whoever reaches
a scheduler runs code on it and its workers, so without TLS it is used on this machine only, unless that is asked for;
certificates are those of dask's own configuration (``distributed.comm.tls``).
"""

from __future__ import annotations

import ipaddress
import logging
import platform
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from ..dsp.transforms import library_version
from ..errors import UsageError

_LIBRARIES = ("faltung", "numpy", "scipy", "soundfile", "soxr")
_PATIENCE_S = 5  # for a scheduler and its workers to answer
_RETRIES = 2  # of what a worker could not take in


def check_address(address: str, *, insecure: bool) -> None:
    """Raise `UsageError` unless it is ``tls://HOST:PORT``, or ``tcp://`` on this machine or with ``insecure``."""
    url = urlsplit(address)
    try:
        complete = url.scheme in ("tcp", "tls") and bool(url.hostname and url.port)
    except ValueError:
        complete = False
    if not complete:
        raise UsageError(f"--scheduler must be an address such as tls://host:8786, got {address!r}")
    if url.scheme == "tcp" and not (insecure or _is_loopback(url.hostname or "")):
        reason = "whoever reaches a scheduler by tcp:// runs code on it and its workers"
        raise UsageError(f"{address}: {reason}; use tls://, or give --insecure")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def cluster(address: str, patience_s: float = _PATIENCE_S) -> Iterator[tuple[Executor, int]]:
    """An executor on the workers of a scheduler, and how many tasks they do at a time.

    Leaving by an exception cancels what is not begun; what is under way on a worker comes to its end there.

    Raises
    ------
    UsageError
        dask is not installed, no scheduler answers, it has no workers, or one has other versions than are here.
    """
    try:
        import distributed
    except ImportError as error:
        raise UsageError(f"a cluster needs more libraries: pip install 'faltung[dask]' ({error})") from error
    try:
        client: Any = distributed.Client(address, timeout=patience_s, set_as_default=False)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise UsageError(f"{address}: no scheduler answers: {_first_line(error)}; start: dask scheduler") from error
    with client, _no_news_of_lost_workers():
        _compare(client, address, patience_s)
        executor = client.get_executor(retries=_RETRIES, pure=False)
        try:
            yield executor, sum(client.nthreads().values())
        except BaseException:
            executor.shutdown(wait=False)
            raise


@contextmanager
def _no_news_of_lost_workers() -> Iterator[None]:
    """Keep the client's warnings off standard error: what was lost with a worker is done again, so nobody need act."""
    log = logging.getLogger("distributed.client")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _compare(client: Any, address: str, patience_s: float) -> None:
    """Raise `UsageError` where there is no worker, or one that differs from this process."""
    try:
        client.wait_for_workers(1, timeout=patience_s)
    except Exception:
        raise UsageError(f"{address}: the scheduler has no workers; start: dask worker {address}") from None
    here = versions()
    for worker, there in sorted(client.run(versions, on_error="return").items()):
        if isinstance(there, BaseException):
            raise UsageError(f"{address}: worker {worker}: cannot run faltung: {_first_line(there)}; install it there")
        if differ := [
            _difference(name, here, there) for name in {**here, **there} if here.get(name) != there.get(name)
        ]:
            raise UsageError(f"{address}: worker {worker} has {', '.join(differ)}; install the same versions on both")


def _difference(name: str, here: dict[str, str], there: dict[str, str]) -> str:
    return f"{name} {there.get(name, 'not installed')} (here {here.get(name, 'not installed')})"


def versions() -> dict[str, str]:
    """Versions that have to be the same everywhere: of Python, the libraries that compute, and packages with stages."""
    from ..stages.base.registry import available_stages

    names = {*_LIBRARIES, *(source.distribution for source in available_stages())}
    found = {name: metadata.version(name) for name in sorted(names)}
    return {"python": platform.python_version(), **found, "transforms": library_version()}


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
