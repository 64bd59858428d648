"""A run on disk: written whole or not at all, and read back for plots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tomli_w

from rover.core.errors import FarsideError, ResultsError
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.bundle import fault_table_names
from rover.io.toml import read_toml
from rover.io.vector import Feature, write_traverse_geojson
from sim.run.replay import Replay
from sim.run.runlog import FORMAT, Event, Outcome, RunLog, Severity, Violation

SUMMARY, TELEMETRY, PRODUCTS, REPLAY = "summary.json", "telemetry.npz", "products.npz", "replay.npz"
EVENTS, TRAVERSE, SCENARIO = "events.json", "traverse.geojson", "scenario.toml"


def write_results(log: RunLog, folder: Path) -> None:
    """Write everything of a run but its pictures into an existing folder."""
    _write_json(folder / SUMMARY, log.summary)
    (folder / SCENARIO).write_text(_scenario_toml(log), encoding="utf-8")
    _write_json(folder / EVENTS, [asdict(event) for event in log.events])
    named = {**log.telemetry, "mode": np.array(log.modes)[log.telemetry["mode"]]}
    np.savez_compressed(folder / TELEMETRY, **named)
    np.savez_compressed(folder / PRODUCTS, **_products(log))  # type: ignore[arg-type]
    if log.replay is not None:
        np.savez_compressed(folder / REPLAY, **log.replay.arrays())  # type: ignore[arg-type]
    _write_traverse(log, folder / TRAVERSE)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _scenario_toml(log: RunLog) -> str:
    """Return the resolved scenario as a file that runs again; its DEM and its faults are named from the root."""
    table = _without_none(dict(log.scenario))
    if "dem" in table["terrain"]:
        table["terrain"]["dem"] = str(Path(table["terrain"]["dem"]).resolve())
    faults = table.get("faults", {})
    if faults.get("table", "none") not in fault_table_names():
        faults["table"] = str(Path(faults["table"]).resolve())
    return f"# What was run, resolved: {log.summary['outcome']}.\n{tomli_w.dumps(table)}"


def _without_none(value: Any) -> Any:
    """TOML has no null: a key that is not there says the same."""
    if isinstance(value, Mapping):
        return {key: _without_none(held) for key, held in value.items() if held is not None}
    if isinstance(value, list | tuple):
        return [_without_none(held) for held in value]
    return value


def _products(log: RunLog) -> dict[str, npt.NDArray[Any]]:
    geometry = log.dem.geometry
    named: dict[str, npt.NDArray[Any]] = {
        "elevation_m": log.dem.elevation_m,
        "datum_m": np.array(log.dem.datum_m),
        "hazard_flags": log.hazard_flags,
        "grid": np.array([geometry.resolution_m, geometry.east_m, geometry.north_m]),
        "site": np.array(
            [geometry.site.latitude_rad, geometry.site.longitude_rad, geometry.site.grid_north_rad]
        ),
        "body": np.array(geometry.site.body),
        "crs_wkt": np.array(geometry.site.crs_wkt),
        "source": np.array(log.dem.source),
        "planned_m": log.planned_m,
        "stops_m": log.stops_m,
        "zones": np.array(json.dumps([[name, kind, corners.tolist()] for name, kind, corners in log.zones])),
    }
    return {**named, **{f"replanned_{i}_m": path for i, path in enumerate(log.replanned_m)}}


def _write_traverse(log: RunLog, path: Path) -> None:
    summary = log.summary
    kept = ("format", "scenario", "outcome", "seed", "distance_m", "start_utc", "end_utc")
    lines: list[Feature] = []
    if len(log.telemetry["time_s"]):
        lines.append((_driven(log), {"name": "driven"}))
    if len(log.planned_m):
        lines.append((log.planned_m, {"name": "planned"}))
    points: list[Feature] = [
        (log.start_m, {"name": "start"}),
        (log.goal_m, {"name": "goal"}),
        *(
            (
                (event.east_m, event.north_m),
                {"name": event.name, "time_s": event.time_s, "text": event.text},
            )
            for event in log.events
        ),
    ]
    write_traverse_geojson(
        path,
        points=points,
        lines=lines,
        crs_wkt=log.dem.geometry.site.crs_wkt,
        properties={key: summary[key] for key in kept},
    )


def _driven(log: RunLog) -> npt.NDArray[np.float64]:
    """Return (n, 2) places driven through, without repeats."""
    track = np.column_stack([log.telemetry["east_m"], log.telemetry["north_m"]])
    moved = np.ones(len(track), np.bool_)
    moved[1:] = (np.diff(track, axis=0) != 0).any(axis=1)
    return np.asarray(track[moved])


def read_results(folder: Path) -> RunLog:
    """Read a run back.

    Raises:
        ResultsError: Not a run's folder, a file missing or damaged, or of a newer format.
    """
    summary = _read_json(folder / SUMMARY)
    if not isinstance(summary, dict) or not isinstance(summary.get("format"), int):
        raise _damaged(folder / SUMMARY, "has no format")
    if summary["format"] > FORMAT:
        raise ResultsError(
            f"this farside reads formats up to {FORMAT}",
            remedy="upgrade farside",
            file=folder / SUMMARY,
            field="format",
            value=summary["format"],
        )
    try:
        return _assemble(folder, summary)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise _damaged(folder, f"does not hold a whole run ({error})") from None


def _assemble(folder: Path, summary: Mapping[str, Any]) -> RunLog:
    products = _read_npz(folder / PRODUCTS)
    replanned = [
        products[f"replanned_{i}_m"] for i in range(sum(k.startswith("replanned_") for k in products))
    ]
    zones = json.loads(str(products["zones"]))
    return RunLog(
        outcome=Outcome(summary["outcome"]),
        reason=summary["reason"],
        scenario=_read_scenario(folder / SCENARIO),
        summary=summary,
        telemetry=_with_mode_codes(_read_npz(folder / TELEMETRY), summary["modes"]),
        modes=summary["modes"],
        events=[Event(**{**e, "severity": Severity(e["severity"])}) for e in _read_json(folder / EVENTS)],
        violations=[Violation(**v) for v in summary["violations"]],
        dem=_dem(products),
        hazard_flags=products["hazard_flags"],
        planned_m=products["planned_m"],
        replanned_m=replanned,
        stops_m=products["stops_m"],
        start_m=(float(summary["start_m"][0]), float(summary["start_m"][1])),
        goal_m=(float(summary["goal_m"][0]), float(summary["goal_m"][1])),
        replay=Replay.of(_read_npz(folder / REPLAY)) if (folder / REPLAY).exists() else None,
        zones=[(name, kind, np.array(corners)) for name, kind, corners in zones],
    )


def _with_mode_codes(
    telemetry: dict[str, npt.NDArray[Any]], modes: Sequence[str]
) -> dict[str, npt.NDArray[Any]]:
    """Return telemetry as it is in memory: files name the modes, columns in memory number them."""
    number = {name: code for code, name in enumerate(modes)}
    codes = np.array([number[name] for name in telemetry["mode"].tolist()], np.uint8)
    return {**telemetry, "mode": codes}


def _dem(products: Mapping[str, npt.NDArray[Any]]) -> Dem:
    resolution_m, east_m, north_m = products["grid"].tolist()
    latitude_rad, longitude_rad, grid_north_rad = products["site"].tolist()
    rows, cols = products["elevation_m"].shape
    site = Site(
        latitude_rad=latitude_rad,
        longitude_rad=longitude_rad,
        body=str(products["body"]),
        crs_wkt=str(products["crs_wkt"]),
        grid_north_rad=grid_north_rad,
    )
    geometry = GridGeometry(
        rows=rows, cols=cols, resolution_m=resolution_m, east_m=east_m, north_m=north_m, site=site
    )
    return Dem(
        geometry=geometry,
        elevation_m=products["elevation_m"],
        datum_m=float(products["datum_m"]),
        source=str(products["source"]),
    )


def _read_scenario(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except FarsideError as error:
        raise _damaged(path, error.problems[0].what) from None


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _damaged(path, f"cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise _damaged(path, f"is not JSON ({error})") from None


def _read_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # zipfile and numpy raise many kinds over torn bytes
        raise _damaged(path, f"cannot be read ({error})") from None


def _damaged(path: Path, what: str) -> ResultsError:
    return ResultsError(what, remedy="name the output folder of a farside run", file=path)
