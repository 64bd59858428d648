"""What a replay of a run is drawn from, beside its telemetry: arcs considered, the way ahead, ground closed, pictures.

Lists of places of all commands one after the other, each with the row of the telemetry that it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.boundary import Observation

PICTURE_PX = 96
"""Longer side of a picture as kept at most."""

Places = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replay:
    """What was noted for a replay.

    Attributes:
        arc_row, arc_m, arc_passed: (m,), (m, 2), (m,) ends of the arcs held to clearance evaluation, and whether
            each passed.
        chosen_row, chosen_m: (k,), (k, 2) the chosen ones, point by point.
        way_row, way_m: (w,), (w, 2) the way ahead, wherever it has changed.
        closed_row, closed_m: (c,), (c, 2) places that the rover has come to know as impassable.
        picture_row, pictures: (p,), (p, rows, cols) uint8 what the left eye of the forward pair saw.
    """

    arc_row: Rows
    arc_m: Places
    arc_passed: npt.NDArray[np.bool_]
    chosen_row: Rows
    chosen_m: Places
    way_row: Rows
    way_m: Places
    closed_row: Rows
    closed_m: Places
    picture_row: Rows
    pictures: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        for name in ("arc", "chosen", "way", "closed"):
            row = locked(getattr(self, f"{name}_row"), np.int64, (None,), f"{name}_row")
            object.__setattr__(self, f"{name}_row", row)
            places = locked(getattr(self, f"{name}_m"), np.float32, (len(row), 2), f"{name}_m")
            object.__setattr__(self, f"{name}_m", places)
        object.__setattr__(self, "picture_row", locked(self.picture_row, np.int64, (None,), "picture_row"))
        count, passed = len(self.picture_row), (len(self.arc_row),)
        object.__setattr__(self, "pictures", locked(self.pictures, np.uint8, (count, None, None), "pictures"))
        object.__setattr__(self, "arc_passed", locked(self.arc_passed, np.bool_, passed, "arc_passed"))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it by name, as it is kept in a file."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Replay:
        """Return what was kept.

        Raises:
            KeyError, ValueError: Something is missing, or not of its shape.
        """
        return cls(**{part.name: arrays[part.name] for part in fields(cls)})


@dataclass
class ReplayNotes:
    """Notes for a replay as they come."""

    _lists: dict[str, list[npt.NDArray[Any]]] = field(default_factory=dict)

    def note_places(self, name: str, row: int, places_m: npt.NDArray[Any]) -> None:
        """Note (n, 2) places of a list at a row."""
        places = np.asarray(places_m, np.float32).reshape(-1, 2)
        self._lists.setdefault(f"{name}_m", []).append(places)
        self._lists.setdefault(f"{name}_row", []).append(np.full(len(places), row, np.int64))

    def note_arcs(self, row: int, ends_m: npt.NDArray[Any], passed: npt.NDArray[np.bool_]) -> None:
        """Note the ends of the arcs that were evaluated."""
        self.note_places("arc", row, ends_m)
        self._lists.setdefault("arc_passed", []).append(np.asarray(passed, np.bool_))

    def note_picture(self, row: int, seen: Observation) -> None:
        """Note what the pair that sees farthest has seen, made smaller; nothing without a picture."""
        pictures = [pair.picture for pair in seen.stereo if pair.picture is not None]
        if not pictures:
            return
        light = max(pictures, key=lambda picture: picture.focal_px).light
        step = -(-max(light.shape) // PICTURE_PX)
        rows, cols = (size // step * step for size in light.shape)
        blocks = light[:rows, :cols].reshape(rows // step, step, cols // step, step).mean(axis=(1, 3))
        brightest = max(1e-6, float(np.percentile(blocks, 99)))
        shown = np.rint(255 * np.clip(blocks / brightest, 0, 1) ** 0.6).astype(np.uint8)
        kept = self._lists.setdefault("pictures", [])
        if kept and kept[0].shape[1:] != shown.shape:
            return
        kept.append(shown[None])
        self._lists.setdefault("picture_row", []).append(np.array([row], np.int64))

    def replay(self) -> Replay:
        """Return all that was noted."""
        empty: dict[str, npt.NDArray[Any]] = {"pictures": np.empty((0, 0, 0), np.uint8)}
        for part in fields(Replay):
            if part.name.endswith("_row"):
                empty[part.name] = np.empty(0, np.int64)
            elif part.name.endswith("_m"):
                empty[part.name] = np.empty((0, 2), np.float32)
        empty["arc_passed"] = np.empty(0, np.bool_)
        return Replay.of(
            {
                name: np.concatenate(self._lists[name]) if name in self._lists else empty[name]
                for name in empty
            }
        )
