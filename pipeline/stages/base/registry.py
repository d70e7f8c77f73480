"""Finds stages by name: the ones shipped, one module each beside this folder, and those of other distributions.

Others announce theirs as entry points of the group ``faltung.stages``, under a prefixed name such as ``acme.comb``.
Listing imports nothing; a stage is imported when a configuration uses it.
"""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import PlainValidator, SerializeAsAny, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from ...errors import PluginError, SettingError
from ...fields import invalid
from ...problems import setting_error
from ...text import nearest
from . import Stage

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "faltung.stages"
_registered: dict[str, type[Stage]] = {}

S = TypeVar("S", bound=type[Stage])


def stage(name: str) -> Callable[[S], S]:
    """Register a stage class under a name, as a decorator.

    Returns
    -------
    decorator
        which gives the class back, its ``use`` being the name.

    Raises
    ------
    PluginError
        the name is taken by another class.

    Examples
    --------
    >>> from pipeline import Kernel, KernelStage, Pipeline
    >>> @stage("example.late")
    ... class Late(KernelStage):
    ...     def kernel(self, fmt):
    ...         return Kernel.identity().delayed(1)
    >>> Pipeline([{"use": "example.late"}])
    Pipeline([Late()])
    """

    def register(cls: S) -> S:
        other = _registered.get(name)
        if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise PluginError(
                f"two stages are called {name!r}: {other.__module__}.{other.__qualname__} and "
                f"{cls.__module__}.{cls.__qualname__}; rename one"
            )
        cls.use = name
        _registered[name] = cls
        return cls

    return register


@dataclass(frozen=True)
class StageSource:
    """A stage that is installed: its name and the distribution it comes from."""

    name: str
    distribution: str


def _shipped() -> list[str]:
    """Names of the modules beside this folder: each is a stage, under its own name."""
    from .. import __path__ as folder

    return sorted(module.name for module in pkgutil.iter_modules(folder) if not module.ispkg)


def _entry_points(name: str | None = None) -> list[EntryPoint]:
    if os.environ.get("FALTUNG_NO_PLUGINS", "") not in ("", "0"):
        return []
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP) if name is None else entry_points(group=GROUP, name=name)
    return sorted(found, key=lambda point: (point.name, point.value))


def available_stages() -> Iterator[StageSource]:
    """Every stage that can be used, by name; nothing is imported."""
    names = {name: StageSource(name, "faltung") for name in _shipped()}
    for point in _entry_points():
        names.setdefault(point.name, StageSource(point.name, point.dist.name if point.dist else "unknown"))
    for name in _registered:
        names.setdefault(name, StageSource(name, _registered[name].__module__))
    yield from (names[name] for name in sorted(names))


def stage_class(name: str) -> type[Stage]:
    """The class registered under a name, imported if need be.

    Raises
    ------
    PluginError
        no such stage (the nearest name is suggested), two distributions give it, or its import fails.
    """
    if name not in _registered and name in _shipped():
        import_module(f"..{name}", __package__)
    if name not in _registered:
        _load_entry_point(name)
    if name not in _registered:
        known = [source.name for source in available_stages()]
        near = nearest(name, known, 0.5)
        fix = f"did you mean {near!r}?" if near else f"installed are: {', '.join(known)}"
        raise PluginError(f"unknown stage {name!r}; {fix}")
    return _registered[name]


def _load_entry_point(name: str) -> None:
    points = _entry_points(name)
    if not points:
        return
    if len({point.value for point in points}) > 1:
        owners = " and ".join(sorted(point.dist.name if point.dist else "unknown" for point in points))
        raise PluginError(f"the stage {name!r} is given by two distributions, {owners}; uninstall one")
    point = points[0]
    owner = point.dist.name if point.dist else "unknown"
    if "." not in name:
        raise PluginError(f"the stage {name!r} of {owner} needs a prefixed name such as 'acme.{name}'")
    try:
        cls = point.load()
    except (Exception, SystemExit) as error:
        raise PluginError(f"the stage {name!r} of {owner} cannot be imported: {error!r}") from error
    if not (isinstance(cls, type) and issubclass(cls, Stage)):
        raise PluginError(f"the stage {name!r} of {owner} is {cls!r}, not a Stage")
    stage(name)(cls)


def stage_from_settings(settings: Any) -> Stage:
    """A stage from a mapping with ``use:`` and its settings; a `Stage` is taken as it is.

    Raises
    ------
    SettingError
        all that is wrong with the settings, each with its place.
    """
    try:
        return _read(settings, None)
    except PydanticCustomError as error:
        raise SettingError(error.message()) from None
    except ValidationError as error:
        raise setting_error(error, settings, Stage.kind_of(settings) or Stage) from None


def _read(value: Any, context: Any) -> Stage:
    if isinstance(value, Stage):
        return value
    if not isinstance(value, dict):
        raise invalid(f"a stage is a mapping with 'use:' and its settings, got {value!r}")
    name = value.get("use")
    if not isinstance(name, str):
        raise invalid("a stage needs 'use:' with the name of a stage" + (f", got {name!r}" if "use" in value else ""))
    try:
        cls = stage_class(name)
    except PluginError as error:
        raise invalid(str(error)) from None
    return cls.model_validate({key: item for key, item in value.items() if key != "use"}, context=context)


AnyStage = Annotated[
    SerializeAsAny[Stage],
    PlainValidator(lambda value, info: _read(value, info.context)),
    WithJsonSchema({"type": "object", "x-stage": True}),  # the schema export puts a reference here
]
"""A field of a model that holds any stage, told apart by ``use:``."""
