"""The scenario that `farside init` writes: every key with its default, made from the model itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sim.run.scenario import Scenario

_GIVEN = {
    "format": 1,
    "name": "my-traverse",
    "start_utc": "2019-01-03T14:22:00Z",
    "start_m": [0.0, 0.0],
    "goal_m": [-120.0, 90.0],
    "site.latitude_deg": -45.4446,
    "site.longitude_deg": 177.5991,
}
"""Values that have no default or deserve a better example: the Chang'e 4 landing point."""

_EXAMPLES = """
# [[terrain.boulders]]             # rocks of your own, on the world's ground only
# east_m = -10.0
# north_m = 8.0
# diameter_m = 0.5
# height_m = 0.45

# [[zones]]                        # as many as wanted
# name = "crater"
# kind = "keep-out"                # or "keep-in"
# polygon = [[20.0, 20.0], [40.0, 20.0], [40.0, 40.0]]
# from_utc = "2019-01-08T00:00:00Z"   # holds from then,
# until_utc = "2019-01-09T00:00:00Z"  # until then; always, if both are left out
"""


def scenario_template() -> str:
    """Return a commented scenario that runs as it is."""
    lines = ["# A scenario for farside. Keys that are commented out show their defaults.", ""]
    tables = []
    for name, info in Scenario.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            tables.append((name, inner))
        elif name != "zones":
            lines.append(_line(name, name, info))
    for name, model in tables:
        lines += ["", f"[{name}]{_comment((model.__doc__ or '').strip())}", *_table_lines(name, model)]
    return "\n".join(lines) + "\n" + _EXAMPLES


def _table_lines(name: str, model: type[BaseModel]) -> Iterator[str]:
    for key, info in model.model_fields.items():
        if key != "boulders":
            yield _line(f"{name}.{key}", key, info)
    if name == "vehicle":
        yield "# battery_wh = 130.0              # any figure of the vehicle's file can be replaced here"


def _line(path: str, key: str, info: FieldInfo) -> str:
    given = path in _GIVEN
    default = _GIVEN.get(path, info.default)
    if default is None or default is PydanticUndefined:
        shown = f'# {key} = "..."'
    else:
        shown = f"{'' if given else '# '}{key} = {_toml(default)}"
    return f"{shown:<34}{_comment(info.description or '')}".rstrip()


def _comment(text: str) -> str:
    return f"  # {text}" if text else ""


def _toml(value: Any) -> str:
    """JSON's scalars and arrays are TOML's as well."""
    return json.dumps(value)
