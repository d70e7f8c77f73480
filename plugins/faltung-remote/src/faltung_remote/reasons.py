"""What an error of a store's library means, in words: what went wrong, and what to do about it.

Each library has errors of its own, which are told apart by what they hold (a status of HTTP, an errno, a code of S3)
and by the names of their classes, so that none has to be imported.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.text import nearest, shorten

_MOST = 200  # characters of a text that is not ours

SHUT = "permission denied; a key may lack the right, and a signed URL may have expired"
_STATUS = {
    401: "the store wants to know who asks; give it a user or a key, as its library reads them",
    403: SHUT,
    404: "no such file",
    407: "a proxy wants to know who asks; give it a user in the environment variable https_proxy",
    408: "the store did not answer in time; try again later",
    410: "no such file",
    416: "the store gives no part of a file, which it changed meanwhile; try again",
    429: "the store is asked too often; try again later, or with fewer jobs",
    451: "permission denied, by law",
}
_CODES = {
    "NoSuchBucket": "there is no such bucket; is its name right?",
    "InvalidAccessKeyId": "the store does not know the key; give another, as its library reads it",
    "SignatureDoesNotMatch": "the store refuses the key; is the secret of it right?",
    "ExpiredToken": "the key has expired; get another",
    "RequestTimeTooSkewed": "the clock of this machine is wrong, so the store refuses the request; set it",
    "SlowDown": _STATUS[429],
}
_NO_KEY = "no key to the store is known; give one as its library reads it"
_CUT = "the connection broke off; try again"
_NO_URL = "is no URL that a store has; are host and port right?"
_BROKEN = (
    (r"TooManyRedirects", "the store sends from one place to another without end; give the URL of the file itself"),
    (r"Payload|IncompleteRead|ContentLength|Chunked|TransferEncoding", _CUT),
    (r"BadHttp|BadStatus|InvalidResponse|LineTooLong", "what answers does not speak HTTP; are host and port right?"),
)
"""Names of classes that have a status of HTTP, too, which no server gave."""
_CLASSES = (
    (r"SSL|Certificate", "no safe connection could be made; is it https, and the clock of this machine right?"),
    (r"gaierror|NameResolution|DNS", "no machine of this name is known; is it right, and is there a network?"),
    (r"Credential|ProfileNotFound|TokenRetrieval|RefreshError", _NO_KEY),
    (r"EndpointConnection|ConnectorError|NewConnection", "cannot be reached; is the host right, is there a network?"),
    (r"Timeout", _STATUS[408]),
    (r"Disconnected|ConnectionClosed|ProtocolError", _CUT),
    (r"InvalidURL|NonHttpUrl|LocationParse", _NO_URL),
    (r"NotImplemented", "such a store cannot do that; it is read, but not written or listed"),
)  # fmt: skip
_REACHED = {
    errno.ECONNREFUSED: "nothing listens there; are host and port right?",
    errno.ENETUNREACH: "there is no network to it",
    errno.EHOSTUNREACH: "there is no network to it",
    errno.ETIMEDOUT: _STATUS[408],
}


def reason_of(error: BaseException) -> str:
    """What an error means; of one that is not known what it says, cut short."""
    chain = [*_causes(error)]
    if len(chain) > 1:  # over HTTP whatever goes wrong is said to be missing
        chain = [one for one in chain if not isinstance(one, FileNotFoundError)] or chain
    if all(isinstance(one, FileNotFoundError) for one in chain):
        return _STATUS[404]
    told = _of_class(chain, _BROKEN) or _of_status(chain) or _of_system(chain) or _of_class(chain, _CLASSES)
    return told or _of_text(chain[0])


def _of_class(chain: Sequence[BaseException], known: Sequence[tuple[str, str]]) -> str | None:
    return next((words for pattern, words in known if any(_is_a(one, pattern) for one in chain)), None)


def _of_status(chain: Sequence[BaseException]) -> str | None:
    """What a code of S3 or a status of HTTP means, where an error holds one."""
    for one in chain:
        code = _code(one) or next((code for code in _CODES if str(one).startswith(code)), None)
        if code in _CODES:
            return _CODES[code]
        if (status := _status(one)) is not None:
            server = f"the store fails, HTTP {status}; try again later"
            return _STATUS.get(status, server if status >= 500 else f"the store refuses, HTTP {status}")
    return None


def _of_system(chain: Sequence[BaseException]) -> str | None:
    """What an error of the operating system means, the innermost first."""
    for one in reversed(chain):
        if isinstance(one, PermissionError):
            return SHUT
        if isinstance(one, OSError) and one.errno in _REACHED:
            return _REACHED[one.errno]
        if isinstance(one, ConnectionResetError | BrokenPipeError | EOFError):
            return _CUT
    return None


def _of_text(error: BaseException) -> str:
    if isinstance(error, TypeError) and "__init__" in str(error):
        return "such a store needs settings that a URL does not hold; put them into the configuration of fsspec"
    if isinstance(error, ValueError) and re.search(r"\bURL|\b[Pp]ort\b", str(error)):
        return _NO_URL
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return shorten(" ".join(text.split()), _MOST) or f"the store's library fails with {type(error).__name__}"


def is_missing(error: FileNotFoundError) -> bool:
    """Whether an error says that there is no such file, and not that the store could not be asked."""
    return reason_of(error) == _STATUS[404]


def to_install(protocol: str, error: ImportError) -> str:
    """What to install for a kind of store, from what fsspec says of it."""
    from importlib.util import find_spec

    said = str(error)
    found = re.findall(r'"([\w-]+)"', said) or re.findall(r"(?i)install (?:the )?'?([\w-]+(?:\[\w+\])?)", said)
    ours = protocol in ("s3", "s3a") or find_spec("fsspec") is None or not found
    return "pip install 'faltung[remote]'" if ours else f"pip install {' '.join(found)}"


def unknown_store(protocol: str, known: Sequence[str]) -> str:
    """What to say of a URL of a kind of store that is not known."""
    near = nearest(protocol, known)
    hint = f"did you mean {near}://?" if near else "known are s3://, gs://, https:// and others; a path has no ://"
    return f"no store is known for {protocol}://; {hint}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it holds or comes from, the outermost first."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inside = getattr(one, "kwargs", None)
        held = inside.get("error") if isinstance(inside, dict) else None
        held = (one.__cause__, getattr(one, "os_error", None), getattr(one, "reason", None), held, *one.args)
        waiting += [other for other in held if isinstance(other, BaseException)]


def _response(error: Any) -> dict[str, Any]:
    found = getattr(error, "response", None)
    return found if isinstance(found, dict) else {}


def _status(error: Any) -> int | None:
    """The status of HTTP that an error holds, whatever library it is of."""
    told = _response(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    response = getattr(error, "response", None)
    found = [told, *(getattr(error, name, None) for name in ("status", "status_code", "code"))]
    found += [getattr(response, "status_code", None)]
    return next((int(one) for one in found if str(one).isdecimal() and 300 <= int(one) < 600), None)


def _code(error: Any) -> str | None:
    """The code of S3 that an error holds."""
    code = _response(error).get("Error", {}).get("Code")
    return code if isinstance(code, str) else None


def _is_a(error: BaseException, pattern: str) -> bool:
    if isinstance(error, socket.gaierror):
        return "gaierror" in pattern
    if isinstance(error, ssl.SSLError):
        return "SSL" in pattern
    names = [kind.__name__ for kind in type(error).__mro__]
    return any(re.search(pattern, name) for name in names if name not in ("OSError", "Exception"))
