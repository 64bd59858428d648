"""Frames of a mission on disk: which there are, of what they are, and going on with those that are missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rover.core.atomic import atomic_path, text_output
from rover.core.errors import OutputError, ResultsError
from sim.mission.panorama import Share, Shot, Span, Turns, share_of

Tell = Callable[[float, str], None]

_KEY_PERCENTILE, _KEY_TIMES = 75.0, 1.7
_FIELDS = ("rows", "cols", "light", "weight")


def make_folder(folder: Path) -> None:
    """Make a folder, unless it is there.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(
            f"no folder can be made there ({why})",
            remedy="give another place",
            field="--out",
            value=str(folder),
        ) from None


def key_of(*made_of: Any) -> str:
    """Return what tells frames of these figures from others."""
    return hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]


def check_key(folder: Path, name: str, key: str, **more: Any) -> None:
    """Refuse to go on with frames of something else, and note what these are of.

    Args:
        folder: Of the frames.
        name: The note's.
        key: Of what they are.
        more: Written into the note too.

    Raises:
        ResultsError: There are frames of another key, or of none.
    """
    path = folder / name
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["key"]
    except FileNotFoundError:
        found = None
    except (OSError, ValueError, KeyError, TypeError):
        found = ""
    if found is None and not any(folder.glob("frame-*.png")):
        with text_output(path) as file:
            json.dump({"format": 1, "key": key, **more}, file)
            file.write("\n")
    elif found != key:
        raise ResultsError(
            "holds frames of another mission, seed, version or size", remedy="name another --out, or remove them",
            file=folder,
        )  # fmt: skip
    for left in folder.glob(".frame-*.tmp.*"):  # of a run that was killed
        left.unlink(missing_ok=True)


def kept_shares(
    shots: Callable[[list[int]], Iterator[Shot]],
    folder: Path,
    *,
    turns: Turns,
    span: Span,
    tell: Tell,
    words: str,
) -> Iterator[Share]:
    """Yield what each frame of a panorama adds to it, and keep the frames: those that are there are not taken again.

    Beside each picture lies its share of the panorama, which is what is gone on with.

    Args:
        shots: Takes the frames of these numbers.
        folder: Where they are kept.
        turns: Which frames there are.
        span: The panorama's raster.
        tell: Is told how much is done.
        words: Of what.

    Raises:
        ResultsError: A frame's share cannot be read.
        OutputError: A frame cannot be written.
    """
    from sim.view.film import save_frame
    from sim.view.ring import shown

    for number in range(len(turns)):
        picture, held = folder / f"frame-{number:05d}.png", folder / f"frame-{number:05d}.npz"
        if picture.is_file() and held.is_file():
            share = _read(held)
        else:
            (shot,) = shots([number])
            share = share_of(shot, span)
            with atomic_path(held) as temporary, temporary.open("wb") as file:
                np.savez_compressed(file, **{name: getattr(share, name) for name in _FIELDS})
            key = _KEY_TIMES * float(np.percentile(shot.light[::8, ::8], _KEY_PERCENTILE))
            save_frame(shown(shot.light, max(key, 1e-6)), picture)
        tell((number + 1) / len(turns), f"{words}, frame {number + 1} of {len(turns)}")
        yield share


def _read(path: Path) -> Share:
    try:
        with np.load(path) as held:
            return Share(**{name: held[name] for name in _FIELDS})
    except Exception as error:  # zipfile, zlib and numpy each have their own
        raise ResultsError(
            f"cannot be read ({type(error).__name__}: {error})", remedy="remove it; the next run makes it again",
            file=path,
        ) from None  # fmt: skip
