"""The table of a campaign: a row for each run, the same bytes however and wherever it was done."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.atomic import atomic_paths
from rover.core.errors import ResultsError
from sim.campaign.identity import FORMAT, Campaign
from sim.campaign.journal import JOURNAL
from sim.campaign.task import FIGURES, Ended

CSV, NPZ, ABOUT = "results.csv", "results.npz", "campaign.json"

_WORDS = ("status", "outcome", "reason")
_KEY_PREFIX = "vary:"
"""Before a varied key in the columns of the npz, so that none has the name of a figure."""

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CampaignTable:
    """A campaign's table.

    Attributes:
        about: What it is of, as `Campaign.header`, and what follows from the table, as `about_campaign`.
        run: (n,) from 0.
        seed: (n,) of the scenarios; -1 where there was none.
        keys: That were varied.
        values: (n,) of each key, float64 where all are numbers, else text.
        status, outcome, reason: (n,) text.
        figures: (n,) float64 by the names of `FIGURES`; NaN where there is none.
    """

    about: Mapping[str, Any]
    run: Column
    seed: Column
    keys: tuple[str, ...]
    values: tuple[Column, ...]
    status: Column
    outcome: Column
    reason: Column
    figures: Mapping[str, Column]


def table_of(campaign: Campaign, ended: Sequence[Ended]) -> CampaignTable:
    """Return the table of runs that have ended, in any order."""
    rows = sorted(ended, key=lambda one: one.run)
    return CampaignTable(
        about=campaign.header(),
        run=np.array([one.run for one in rows], np.int64),
        seed=np.array([-1 if one.seed is None else one.seed for one in rows], np.int64),
        keys=tuple(one.key for one in campaign.varied),
        values=tuple(
            _value_column([one.values[place] for one in rows]) for place in range(len(campaign.varied))
        ),
        status=np.array([one.status.value for one in rows]),
        outcome=np.array([one.outcome for one in rows]),
        reason=np.array([one.reason for one in rows]),
        figures={name: np.array([_number(one, name) for one in rows], np.float64) for name in FIGURES},
    )


def _number(ended: Ended, name: str) -> float:
    value = ended.figures.get(name)
    return np.nan if value is None else float(value)


def _value_column(values: Sequence[bool | int | float | str]) -> Column:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values, np.float64)
    return np.array([value if isinstance(value, str) else json.dumps(value) for value in values])


def write_table(folder: Path, table: CampaignTable, ended: Sequence[Ended]) -> None:
    """Write the table, and what it is of, into a campaign's folder: all of it or nothing.

    Args:
        folder: Of the campaign.
        table: To be written.
        ended: The same runs, whose drawn values the CSV shows as they were drawn.
    """
    with atomic_paths(folder / ABOUT, folder / CSV, folder / NPZ) as (json_path, csv_path, npz_path):
        json_path.write_text(
            json.dumps(dict(table.about), indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )
        csv_path.write_text(_csv(table, ended), encoding="utf-8", newline="\n")
        with npz_path.open("wb") as file:
            np.savez(file, **_columns(table))  # type: ignore[arg-type]


def _csv(table: CampaignTable, ended: Sequence[Ended]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["run", "seed", *table.keys, *_WORDS, *FIGURES])
    for one in sorted(ended, key=lambda one: one.run):
        drawn = [value if isinstance(value, str) else json.dumps(value) for value in one.values]
        figures = [_shown(one.figures.get(name)) for name in FIGURES]
        seed = "" if one.seed is None else one.seed
        writer.writerow([one.run, seed, *drawn, one.status.value, one.outcome, one.reason, *figures])
    return text.getvalue()


def _shown(value: float | None) -> str:
    return "" if value is None else repr(value)


def _columns(table: CampaignTable) -> dict[str, Column]:
    words = {"status": table.status, "outcome": table.outcome, "reason": table.reason}
    varied = {f"{_KEY_PREFIX}{key}": column for key, column in zip(table.keys, table.values, strict=True)}
    return {"run": table.run, "seed": table.seed, **varied, **words, **table.figures}


def read_table(folder: Path) -> CampaignTable:
    """Read a campaign's table back.

    Raises:
        ResultsError: No campaign that has ended is there, it is damaged, or of a newer format.
    """
    if (folder / JOURNAL).exists() and not (folder / ABOUT).exists():
        raise ResultsError(
            "this campaign has not ended", remedy="go on with it by farside campaign --resume", file=folder
        )
    about = _read_about(folder / ABOUT)
    try:
        with np.load(folder / NPZ, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files}
        keys = tuple(name.removeprefix(_KEY_PREFIX) for name in held if name.startswith(_KEY_PREFIX))
        table = CampaignTable(
            about=about,
            run=held["run"],
            seed=held["seed"],
            keys=keys,
            values=tuple(held[f"{_KEY_PREFIX}{key}"] for key in keys),
            status=held["status"],
            outcome=held["outcome"],
            reason=held["reason"],
            figures={name: held[name] for name in FIGURES},
        )
    except Exception as error:  # zipfile and numpy raise many kinds over torn bytes
        raise _unreadable(folder / NPZ, f"cannot be read ({error})") from None
    _require_of_one_writing(folder, table)
    return table


def _require_of_one_writing(folder: Path, table: CampaignTable) -> None:
    """Refuse a table beside what it is of from before: `campaign.json` is renamed last, and a death may come first."""
    stated, held = table.about.get("runs"), len(table.run)
    if stated != held:
        raise ResultsError(
            f"is of {stated} runs, and {NPZ} beside it of {held}: writing them was cut off",
            remedy="go on with the campaign by --resume, which writes them anew",
            file=folder / ABOUT,
            field="runs",
            value=stated,
        )


def _read_about(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unreadable(path, f"cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise _unreadable(path, f"is not JSON ({error})") from None
    if not isinstance(about, dict) or not isinstance(about.get("format"), int):
        raise _unreadable(path, "has no format")
    if about["format"] > FORMAT:
        raise _unreadable(path, f"is of format {about['format']}; this farside reads formats up to {FORMAT}")
    return about


def _unreadable(path: Path, what: str) -> ResultsError:
    return ResultsError(what, remedy="name the folder of a campaign that has ended", file=path)
