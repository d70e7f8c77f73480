"""The processes that do tasks: how they are started, what they do, and how they end.

On Linux a worker is a copy (`os.fork`) of one process, the fork server, which is itself a copy of the process that
wants workers, with all that this has loaded: to start one takes some 10 ms instead of half a second. It is made while
that process has one thread, since a copy would lack the others, and before it holds a lock; where there are more
threads, and elsewhere (the libraries of macOS may have some), a worker is a process that loads all by itself.

A worker does what comes through its pipe, lists of calls, until that is closed. Of a call that returns something
`Begun` what its ``commit`` returns counts: all of one list are begun before the first is committed, since what that
waits for may have been done meanwhile. The fork server ends with the process that started it, however that ends, and
its workers end with it. All talk is through pipes and sockets without a name, so that a process that is killed leaves
nothing behind. (`multiprocessing` has such a process too, its "forkserver", which loads all again and listens at a
socket in a temporary folder: that would stay.)
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection, Pipe
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, NoReturn, Protocol, runtime_checkable

from .. import system
from ..plugins import local_files
from ..system import FolderSync, end_process, keep_freed_memory, limit_time, settle_process, working_folder

_COPIES = sys.platform == "linux" and hasattr(os, "fork")
_NUMBER = struct.Struct("q")
_LOOK_S = 0.5  # between two looks whether the parent is there

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""A function, and what it is called with."""

Answer = tuple[Any, BaseException | None]
"""Value that a call returned, or error that it raised."""


@runtime_checkable
class Begun(Protocol):
    """Work that is done but for its end."""

    def commit(self, folders: FolderSync, /) -> Any:
        """Bring it to its end; ``folders`` is shared by what is committed together."""


class Worker:
    """A process that does tasks.

    Attributes
    ----------
    pid
        its number.
    pipe
        takes lists of calls, and gives their answers; ends when the worker does.
    bundles
        what it was given and has not answered: what it is at, and perhaps the next.
    since, is_late
        when it began with the first of them; whether it was ended because it took too long.
    """

    def __init__(self, pid: int, pipe: Connection, code_of: Callable[[int], int | None]) -> None:
        self.pid, self.pipe, self._code_of = pid, pipe, code_of
        self.bundles: deque[list[Any]] = deque()
        self.since, self.is_late = 0.0, False

    def kill(self) -> None:
        """End it at once; not after `ended`, when its number may be another's."""
        end_process(self.pid)

    def ended(self) -> int | None:
        """Its exit code, once it has ended, which it does now if it has not; None if that is not known."""
        self.pipe.close()
        self.kill()  # one that has begun to end keeps the reason that it has
        return self._code_of(self.pid)


def start_fork_server() -> None:
    """Have workers be copies of this process as it is now, if it can be copied; once there are such, it stays so."""
    global _fork_server
    if _fork_server is None and _COPIES and _has_one_thread():
        with suppress(OSError):
            _fork_server = _ForkServer()
            atexit.register(_fork_server.end)


def start_worker(timeout_s: float | None) -> Worker:
    """A new worker, which ends itself when a call takes longer; raises OSError where the system gives none."""
    ours, theirs = Pipe()
    with theirs:  # ours ends when the worker does, once theirs is closed here
        worker = None if _fork_server is None else _fork_server.worker(ours, theirs)
        worker = worker or _loaded_worker(ours, theirs)
    with suppress(OSError):  # if it has died, its pipe will say so
        ours.send((timeout_s, working_folder()))
    return worker


def answers(message: bytes, count: int) -> list[Answer]:
    """Answers to so many calls, out of the message of a worker."""
    try:
        received: list[Answer] = ForkingPickler.loads(message)
    except Exception as error:
        return [(None, error)] * count
    return received


class _ForkServer:
    """The process that workers are copies of, as seen from the one that started it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._channel, theirs = socket.socketpair()
        try:
            with theirs, _held_back(signal.valid_signals()) as mask:
                self._pid = os.fork()
                if not self._pid:
                    _end_after(partial(_serve, theirs, self._channel, mask))
        except OSError:
            self._channel.close()
            raise

    def worker(self, ours: Connection, theirs: Connection) -> Worker | None:
        """A new worker at the end of a pipe; None if there is no fork server any more. Raises OSError."""
        try:
            pid = self._asked(0, [theirs.fileno()])
        except EOFError:
            return None
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        return Worker(pid, ours, self._code_of)

    def _code_of(self, pid: int) -> int | None:
        try:
            return self._asked(pid)
        except EOFError:
            return None

    def _asked(self, number: int, files: Sequence[int] = ()) -> int:
        with self._lock:
            try:
                socket.send_fds(self._channel, [_NUMBER.pack(number)], files)
                answer = self._channel.recv(_NUMBER.size, socket.MSG_WAITALL)
            except OSError:
                answer = b""
            if len(answer) < _NUMBER.size:
                self.end()
                raise EOFError("the process that workers are copies of has ended")
            return int(_NUMBER.unpack(answer)[0])

    def end(self) -> None:
        """End it; its workers end too."""
        global _fork_server
        if self is _fork_server:
            _fork_server = None
            self._channel.close()
            if self._owner == os.getpid():
                end_process(self._pid)
                _code_of_child(self._pid)


_fork_server: _ForkServer | None = None


def _has_one_thread() -> bool:
    try:
        return len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:
        return False


def _loaded_worker(ours: Connection, theirs: Connection) -> Worker:
    """A worker that loads all by itself.

    It never sees Ctrl-C, not even before its first line: what that stops is for us to say.
    """
    import subprocess

    number = theirs.fileno()
    load = f"from pipeline.plugins import load_file; [load_file(one) for one in {local_files()!r}]"
    code = f"import sys; sys.path[:] = {sys.path!r}; {load}; from {__name__} import work_at; work_at({number})"
    how: dict[str, Any] = {"pass_fds": [number]}
    if sys.platform == "win32":
        os.set_handle_inheritable(number, True)
        handles = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [number]})
        how = {"startupinfo": handles, "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    with _held_back({signal.SIGINT}):
        process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL, **how)  # noqa: S603 - ourselves
    return Worker(process.pid, ours, lambda _: process.wait())


@contextmanager
def _held_back(signals: set[Any]) -> Iterator[set[Any]]:
    """Signals do not reach this thread in here, nor ever a process that is started in here; those held back before."""
    if not hasattr(signal, "pthread_sigmask"):
        yield set()
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _code_of_child(pid: int) -> int | None:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return None


# ---- in the fork server ---------------------------------------------------------------------------------------------


def _serve(channel: socket.socket, other_end: socket.socket, mask: set[Any]) -> None:
    """Make workers, and tell their exit codes, as long as somebody is at the other end of the channel.

    First this process, a copy, leaves what a new one would not have: handlers of signals, and a standard input.
    """
    other_end.close()
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask | {signal.SIGINT})
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _settle_worker()
    gc.freeze()  # a look for garbage would touch, and so copy, what the copies share
    with suppress(ConnectionError):
        while True:
            text, files, _, _ = socket.recv_fds(channel, _NUMBER.size, 1)
            if not text:
                return
            answer = _copied(channel, files[0]) if files else _code_of_child(_NUMBER.unpack(text)[0]) or 0
            channel.sendall(_NUMBER.pack(answer))


def _copied(channel: socket.socket, pipe: int) -> int:
    """The number of a new worker; that of an error, negative."""
    try:
        pid = os.fork()
    except OSError as error:
        os.close(pipe)
        return -(error.errno or 1)
    if not pid:
        channel.close()
        _end_after(partial(_work, Connection(pipe)))
    os.close(pipe)
    return pid


def _end_after(function: Callable[[], object]) -> NoReturn:
    """End this process, which is a copy, with a call; nothing of what its original would do at its end."""
    code = 1
    try:
        function()
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


# ---- in a worker ----------------------------------------------------------------------------------------------------


def work_at(number: int) -> None:
    """Do what comes through a pipe, given by the number of its end, in a process of its own."""
    _settle_worker()
    _work(Connection(number))


def _settle_worker() -> None:
    system.signalled = []  # a signal raises nothing here
    settle_process()
    keep_freed_memory()


def _work(pipe: Connection) -> None:
    """Do what comes, until nothing more can."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with suppress(EOFError, OSError):
        timeout_s, folder = pipe.recv()
        if folder is not None:
            with suppress(OSError):
                os.chdir(folder)
        given: deque[Any] = deque()
        while True:
            calls = given.popleft() if given else pipe.recv()
            if calls is None:
                continue
            with FolderSync() as folders:
                back = (None, CancelledError())
                begun = [back if _is_recalled(pipe, given) else _answer(timeout_s, *call) for call in calls]
                ended = [
                    _answer(timeout_s, result.commit, (folders,), {}) if isinstance(result, Begun) else (result, error)
                    for result, error in begun
                ]
            pipe.send_bytes(_message(ended))


def _is_recalled(pipe: Connection, given: deque[Any]) -> bool:
    """Whether what is not begun is to be given back; what came besides is kept for later."""
    while pipe.poll():
        given.append(pipe.recv())
    return None in given


def _answer(timeout_s: float | None, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Answer:
    """Answer to a call, which ends this process when it takes longer than it may."""
    limit_time(timeout_s)
    try:
        return function(*args, **kwargs), None
    except BaseException as error:
        return None, error
    finally:
        limit_time(None)


def _message(ended: list[Answer]) -> memoryview:
    try:
        return ForkingPickler.dumps(ended)
    except Exception as error:
        return ForkingPickler.dumps([(None, error)] * len(ended))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    end_process(os.getpid())
