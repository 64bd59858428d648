"""What a campaign is: whatever its runs depend on, so that a journal of another one is told from it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rover.core.errors import FarsideError, ResultsError, ScenarioError, SiteError, UsageError, VehicleError
from rover.io.bundle import fault_table_names, find_fault_table, find_site, find_vehicle
from rover.io.toml import read_once, toml_bytes
from sim.campaign.draws import Varied, draw_run, value_text
from sim.campaign.task import Task
from sim.run.metrics import versions
from sim.run.scenario import Scenario, load_scenario

FORMAT = 1
_CHUNK = 1 << 20
_TOML = ".toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What is run.

    Attributes:
        spec: Of the scenario: a path or a bundled name.
        name: Of the scenario.
        digest: SHA-256 of the scenario as resolved and of the files that it, or a choice of what varies, names.
        settings: `key=value` each, the same for every run.
        seed: Of the campaign.
        varied: What varies.
        versions: Of what computes.
        files: Contents of its TOML files as they were read, by path: what was hashed is what is driven.
        stamps: Size and time of change of its other files, which runs read themselves, by path.
    """

    spec: str
    name: str
    digest: str
    settings: tuple[str, ...]
    seed: int
    varied: tuple[Varied, ...]
    versions: dict[str, str]
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    stamps: dict[Path, tuple[int, int] | None] = field(default_factory=dict, repr=False)

    def task(self, run: int) -> Task:
        """Return a run of it."""
        keys = tuple(one.key for one in self.varied)
        draw = draw_run(run, seed=self.seed, varied=self.varied)
        return Task(spec=self.spec, settings=self.settings, keys=keys, draw=draw, files=self.files)

    def require_unchanged(self) -> None:
        """Refuse what comes of a file that is another by now.

        Raises:
            ResultsError: Naming it.
        """
        for path, before in self.stamps.items():
            now = _stamp(path)
            if now is not None and now != before:
                raise ResultsError(
                    "has changed since the campaign began",
                    remedy="put it back and go on with --resume, or begin anew in another folder",
                    file=path,
                )

    def header(self) -> dict[str, Any]:
        """Return what the journal begins with."""
        return {
            "format": FORMAT,
            "spec": self.spec,
            "scenario": self.name,
            "digest": self.digest,
            "settings": list(self.settings),
            "seed": self.seed,
            "vary": [str(one) for one in self.varied],
            "versions": self.versions,
        }


def plan_campaign(spec: str, *, seed: int, varied: Sequence[Varied], settings: Sequence[str]) -> Campaign:
    """Check what is asked, as far as that can be done before anything is drawn, and return it.

    Raises:
        UsageError: A key that scenarios do not have, one that `settings` give as well, or a seed below 0.
        FarsideError: The scenario itself cannot be used.
    """
    if seed < 0:
        raise UsageError("below 0", remedy="give 0 or more", field="--seed", value=seed)
    files: dict[str, bytes] = {}
    with read_once(files):
        scenario = load_scenario(spec, settings=settings)
        scenario.read_faults()
        _refuse_what_cannot_vary(varied, spec, settings)
        others = [path for path in _all_files(scenario, varied) if path.suffix != _TOML]
        stamps = {path: _stamp(path) for path in others}
        digest = _digest(scenario, varied)
    return Campaign(
        spec=spec,
        name=scenario.name,
        digest=digest,
        settings=tuple(settings),
        seed=seed,
        varied=tuple(varied),
        versions=versions(),
        files=files,
        stamps=stamps,
    )


def _refuse_what_cannot_vary(varied: Sequence[Varied], spec: str, settings: Sequence[str]) -> None:
    given = {setting.partition("=")[0].strip() for setting in settings}
    if "seed" in given:
        remedy = 'to have one for all, say --vary "seed=choice(N)"'
        raise UsageError("every run has a seed of its own", remedy=remedy, field="--set", value="seed")
    for one in varied:
        if one.key in given:
            remedy = "leave one of them out"
            raise UsageError("--set gives it as well", remedy=remedy, field="--vary", value=str(one))
        _refuse_unknown(one, spec, settings)
    _refuse_clash(varied)


def _refuse_clash(varied: Sequence[Varied]) -> None:
    """Refuse a key that stands within another one."""
    for one in varied:
        for other in varied:
            if other.key.startswith(f"{one.key}."):
                raise UsageError(
                    f"{one.key} is varied too",
                    remedy="leave one of them out",
                    field="--vary",
                    value=str(other),
                )


def _refuse_unknown(one: Varied, spec: str, settings: Sequence[str]) -> None:
    """Refuse a key that no scenario has; a value out of range is another matter, and each run's own."""
    value = draw_run(0, seed=0, varied=[one]).values[0]
    try:
        load_scenario(spec, settings=[*settings, f"{one.key}={value_text(value)}"])
    except FarsideError as error:
        unknown = [p for p in error.problems if "unknown" in p.what and (p.field or "").endswith(one.key)]
        if unknown:
            remedy = unknown[0].remedy or "see docs/scenario.schema.json"
            raise UsageError("unknown key", remedy=remedy, field="--vary", value=str(one)) from None
        if isinstance(error, UsageError):
            raise UsageError(
                error.problems[0].what, remedy="name a key of a table", field="--vary", value=str(one)
            ) from None


def digest_of(spec: str, settings: Sequence[str], varied: Sequence[Varied] = ()) -> str:
    """Return the hash of a scenario and of its files as they are here.

    Raises:
        FarsideError: It cannot be used.
    """
    return _digest(load_scenario(spec, settings=settings), varied)


def _digest(scenario: Scenario, varied: Sequence[Varied]) -> str:
    """Return the hash of a scenario, resolved, of every file that it takes from, and of those that choices name."""
    digest = hashlib.sha256(_canonical(scenario).encode())
    for path in _all_files(scenario, varied):
        try:
            for chunk in _chunks(path):
                digest.update(chunk)
        except OSError as error:
            raise ScenarioError(
                f"cannot be read ({error.strerror})", remedy="check the name and the permissions", file=path
            ) from None
        digest.update(b"\0")
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    if path.suffix == _TOML:
        yield toml_bytes(path)
        return
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _canonical(scenario: Scenario) -> str:
    """Return a scenario's values; where its files lie does not matter, what is in them does."""
    table = scenario.model_dump(mode="json")
    if table["terrain"]["dem"] is not None:
        table["terrain"]["dem"] = Path(table["terrain"]["dem"]).name
    if scenario.faults.table not in fault_table_names():
        table["faults"]["table"] = Path(scenario.faults.table).name
    return json.dumps(table, sort_keys=True)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return the size of a file and when it was changed; None where the disk does not tell."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _all_files(scenario: Scenario, varied: Sequence[Varied]) -> list[Path]:
    return [*_files(scenario), *_files_of_choices(varied)]


def _files(scenario: Scenario) -> list[Path]:
    named = [
        find_vehicle(scenario.vehicle.name, VehicleError),
        find_site(scenario.site.name, SiteError),
    ]
    if scenario.faults.table != "none":
        named.append(find_fault_table(scenario.faults.table, ScenarioError))
    if scenario.terrain.dem is not None:
        named.append(Path(scenario.terrain.dem))
    return [*named, *_planner_file(scenario.planner)]


def _planner_file(spec: str) -> list[Path]:
    """Return the file of a planner by `FILE.py:CLASS`; the others belong to what is installed."""
    place = spec.rpartition(":")[0]
    return [Path(place)] if place.endswith(".py") else []


_FILES_OF: dict[str, Callable[[str], list[Path]]] = {
    "vehicle.name": lambda name: [find_vehicle(name, VehicleError)],
    "site.name": lambda name: [find_site(name, SiteError)],
    "faults.table": lambda name: [] if name == "none" else [find_fault_table(name, ScenarioError)],
    "terrain.dem": lambda name: [Path(name)],
    "planner": _planner_file,
}
"""Of the keys that name files, which files a value of theirs names."""


def _files_of_choices(varied: Sequence[Varied]) -> list[Path]:
    """Return the files that only choices name; one that is not there is each run's own matter."""
    found: list[Path] = []
    for one in varied:
        for value in one.distribution.arguments:
            if one.key in _FILES_OF and isinstance(value, str):
                with contextlib.suppress(VehicleError, SiteError, ScenarioError, OSError, ValueError):
                    found += [path for path in _FILES_OF[one.key](value) if path.exists()]
    return found
