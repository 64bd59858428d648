"""What a campaign is: whatever its runs depend on, so that a journal of another one is told from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rover.core.errors import FarsideError, ScenarioError, SiteError, UsageError, VehicleError
from rover.io.bundle import fault_table_names, find_fault_table, find_site, find_vehicle
from sim.campaign.draws import Varied, draw_run, value_text
from sim.campaign.task import Task
from sim.run.metrics import versions
from sim.run.scenario import Scenario, load_scenario

FORMAT = 1
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What is run.

    Attributes:
        spec: Of the scenario: a path or a bundled name.
        name: Of the scenario.
        digest: SHA-256 of the scenario as resolved and of the files that it names.
        settings: `key=value` each, the same for every run.
        seed: Of the campaign.
        varied: What varies.
        versions: Of what computes.
    """

    spec: str
    name: str
    digest: str
    settings: tuple[str, ...]
    seed: int
    varied: tuple[Varied, ...]
    versions: dict[str, str]

    def task(self, run: int) -> Task:
        """Return a run of it."""
        keys = tuple(one.key for one in self.varied)
        draw = draw_run(run, seed=self.seed, varied=self.varied)
        return Task(spec=self.spec, settings=self.settings, keys=keys, draw=draw)

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
    scenario = load_scenario(spec, settings=settings)
    scenario.read_faults()
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
    return Campaign(
        spec=spec,
        name=scenario.name,
        digest=_digest(scenario),
        settings=tuple(settings),
        seed=seed,
        varied=tuple(varied),
        versions=versions(),
    )


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


def digest_of(spec: str, settings: Sequence[str]) -> str:
    """Return the hash of a scenario and of its files as they are here.

    Raises:
        FarsideError: It cannot be used.
    """
    return _digest(load_scenario(spec, settings=settings))


def _digest(scenario: Scenario) -> str:
    """Return the hash of a scenario, resolved, and of every file that it takes figures from."""
    digest = hashlib.sha256(_canonical(scenario).encode())
    for path in _files(scenario):
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise ScenarioError(
                f"cannot be read ({error.strerror})", remedy="check the name and the permissions", file=path
            ) from None
        digest.update(b"\0")
    return digest.hexdigest()


def _canonical(scenario: Scenario) -> str:
    """Return a scenario's values; where its files lie does not matter, what is in them does."""
    table = scenario.model_dump(mode="json")
    if table["terrain"]["dem"] is not None:
        table["terrain"]["dem"] = Path(table["terrain"]["dem"]).name
    if scenario.faults.table not in fault_table_names():
        table["faults"]["table"] = Path(scenario.faults.table).name
    return json.dumps(table, sort_keys=True)


def _files(scenario: Scenario) -> list[Path]:
    named = [
        find_vehicle(scenario.vehicle.name, VehicleError),
        find_site(scenario.site.name, SiteError),
    ]
    if scenario.faults.table != "none":
        named.append(find_fault_table(scenario.faults.table, ScenarioError))
    if scenario.terrain.dem is not None:
        named.append(Path(scenario.terrain.dem))
    return named
