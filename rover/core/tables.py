"""Tables of figures checked against a model: every error at once, each in the project's words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar, get_origin

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rover.core.errors import FarsideError, Problem

Model = TypeVar("Model", bound=BaseModel)


def _stated(source: str) -> str:
    if not source.strip():
        raise ValueError("blank; say where the figure comes from")
    return source.strip()


Source = Annotated[str, AfterValidator(_stated)]
"""Where a figure comes from: words, not blanks."""


def validate(
    model: type[Model], data: Mapping[str, Any], *, file: str, error: type[FarsideError], prefix: str = ""
) -> Model:
    """Check a table against a model.

    Args:
        model: The pydantic model.
        data: The table.
        file: Named in messages.
        error: Class to raise.
        prefix: Put before field names, such as `vehicle.`.

    Raises:
        error: With one problem for each thing wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as invalid:
        raise error(list(_problems(model, invalid, file, prefix))) from None


def _problems(model: type[BaseModel], invalid: ValidationError, file: str, prefix: str) -> Iterator[Problem]:
    for detail in invalid.errors(include_url=False):
        yield _problem(model, detail, file, prefix)


def _problem(model: type[BaseModel], detail: ErrorDetails, file: str, prefix: str) -> Problem:
    place = detail["loc"]
    field = prefix + ".".join(str(part) for part in place) if place else prefix.rstrip(".") or None
    kind = detail["type"]
    if kind == "extra_forbidden":
        return Problem(what="unknown key", remedy=_nearest(model, place), file=file, field=field)
    if kind == "missing":
        return Problem(what="missing", remedy="add it", file=file, field=field)
    what, remedy = worded(detail)
    named = detail.get("ctx", {})
    if "field" in named:  # a validator of a whole table that says which of its values is wrong
        return Problem(
            what=what, remedy=remedy, file=file, field=prefix + named["field"], value=named["value"]
        )
    value = None if isinstance(detail["input"], Mapping) else detail["input"]
    return Problem(what=what, remedy=remedy, file=file, field=field, value=value)


def worded(detail: ErrorDetails) -> tuple[str, str]:
    """Return what is wrong and the remedy, in the project's words."""
    kind, message = detail["type"], detail["msg"].removeprefix("Value error, ")
    what, _, remedy = message.partition("; ")
    if remedy:  # the project's own validators give both
        return what, remedy
    wanted = what.removeprefix("Input should be ").removeprefix("a valid ").partition(", unable")[0]
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return "out of range", f"give a value {wanted}"
    if kind in _WANTED:
        return "of the wrong kind", f"give {_WANTED[kind]}"
    if kind in ("too_long", "too_short"):
        return "of the wrong length", message.replace(" after validation", "").partition(", not")[0].lower()
    if kind in ("string_pattern_mismatch", "string_too_short", "string_too_long"):
        choices = re.fullmatch(r"\^\(([\w|]+)\)\$", str(detail.get("ctx", {}).get("pattern", "")))
        if choices is not None:
            return "none of the choices", f"give {choices[1].replace('|', ', ')}"
        return "not a name", "give 1 to 60 letters, digits, blanks, dots, plus, minus or underscores"
    if kind == "literal_error":
        return "none of the choices", f"give {wanted}"
    if kind == "finite_number":
        return "not a finite number", "give a number"
    return what[:1].lower() + what[1:], "see docs/scenario.schema.json for what is allowed"


_WANTED = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list in brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def _nearest(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Say which key may have been meant: the same of another table, or one like it along the path."""
    tables = [name for name in _keys_at(model, ()) if str(place[-1]) in _keys_at(model, (name,))]
    if tables and len(place) <= 2:
        return f"did you mean {tables[0]}.{place[-1]}?"
    known = _keys_at(model, place[:-1])
    close = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    return f"the keys here are {', '.join(sorted(known))}" if known else "leave it out"


def _keys_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    here: Any = model
    skip = False
    for part in path:
        if skip or isinstance(part, int):  # a table's own name for its entry, an index
            skip = False
            continue
        if not hasattr(here, "model_fields") or part not in here.model_fields:
            return []
        annotation = here.model_fields[part].annotation
        skip = get_origin(annotation) in (dict, Mapping)
        here = _model_in(annotation)
    return list(here.model_fields) if hasattr(here, "model_fields") else []


def _model_in(annotation: Any) -> Any:
    """Return the model inside Optional[...], tuple[...], dict[...] and the like."""
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
