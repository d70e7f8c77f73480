"""Puts what pydantic says of settings into plain words: which setting, the rule, the value got, the likely fix.

Pydantic's places hold the names of union members and of types; here only keys and positions of the data remain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import PluginError, SettingError, SettingPath
from ..stages.base import Stage
from ..stages.registry import stage_class
from ..text import nearest, shorten
from .model import Configuration

__all__ = ["Found", "field_of", "found_in", "show"]

_BEFORE_THE_MODEL = ("define",)  # names that stand in a file but are expanded away

_RULES = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "finite_number": "must be a finite number",
    "too_short": "needs at least {min_length} entries",
    "too_long": "takes at most {max_length} entries",
    "string_too_short": "needs at least {min_length} characters",
    "string_too_long": "takes at most {max_length} characters",
    "string_pattern_mismatch": "must have the form {pattern}",
    "enum": "must be {expected}",
}
_TYPES = {
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "string": "must be a text",
    "list": "must be a list",
    "tuple": "must be a list",
    "dict": "must be a mapping of names to values",
    "model": "must be a mapping of settings to values",
    "path": "must be a path",
}
_COLLECTIONS = ("list_type", "tuple_type", "dict_type", "model_type", "model_attributes_type")
_ID_PATTERN = str(next(m.pattern for m in Stage.model_fields["id"].metadata if hasattr(m, "pattern")))


@dataclass(frozen=True)
class Found:
    """Something wrong at a path of the data; ``at_key`` when it is the key that is wrong, not the value."""

    path: SettingPath
    message: str
    at_key: bool = False


def found_in(error: ValidationError, data: Any) -> list[Found]:
    """Everything pydantic found wrong with the ``data`` of a configuration, in plain words."""
    found: list[Found] = []
    unions: dict[SettingPath, list[tuple[ErrorDetails, SettingPath]]] = {}
    for details in error.errors(include_url=False):
        path, union = _path_in(data, details)
        if details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]:
            continue  # pydantic counts only the entries that hold; those that do not are told one by one
        if union is None:
            found.append(_in_words(details, path, data))
        else:
            unions.setdefault(union, []).append((details, path))
    for union, members in unions.items():
        found.extend(_of_union(union, members, data))
    return found


def _path_in(data: Any, details: ErrorDetails) -> tuple[SettingPath, SettingPath | None]:
    """The path of an error without what is not in the data, and the path of the union it is in, if any."""
    loc = details["loc"]
    path: list[str | int] = []
    union: SettingPath | None = None
    for i, part in enumerate(loc):
        inside = isinstance(data, dict) and part in data
        inside = inside or (isinstance(data, list | tuple) and isinstance(part, int) and part < len(data))
        if inside:
            data = data[part]
            path.append(part)
        elif i == len(loc) - 1 and details["type"] == "missing":
            path.append(part)
        else:
            union = tuple(path) if union is None else union
    return tuple(path), union


def _of_union(union: SettingPath, members: list[tuple[ErrorDetails, SettingPath]], data: Any) -> list[Found]:
    """One setting that may be several things: what is wrong with the one that was meant, as far as that is seen."""
    deeper = [(details, path) for details, path in members if len(path) > len(union)]
    plain = [(details, path) for details, path in members if details["type"] not in _COLLECTIONS]
    chosen = deeper or plain or members
    found = {_in_words(details, path, data): None for details, path in chosen}
    if deeper:
        return list(found)
    rules = dict.fromkeys(item.message.split(", got ")[0] for item in found)
    got = f", got {show(_at(data, union))}" if all(", got " in item.message for item in found) else ""
    return [Found(union, ", or ".join(rules) + got)]


def _in_words(details: ErrorDetails, path: SettingPath, data: Any) -> Found:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Found(path, _unknown(path, data), at_key=True)
    if kind == "missing":
        return Found(path, _missing(path, data))
    if value is None:
        return Found(path, "has no value; give it one or leave the line out")
    if kind == "faltung":
        return Found(path, _brief(str(context["message"])))
    if kind in ("value_error", "assertion_error"):
        error = context.get("error")
        if isinstance(error, SettingError):
            return Found((*path, *error.path), error.message)
        return Found(path, str(error))
    if kind == "literal_error":
        return Found(path, _choice(str(context["expected"]), value))
    if kind == "string_pattern_mismatch" and context["pattern"] == _ID_PATTERN:
        return Found(path, f"must be letters, digits, '_' and '-', a letter first, got {show(value)}")
    rule = _RULES.get(kind, "").format(**context) or _TYPES.get(kind.partition("_")[0]) or details["msg"].lower()
    got = f"{len(value)}" if kind in ("too_short", "too_long") and isinstance(value, list | tuple) else show(value)
    return Found(path, f"{rule.replace('1 entries', '1 entry')}, got {got}")


def _unknown(path: SettingPath, data: Any) -> str:
    owner, names = _owner(path[:-1], data)
    near = nearest(path[-1], names)
    fix = f"did you mean {near!r}?" if near else f"known are {', '.join(names)}"
    return f"unknown setting{f' of {owner!r}' if owner else ''}; {fix}"


def _missing(path: SettingPath, data: Any) -> str:
    if path == ("version",):
        return "missing; write version: 1"
    if path == ("stages",):
        return "missing; a configuration has at least one stage, such as '- use: gain'"
    owner, _ = _owner(path[:-1], data)
    return f"missing; {owner!r} needs it"


def _owner(path: SettingPath, data: Any) -> tuple[str, list[str]]:
    """What the settings at a path belong to, by name, and the names it knows."""
    if not path:
        return "", sorted([*Configuration.model_fields, *_BEFORE_THE_MODEL])
    model = _model_at(path, data)
    name = _at(data, path).get("use") if isinstance(_at(data, path), dict) else None
    owner = name if isinstance(name, str) else next((part for part in reversed(path) if isinstance(part, str)), "")
    return owner, sorted(model.model_fields) if model is not None else []


def field_of(path: SettingPath, data: Any) -> Any:
    """The annotation of the setting at a path, or None."""
    model = _model_at(path[:-1], data)
    field = model.model_fields.get(str(path[-1])) if model is not None else None
    return field.annotation if field is not None else None


def _model_at(path: SettingPath, data: Any) -> type[BaseModel] | None:
    model: type[BaseModel] | None = Configuration
    for part in path:
        data = _at(data, (part,))
        if isinstance(data, dict) and isinstance(data.get("use"), str):
            try:
                model = stage_class(data["use"])
            except PluginError:
                return None
        elif isinstance(part, str) and model is not None:
            field = model.model_fields.get(part)
            model = _model_in(field.annotation) if field is not None else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)


def _at(data: Any, path: SettingPath) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _choice(expected: str, value: Any) -> str:
    choices = [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]
    near = nearest(value, choices) if isinstance(value, str) else None
    return f"must be {expected}, got {show(value)}" + (f"; did you mean {near!r}?" if near else "")


def _brief(message: str) -> str:
    """A message without the middle of a value that is pages long."""
    return message if len(message) <= 500 else f"{message[:300]} ... {message[-150:]}"


def show(value: Any) -> str:
    """A value as it is written in a configuration, shortened."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return shorten(text, 60)
