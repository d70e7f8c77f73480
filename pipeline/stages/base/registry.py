"""Finds stages by name: the ones shipped, one module each beside this folder, and those of other distributions.

Others announce theirs as entry points of the group ``faltung.stages``, under a prefixed name such as ``acme.comb``.
Listing imports nothing; a stage is imported when a configuration uses it. The rules of names are `pipeline.plugins`'.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, TypeVar

from pydantic import PlainValidator, SerializeAsAny, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from ...errors import PluginError, SettingError
from ...fields import invalid
from ...plugins import Plugin, installed, left_out_by, owner_of_module
from ...problems import setting_error
from ...text import nearest
from . import Stage

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
        the name is taken by another class, or has no prefix.

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
        if "." not in name and cls.__module__ != f"{__package__.removesuffix('.base')}.{name}":
            own = "is one of faltung's own" if name in _shipped() else "needs a prefix"
            raise PluginError(f"the stage {name!r} of {cls.__module__} {own}; call it 'acme.{name}', or the like")
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


def available_stages() -> Iterator[StageSource]:
    """Every stage that can be used, by name; nothing is imported."""
    names = {name: StageSource(name, "faltung") for name in _shipped()}
    for plugin in installed("stage").values():
        names.setdefault(plugin.name, StageSource(plugin.name, plugin.owner))
    for name, cls in _registered.items():
        names.setdefault(name, StageSource(name, owner_of_module(cls.__module__)))
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
        other = _OTHER_WORDS.get(name.lower().replace("-", "").replace("_", ""))
        is_out = left_out_by() and "." in name and "." not in (near or "")
        out = f" (plugins are left out, by {left_out_by()})" if is_out else ""
        raise PluginError(f"unknown stage {name!r}{out}; {f'did you mean {{use: {other}}}?' if other else fix}")
    return _registered[name]


_OTHER_WORDS = {
    f"{band}pass": f"fir, kind: {band}pass, cutoff: {edges}, transition: 300 Hz"
    for band, edges in (("low", "1 kHz"), ("high", "1 kHz"), ("band", "[500 Hz, 3 kHz]"))
}
_OTHER_WORDS |= {
    other: meant
    for meant, others in {
        _OTHER_WORDS["bandpass"].replace("pass", "stop"): "bandstop notch",
        _OTHER_WORDS["lowpass"]: "filter lpf lp",
        _OTHER_WORDS["highpass"]: "hpf hp",
        "smooth, length: 5 ms": "average mean movingaverage rolling blur",
        "reverb, ir: hall.wav": "room hall convolutionreverb",
        "gain, gain: -6 dB": "volume amplify attenuate amp level",
        "delay, delay: 250 ms": "shift lag",
        "echo, delay: 250 ms": "delays repeat",
        "reverse": "flip backwards",
        "differentiate": "derivative diff gradient",
        "convolve, file: h.wav": "convolution conv ir",
        "correlate, template: t.wav": "correlation xcorr matchedfilter",
        "resample, fs: 16 kHz": "downsample upsample samplerate rate",
    }.items()
    for other in others.split()
}  # fmt: skip
"""Names that others give to what a stage does, each with settings to begin with."""


def setting_for(name: str, value: Any, *, of_text: bool) -> str | None:
    """The first setting of a stage that takes a value, of those that take any text or not; None where none does."""
    try:
        cls = stage_class(name)
    except PluginError:
        return None

    def takes(field: str, given: Any) -> bool:
        try:
            cls.model_validate({field: given})
        except ValidationError as error:
            return all(one["loc"][:1] != (field,) for one in error.errors())
        return True

    taking = [field for field in cls.model_fields if field not in ("id", "enabled") and takes(field, value)]
    return next((field for field in taking if takes(field, "\x01") == of_text), None)


def _load_entry_point(name: str) -> None:
    plugin = installed("stage").get(name)
    if plugin is None:
        return
    before = dict(_registered)
    try:
        stage(name)(_class_of(plugin))
    except PluginError:
        for added in _registered.keys() - before.keys():  # nothing of a broken plugin is used
            del _registered[added]
        raise


def _class_of(plugin: Plugin) -> type[Stage]:
    cls, what = plugin.load(), plugin.words
    if not (isinstance(cls, type) and issubclass(cls, Stage)):
        raise PluginError(f"{what} is {cls!r}, not a Stage")
    if cls.use not in ("", plugin.name):
        raise PluginError(f"{what} calls itself {cls.use!r}; its entry point and @stage must say the same name")
    return cls


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
