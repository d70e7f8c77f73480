"""Begins a package with a plugin: its source, its tests by the contract kit, an example, and what installs it."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from shutil import rmtree

from pipeline.errors import UsageError
from pipeline.plugins import GROUPS, OWN, Kind, for_extension
from pipeline.text import nearest, one_line

_KINDS: dict[str, tuple[Kind, str, str, str]] = {
    "stage": ("stage", "A stage", "{class_}", "faltung run example.yaml in.wav -o out.wav"),
    "iir": ("stage", "A recursive filter", "{class_}", "faltung run example.yaml in.wav -o out.wav"),
    "detector": ("stage", "A detector", "{class_}", "faltung run example.yaml in.wav"),
    "reader": ("reader", "A reader", "READER", "faltung run example.yaml in{ext} -o out.wav"),
    "writer": ("writer", "A writer", "WRITER", "faltung run example.yaml in.wav -o out{ext}"),
    "events": ("event writer", "A writer of events", "EVENTS", "faltung run example.yaml in.wav"),
    "labels": ("event reader", "A reader of labels", "LABELS", "faltung run example.yaml in.wav"),
}
"""For each kind the kind of its entry point, what it is, the object that is announced, and how to try it."""

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def new_plugin(name: str, kind: str = "stage", folder: str | Path = ".") -> str:
    """Write the package ``acme-comb`` of a plugin ``acme.comb`` into a folder; what to do next, in words.

    Raises
    ------
    UsageError
        a name without a prefix, one that is faltung's own, an unknown kind, or a folder that exists.
    """
    from pipeline.io.sink import make_folder_of, naming_errors, write_bytes

    if kind not in _KINDS:
        near = nearest(kind, _KINDS)
        fix = f"did you mean {near!r}?" if near else f"kinds are {', '.join(_KINDS)}"
        raise UsageError(f"--kind {kind}: no such kind of plugin; {fix}")
    if not _NAME.fullmatch(name):
        fix = f"acme.{re.sub(r'[^a-z0-9_]', '_', name.lower().rpartition('.')[2]) or 'comb'}"
        raise UsageError(f"{name!r} must be a prefix of yours, a dot and a name, in small letters: {fix}")
    ext = "." + name.partition(".")[2]
    if _is_taken(_KINDS[kind][0], ext):
        doing = "read" if kind in ("reader", "labels") else "written"
        raise UsageError(f"{name!r} is for {ext}, which can be {doing} already; give it another extension")
    root = Path(folder) / name.replace(".", "-").replace("_", "-")
    from pipeline.io.names import refuse_url  # which numpy comes with, and the list of commands needs none of it

    refuse_url(root)
    if root.exists() or root.is_symlink():
        raise UsageError(f"{one_line(root)}: exists already; nothing was written")
    hidden = root.with_name(f".{root.name}.part")  # half a package would be refused as one that exists
    rmtree(hidden, ignore_errors=True)
    try:
        for path, text in _files(name, kind, ext).items():
            make_folder_of(hidden / path)
            write_bytes(hidden / path, text.encode(), overwrite=False)
        with naming_errors(str(root)):
            hidden.rename(root)
    except BaseException:
        rmtree(hidden, ignore_errors=True)
        raise
    there = one_line(root)
    return f"{there} is begun; next:\n  pip install -e {there}\n  faltung plugins\n  python -m pytest {there}\n"


def _is_taken(kind: Kind, ext: str) -> bool:
    """Whether faltung, or a plugin that is installed, reads such files already, or writes them: as the kind says."""
    import_module("pipeline.io.kinds")  # these two tell the extensions that are faltung's own
    import_module("pipeline.match.writers")
    return kind != "stage" and (ext in OWN.get(kind, ()) or bool(for_extension(kind, f"x{ext}")))


def _files(name: str, kind: str, ext: str) -> dict[str, str]:
    """Text of every file, by its path in the package."""
    entry, what, announced, attempt = _KINDS[kind]
    package = name.replace(".", "_")
    class_ = "".join(part.capitalize() for part in name.partition(".")[2].split("_"))
    class_ += {"reader": "Reader", "writer": "Writer"}.get(kind, "")
    words = {
        "NAME": name, "DIST": package.replace("_", "-"), "PACKAGE": package, "CLASS": class_, "GROUP": GROUPS[entry],
        "KIND": entry, "WHAT": what, "OBJECT": announced.format(class_=class_), "EXT": ext,
        "CONTAINER": name.partition(".")[2].upper(), "MAGIC": package.upper()[:16], "TRY": attempt.format(ext=ext),
    }  # fmt: skip
    places = {
        "pyproject.toml": "common/pyproject.toml", "build_backend.py": "common/build_backend.py",
        "README.md": "common/README.md", f"src/{package}/__init__.py": f"{kind}/plugin.py",
        f"tests/test_{package}.py": f"{kind}/test.py", "example.yaml": f"{kind}/example.yaml",
    }  # fmt: skip
    skeletons = files(__package__) / "skeletons"
    made = {f"src/{package}/py.typed": ""}
    for path, place in places.items():
        text = (skeletons / f"{place}.txt").read_text("utf-8")
        made[path] = re.sub(r"@([A-Z]+)@", lambda found: words[found[1]], text)
    return made
