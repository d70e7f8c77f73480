"""Runs tasks on a cluster: the workers of a Dask scheduler, behind the interface of an executor.

Workers see the files under the same absolute names, by a shared file system or in a store. A task whose worker dies is
done again by another; one that killed four workers is given up by the scheduler, and the others go on. Whoever reaches
a scheduler runs code on it and its workers, so without TLS it is used on this machine only, unless that is asked for;
certificates are those of dask's own configuration (``distributed.comm.tls``).
"""

from __future__ import annotations

import ipaddress
import logging
import os
import platform
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from pipeline.dsp.transforms import library_version
from pipeline.errors import FaltungError, PluginError, UsageError
from pipeline.plugins import Plugin, installed, is_local, version_of

_LIBRARIES = ("faltung", "numpy", "scipy", "soundfile", "soxr")
_PATIENCE_S = 5  # for a scheduler and its workers to answer
_LOST_S = 15  # without a scheduler or a worker, after which a run ends
_SILENT_S = 45  # of a scheduler or a worker that is there and answers nothing, after which it counts as gone
_ASK_S = 4  # between two questions when each worker was last heard of
_RETRIES = 2  # of what a worker could not take in


def check_address(address: str, *, insecure: bool) -> None:
    """Raise `UsageError` unless it is ``tls://HOST:PORT``, or ``tcp://`` on this machine or with ``insecure``.

    The name of an executor of another distribution, and what may follow it behind a colon, is its own affair.
    """
    if _executor_at(address) is not None:
        return
    url = urlsplit(address)
    try:
        complete = url.scheme in ("tcp", "tls") and url.netloc == address[6:] and bool(url.hostname and url.port)
        complete = complete and url.username is None
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


def _executor_at(address: str) -> Plugin | None:
    return installed("executor").get(address.partition(":")[0])


@contextmanager
def workers_at(
    address: str, used: Collection[str] = (), outputs: Sequence[Path] = ()
) -> Iterator[tuple[Executor, int, Callable[[], None]]]:
    """An executor at an address, Dask's or a plugin's, how many tasks it does at a time, and what looks if it lives.

    A plugin is called with the address and gives a context manager of the two. Its workers are sent functions and plain
    data by pickle, and see files under the same absolute names.

    Raises
    ------
    UsageError
        no workers are there, or some lack what is ``used``, or the folder of the ``outputs``: see `cluster`.
    PluginError
        the plugin cannot be imported, or fails.
    """
    for owner in used:
        if is_local(owner):
            fix = "make a package of it (faltung new-plugin) and install it there"
            raise UsageError(f"{address}: --plugin {owner} is on this machine alone, its workers have none; {fix}")
    plugin = _executor_at(address)
    if plugin is None:
        with cluster(address, used=used, outputs=outputs) as found:
            yield found
        return
    what = plugin.words
    with ExitStack() as stack:
        try:
            executor, slots = stack.enter_context(plugin.load()(address))
            there = executor.submit(versions, tuple(used)).result()
        except FaltungError:
            raise
        except Exception as error:
            raise PluginError(f"{address}: {what} failed: {type(error).__name__}: {error}") from error
        _require_alike(address, what, versions(tuple(used)), there)
        _require_folder(address, outputs, lambda name: {what: executor.submit(os.path.exists, name).result()})
        yield executor, slots, lambda: None


@contextmanager
def cluster(
    address: str, patience_s: float = _PATIENCE_S, used: Collection[str] = (), outputs: Sequence[Path] = ()
) -> Iterator[tuple[Executor, int, Callable[[], None]]]:
    """An executor on the workers of a scheduler, how many tasks they do at a time, and what looks whether they live.

    Leaving by an exception cancels what is not begun; what is under way on a worker comes to its end there.

    Raises
    ------
    UsageError
        dask is not installed, no scheduler answers, it has no workers, or one has other versions than are here, or
        another folder under the name of that of the outputs.
    """
    try:
        import distributed
    except ImportError as error:
        raise UsageError(f"a cluster needs more libraries: pip install 'faltung[dask]' ({error})") from error
    begin = partial(distributed.Client, address, timeout=patience_s, set_as_default=False)
    try:
        client: Any = _in_time(begin)
    except Exception as error:
        reason = _first_line(error)
        fix = "start: dask scheduler"
        if address.startswith("tls:") and "ssl_context" in str(error):
            reason, fix = "no certificates are named", "name them in dask's configuration, under distributed.comm.tls"
        raise UsageError(f"{address}: no scheduler answers: {reason}; {fix}") from error
    watch = _Watch(client, address)
    with _no_news_of_lost_workers(), ExitStack() as stack:
        stack.callback(_closed, client, watch)
        _compare(client, address, patience_s, tuple(used))
        _require_folder(address, outputs, lambda name: _asked(client, address, os.path.exists, name))
        executor = client.get_executor(retries=_RETRIES, pure=False)
        try:
            yield executor, sum(_in_time(client.nthreads).values()), watch
        except BaseException:
            if not watch.lost:  # else nobody is there to be told
                _in_time(partial(executor.shutdown, wait=False))
            raise


def _in_time(call: Callable[[], Any]) -> Any:
    """Result of a call that asks a scheduler, which waits for ever where that is stopped; here a TimeoutError comes.

    What still waits is a thread that the end of the process does not wait for.
    """
    ends: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            ends.put((call(), None))
        except BaseException as error:
            ends.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        result, error = ends.get(timeout=_SILENT_S)
    except Empty:
        raise TimeoutError(f"it does not answer in {_SILENT_S} s") from None
    if error is not None:
        raise error
    return result


class ClusterLostError(FaltungError):
    """A scheduler, or all its workers, went away in the middle of a run, which can go on once they are back."""

    exit_code = 3


class _Watch:
    """Looks whether a scheduler and a worker are there; raises `ClusterLostError` where one is not for a while.

    The client asks the scheduler every other second who it is: one that is stopped keeps its connections, and no
    further answer comes. What it tells of its workers, when each was last heard of, is asked for here.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._gone_since: float | None = None
        self._answer, self._answered = None, time.monotonic()
        self._heard, self._heard_at, self._asked = 0.0, self._answered, self._answered
        self.lost = False

    def __call__(self) -> None:
        now, there, answer = time.monotonic(), self._client.status == "running", self._client._scheduler_identity
        if answer is not self._answer:
            self._answer, self._answered = answer, now
            heard = [worker["last_seen"] for worker in answer.get("workers", {}).values()]
            if heard and max(heard) != self._heard:
                self._heard, self._heard_at = max(heard), now
            elif heard and now - self._heard_at > _SILENT_S:
                self._end("none of its workers answers")
        if now - self._answered > _SILENT_S:
            self._end("the scheduler does not answer")
        if now - self._asked > _ASK_S:
            self._asked = now
            with suppress(AttributeError):  # the loop of a client that is closed
                self._client.loop.add_callback(self._client._update_scheduler_info, -1)
        if there and _workers_in(answer):
            self._gone_since = None
            return
        self._gone_since = self._gone_since or now
        if now - self._gone_since > _LOST_S:
            self._end("all its workers are gone" if there else "the scheduler is gone")

    def _end(self, why: str) -> None:
        self.lost = True
        raise ClusterLostError(f"{self._address}: {why}; once they are back the same command goes on from here")


def _workers_in(identity: Any) -> bool:
    """Whether a scheduler's answer knows of a worker; newer ones give the number, and leave out which they are."""
    return bool(identity.get("n_workers", identity.get("workers", True)))


def _closed(client: Any, watch: _Watch) -> None:
    """Close a client; one of a scheduler that is gone is left to the end of the process, since it would wait."""
    if not watch.lost:
        with suppress(TimeoutError):
            _in_time(client.close)


@contextmanager
def _no_news_of_lost_workers() -> Iterator[None]:
    """Keep the words of the libraries off standard error: what a worker lost is done again, the rest is told."""
    logs = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado.application")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    except ClusterLostError:  # what is left of the client goes on until the process ends
        raise
    except BaseException:
        _set_back(logs, levels)
        raise
    _set_back(logs, levels)


def _set_back(logs: Sequence[logging.Logger], levels: Sequence[int]) -> None:
    for log, level in zip(logs, levels, strict=True):
        log.setLevel(level)


def _compare(client: Any, address: str, patience_s: float, used: tuple[str, ...]) -> None:
    """Raise `UsageError` where there is no worker, or one that differs from this process."""
    try:
        _in_time(partial(client.wait_for_workers, 1, timeout=patience_s))
    except Exception:
        raise UsageError(f"{address}: the scheduler has no workers; start: dask worker {address}") from None
    here = versions(used)
    for worker, there in _asked(client, address, versions, used).items():
        if isinstance(there, BaseException):
            raise UsageError(f"{address}: {worker}: cannot run faltung: {_first_line(there)}; install it there")
        _require_alike(address, worker, here, there)


def _asked(client: Any, address: str, function: Callable[[Any], Any], about: Any) -> dict[str, Any]:
    """What a function returns, or raises, on each worker."""
    try:
        found = _in_time(partial(client.run, function, about, on_error="return"))
    except TimeoutError:
        stopped = f"one of its workers does not answer in {_SILENT_S} s"
        raise UsageError(f"{address}: {stopped}; end it, or start it again: dask worker {address}") from None
    return {f"worker {worker}": there for worker, there in sorted(found.items())}


def _require_folder(address: str, outputs: Sequence[Path], seen: Callable[[str], dict[str, Any]]) -> None:
    """Raise `UsageError` where outputs would not come here: a worker does not see a file that is put among them."""
    if not outputs:
        return
    shared = Path(os.path.commonpath({path.absolute().parent for path in outputs}))
    folder = next(one for one in (shared, *shared.parents) if one.is_dir())
    # a folder that nothing can be put into is told of each file
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=folder, prefix=".faltung-", suffix=".part") as probe:
        for worker, sees in seen(probe.name).items():
            if sees is not True:
                fix = "its files must have the same names there and here: start it where they have"
                raise UsageError(f"{address}: {worker} does not see what lies in {folder}; {fix}")


def _require_alike(address: str, worker: str, here: dict[str, str], there: dict[str, str]) -> None:
    differ = [_difference(name, here, there) for name in {**here, **there} if here.get(name) != there.get(name)]
    if differ:
        raise UsageError(f"{address}: {worker} has {', '.join(differ)}; install the same versions on both")


def _difference(name: str, here: dict[str, str], there: dict[str, str]) -> str:
    return f"{name} {there.get(name, 'not installed')} (here {here.get(name, 'not installed')})"


def versions(used: Collection[str] = ()) -> dict[str, str]:
    """Versions that have to be the same everywhere: of Python, the libraries that compute, and the plugins used."""
    names = sorted({*_LIBRARIES, *used})
    found = {name: version_of(name) for name in names}
    known = {name: version for name, version in found.items() if version != "unknown"}
    return {"python": platform.python_version(), **known, "transforms": library_version()}


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
