"""TOML files of the project: read whole or refused in one line, checked with every error at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rover.core.errors import FarsideError, Problem, TomlError

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        TomlError: Missing, a folder, empty, not UTF-8 or malformed.
    """
    try:
        raw = path.read_bytes()
    except IsADirectoryError:
        raise TomlError("is a folder", remedy="name a TOML file", file=path) from None
    except OSError as error:
        raise TomlError(
            f"cannot be read ({error.strerror})", remedy="check the name and the permissions", file=path
        ) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TomlError(
            f"is not UTF-8 text (byte {error.start})", remedy="save it as UTF-8", file=path
        ) from None
    if not text.strip():
        raise TomlError("is empty", remedy="write one with: farside init", file=path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(
            f"is not TOML ({error})", remedy="correct that line; farside init shows the form", file=path
        ) from None


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
    kind, message = detail["type"], detail["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return Problem(what="unknown key", remedy=_nearest(model, place), file=file, field=field)
    if kind == "missing":
        return Problem(what="missing", remedy="add it", file=file, field=field)
    what, _, remedy = message.partition("; ")
    what = what[:1].lower() + what[1:]
    value = None if isinstance(detail["input"], Mapping) else detail["input"]
    return Problem(
        what=what, remedy=remedy or "give a value of that kind", file=file, field=field, value=value
    )


def _nearest(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Say which key may have been meant, looking through the models along the path."""
    known = _keys_at(model, place[:-1])
    close = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    return f"the keys here are {', '.join(sorted(known))}"


def _keys_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    here: Any = model
    for part in path:
        if isinstance(part, int) or not hasattr(here, "model_fields"):
            continue
        info = here.model_fields.get(part)
        if info is None:
            return []
        here = _model_in(info.annotation)
    return list(here.model_fields) if hasattr(here, "model_fields") else []


def _model_in(annotation: Any) -> Any:
    """Return the model inside Optional[...], tuple[...] and the like."""
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
