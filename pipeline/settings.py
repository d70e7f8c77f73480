"""`Settings`: frozen settings that refuse in plain words, say what they are, and are shown as people write them.

What stands below a setting in the source is its description. The source is read only when somebody asks, for help or
for a schema: a run needs no descriptions.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from . import fields
from .problems import setting_error
from .units import Duration, write_duration, write_fraction, write_frequency, write_gain

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass as _ModelClass
else:
    _ModelClass = type(BaseModel)

_UNITS = {name: getattr(fields, name).__metadata__[0] for name in ("Amplitude", "Fraction", "Hertz", "Seconds")}
"""Validators that mark a field type with a unit, by the type's name."""
_EXAMPLES = "Examples\n--------\n"
_WRITERS = {"Amplitude": write_gain, "Fraction": write_fraction, "Hertz": write_frequency}


class _Signature:
    """Signature of a class of settings: each by name, with its type and its default; none of what it makes."""

    def __get__(self, instance: Settings | None, owner: type[Settings]) -> inspect.Signature:
        if instance is not None:
            raise AttributeError("__signature__")
        return inspect.Signature([_parameter(name, field) for name, field in _in_order(owner)])


class _SettingsClass(_ModelClass):
    # What a call of a class of settings does, and what help shows of it. Settings inside others are made by pydantic
    # itself and not by a call, so that each of their errors keeps its place.

    def __call__(self, *args: Any, **settings: Any) -> Any:
        try:
            return super().__call__(*args, **settings)
        except ValidationError as error:
            raise setting_error(error, settings, self) from None  # type: ignore[arg-type]

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        """Text of the source, then what each setting means, then an example."""
        return _documentation(self) or None  # type: ignore[arg-type]


class Settings(BaseModel, metaclass=_SettingsClass):
    """Frozen settings; what stands below a setting in the source is its description."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expanded_away: ClassVar[tuple[str, ...]] = ()
    """Names that stand beside the settings in a file, and are no settings any more when those are made."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls.__signature__ = _Signature()  # type: ignore[assignment]

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler(schema)
        whole = handler.resolve_ref_schema(made)
        if text := own_text(cls):
            whole["description"] = text
        else:
            whole.pop("description", None)
        properties = whole.get("properties", {})
        for name, text in descriptions(cls).items():
            if name in properties:
                properties[name]["description"] = text
        for name, field in cls.model_fields.items():
            if name in properties and isinstance(field.default, Duration):
                properties[name]["default"] = str(field.default)
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in _written(self).items())})"

    __str__ = __repr__


def own_text(model: type[BaseModel]) -> str:
    """The docstring that stands in the source of a class of settings; empty where there is none."""
    return inspect.cleandoc(vars(model).get("__doc__") or "").partition(_EXAMPLES)[0].rstrip()


def _documentation(model: type[BaseModel]) -> str:
    meant = descriptions(model)
    lines = []
    for name, field in _in_order(model):
        kind = _type_name(field.annotation, field.metadata)
        default = "" if field.is_required() else f", default {_in_short(field.default, field)!r}"
        if field.default is None:
            kind, default = kind.removesuffix(" | None"), ", optional"
        lines.append(f"{name} : {kind}{default}")
        lines += textwrap.wrap(meant.get(name, ""), 100, initial_indent="    ", subsequent_indent="    ")
    parts = [own_text(model), "\n".join(["Settings", "--------", *lines]) if lines else ""]
    written = inspect.cleandoc(vars(model).get("__doc__") or "").partition(_EXAMPLES)[2]
    shown = [written] if written else []
    shown += [f">>> {_example(model, one)}\n{model(**one)!r}" for one in getattr(model, "examples", ())]
    parts.append(_EXAMPLES + "\n".join(shown) if shown else "")
    return "\n\n".join(part for part in parts if part)


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """The docstrings of a model's settings, by name; those of its bases too."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if not (issubclass(cls, Settings) and cls is not Settings):
            continue
        try:
            body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        except (OSError, TypeError):  # no source: a class made at run time
            continue
        lines = body.body if isinstance(body, ast.ClassDef) else []
        for setting, text in itertools.pairwise(lines):
            if isinstance(setting, ast.AnnAssign) and isinstance(setting.target, ast.Name) and _is_text(text):
                found[setting.target.id] = " ".join(str(ast.literal_eval(text.value)).split())  # type: ignore[attr-defined]
    return found


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


# ---- types, as they are called ---------------------------------------------------------------------------------------


class _Name(str):
    """A text that a signature shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _in_order(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The settings of a model: first those it must be given, last those that every stage has."""
    inherited = getattr(model.__base__, "model_fields", {})
    yield from sorted(model.model_fields.items(), key=lambda item: (not item[1].is_required(), item[0] in inherited))


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    default = inspect.Parameter.empty if field.is_required() else _in_short(field.default, field)
    kind = _Name(_type_name(field.annotation, field.metadata))
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _choices(annotation: Any, metadata: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every type that a setting may be, with what is said beside it."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from _choices(inner, (*metadata, *more))
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _choices(part, metadata)
    else:
        yield annotation, metadata


def _unit_name(metadata: tuple[Any, ...]) -> str:
    return next((name for name, mark in _UNITS.items() if any(mark is one for one in metadata)), "")


def _type_name(annotation: Any, metadata: Any = ()) -> str:
    """``Seconds | None``, ``'keep' | 'trim'``, ``list[Amplitude]``."""
    names = [_unit_name(more) or _plain_name(kind) for kind, more in _choices(annotation, tuple(metadata))]
    return " | ".join(dict.fromkeys(names))


def _plain_name(kind: Any) -> str:
    origin, inner = get_origin(kind), [part for part in get_args(kind) if part is not Ellipsis]
    if origin is Literal:
        return " | ".join(map(repr, inner))
    if origin in (tuple, list):
        return f"list[{' | '.join(dict.fromkeys(map(_type_name, inner)))}]"
    if origin is not None:
        return _plain_name(origin)
    return "None" if kind is type(None) else getattr(kind, "__name__", str(kind))


# ---- values, as people write them ------------------------------------------------------------------------------------


def _written(settings: BaseModel) -> dict[str, Any]:
    """The settings that were set, each as text or data that is read back to the same value."""
    kinds = type(settings).model_fields
    given = [name for name, _ in _in_order(type(settings)) if name in settings.model_fields_set]
    return {name: _in_short(getattr(settings, name), kinds[name]) for name in given}


def _in_short(value: Any, field: FieldInfo) -> Any:
    return _as_text(value, field.annotation, tuple(field.metadata))


def _as_text(value: Any, annotation: Any, metadata: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, Duration):
        return write_duration(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Settings) and not hasattr(value, "use"):
        return _written(value)
    choices = list(_choices(annotation, metadata))
    if isinstance(value, list | tuple):
        inner = [part for kind, _ in choices if get_origin(kind) in (tuple, list) for part in get_args(kind)]
        kind = Union[tuple(part for part in inner if part is not Ellipsis)] if inner else Any  # noqa: UP007
        return [_as_text(item, kind) for item in value]
    units = [unit for unit in (_unit_name(more) for _, more in choices) if unit]
    if isinstance(value, float) and units and units[0] in _WRITERS:
        return _WRITERS[units[0]](value)
    return value


def _example(model: type[BaseModel], example: dict[str, Any]) -> str:
    return f"{model.__name__}({', '.join(f'{name}={value!r}' for name, value in example.items())})"
