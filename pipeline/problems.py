"""Puts what pydantic says of settings into plain words: which setting, the rule, the value got, the likely fix.

Pydantic's places hold the names of union members and of types; here only keys and positions of the data remain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import SettingError, SettingPath
from .text import nearest, shorten

ID_PATTERN = r"^[A-Za-z_][\w-]*$"

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
_ENTRY = re.compile(r" at \[\d")  # a list of numbers that says itself which of them is wrong
_COLLECTIONS = ("list_type", "tuple_type", "dict_type", "model_type", "model_attributes_type")


@dataclass(frozen=True)
class Located:
    """Something wrong at a path of the data; ``at_key`` when it is the key that is wrong, not the value."""

    path: SettingPath
    message: str
    at_key: bool = False


def setting_error(error: ValidationError, data: Any, model: type[BaseModel]) -> SettingError:
    """Everything pydantic found wrong with the ``data`` of a model, as one error to raise."""
    return SettingError.together([SettingError(item.message, *item.path) for item in found_in(error, data, model)])


def found_in(error: ValidationError, data: Any, model: type[BaseModel]) -> list[Located]:
    """Everything pydantic found wrong with the ``data`` of a model, in plain words."""
    found: list[Located] = []
    unions: dict[SettingPath, list[tuple[ErrorDetails, SettingPath]]] = {}
    for details in error.errors(include_url=False):
        path, union = _path_in(data, details)
        if details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]:
            continue  # pydantic counts only the entries that hold; those that do not are told one by one
        if union is None:
            found.append(_in_words(details, path, data, model))
        else:
            unions.setdefault(union, []).append((details, path))
    for union, members in unions.items():
        found.extend(_of_union(union, members, data, model))
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


def _of_union(
    union: SettingPath, members: list[tuple[ErrorDetails, SettingPath]], data: Any, model: type[BaseModel]
) -> list[Located]:
    """One setting that may be several things: what is wrong with the one that was meant, as far as that is seen."""
    deeper = [(details, path) for details, path in members if len(path) > len(union)]
    plain = [(details, path) for details, path in members if details["type"] not in _COLLECTIONS]
    exact = [(details, path) for details, path in plain if path == union and _ENTRY.search(details["msg"])]
    chosen = exact or deeper or plain or members
    found = list(dict.fromkeys(_in_words(details, path, data, model) for details, path in chosen))
    rules = list(dict.fromkeys(item.message.split(", got ")[0] for item in found))
    if chosen is deeper or len(rules) == 1:
        return found if chosen is deeper else found[:1]
    got = f", got {show(_at(data, union))}" if all(", got " in item.message for item in found) else ""
    return [Located(union, ", or ".join(rules) + got)]


def _in_words(details: ErrorDetails, path: SettingPath, data: Any, model: type[BaseModel]) -> Located:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Located(path, _unknown(path, data, model), at_key=True)
    if kind == "missing":
        return Located(path, _missing(path, data, model))
    if value is None:
        return Located(path, "has no value; give it one or leave the line out")
    if kind == "faltung":
        return Located(path, _brief(str(context["message"])))
    if kind in ("value_error", "assertion_error"):
        error = context.get("error")
        if isinstance(error, SettingError):
            return Located((*path, *error.path), error.message)
        return Located(path, str(error))
    if kind == "literal_error":
        return Located(path, _choice(str(context["expected"]), value))
    if kind == "string_pattern_mismatch" and context["pattern"] == ID_PATTERN:
        return Located(path, f"must be letters, digits, '_' and '-', a letter first, got {show(value)}")
    rule = _RULES.get(kind, "").format(**context) or _TYPES.get(kind.partition("_")[0]) or details["msg"].lower()
    got = f"{len(value)}" if kind in ("too_short", "too_long") and isinstance(value, list | tuple) else show(value)
    return Located(path, f"{rule.replace('1 entries', '1 entry')}, got {got}")


def _unknown(path: SettingPath, data: Any, model: type[BaseModel]) -> str:
    owner, names = _owner(path[:-1], data, model)
    near = nearest(path[-1], names)
    fix = f"did you mean {near!r}?" if near else f"known are {', '.join(names)}"
    if len(path) > 1 and path[-1] in model.model_fields:
        fix = f"set {path[-1]}: {_at(data, path)} beside the stages"
    return f"unknown setting{f' of {owner!r}' if owner else ''}; {fix}"


def _missing(path: SettingPath, data: Any, model: type[BaseModel]) -> str:
    owner, _ = _owner(path[:-1], data, model)
    if owner:
        return f"missing; {owner!r} needs it"
    if path == ("version",):
        return "missing; write version: 1"
    return "missing; a configuration has at least one stage, such as '- use: gain'"


def _owner(path: SettingPath, data: Any, model: type[BaseModel]) -> tuple[str, list[str]]:
    """Name of what the settings at a path belong to, and the names that it knows."""
    owner = _model_at(path, data, model)
    inner = next((part for part in reversed(path) if isinstance(part, str)), "")
    name = getattr(owner, "use", "") or inner
    if owner is None:
        return name, []
    return name, sorted([*owner.model_fields, *getattr(owner, "expanded_away", ())])


def field_of(path: SettingPath, data: Any, model: type[BaseModel]) -> Any:
    """The annotation of the setting at a path of a model's data, or None."""
    owner = _model_at(path[:-1], data, model)
    field = owner.model_fields.get(str(path[-1])) if owner is not None else None
    return field.annotation if field is not None else None


class _Kinds(Protocol):
    """A model that stands for several, one of which the data chooses: a stage, by its ``use:``."""

    def kind_of(self, data: dict[str, Any]) -> type[BaseModel] | None: ...


def _model_at(path: SettingPath, data: Any, model: type[BaseModel] | None) -> type[BaseModel] | None:
    for part in path:
        data = _at(data, (part,))
        if isinstance(part, str) and model is not None:
            field = model.model_fields.get(part)
            model = _model_in(field.annotation) if field is not None else None
        if isinstance(data, dict) and hasattr(model, "kind_of"):
            kinds: _Kinds = model  # type: ignore[assignment]
            model = kinds.kind_of(data)
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
