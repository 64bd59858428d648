"""Lander files: read with their sources, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rover.core.errors import LanderError
from rover.io.bundle import (
    find_lander,
    find_mission,
    lander_names,
    maps_folder,
    mission_names,
    scenario_names,
)
from rover.io.lander import read_lander

FILE = maps_folder() / "landers" / "chang-e-4.toml"


def test_every_figure_has_its_source() -> None:
    lander = read_lander("chang-e-4")
    assert lander.name == "chang-e-4"
    assert lander.params.engine.most_thrust_n == 7500.0
    figures = sum(len(part) for part in lander.params.model_dump(exclude_none=True).values())
    assert len(lander.sources) == figures
    assert all(source.strip() for source in lander.sources.values())


def test_landers_and_missions_have_names_of_their_own() -> None:
    assert "chang-e-4" in lander_names() and "chang-e-4" in mission_names()
    assert "chang-e-4" not in scenario_names()
    assert find_lander("chang-e-4", LanderError).parent.name == "landers"
    assert find_mission("chang-e-4", LanderError).parent.name == "von-karman"


@pytest.mark.parametrize(
    "old, new, line",
    [
        (
            "dry_mass_kg = { value = 1200.0,",
            "dry_mass_kg = { value = 2800.0,",
            "leaves no propellant over dry_mass_kg = 2800.0; raise it",
        ),
        (
            "least_thrust_n = { value = 1500.0,",
            "least_thrust_n = { value = 8000.0,",
            "is not below most_thrust_n = 7500.0; lower it",
        ),
        ("look_m = { value = 2000.0,", "look_m = { value = 90.0,", "hover_m = 100.0 is not below look_m = 90.0"),
        ("lag_s = { value = 0.3,", "lag_s = { value = 0.0,", "engine.lag_s = 0.0: out of range"),
        ("lag_s = {", "lagg_s = {", "engine.lagg_s: unknown key; did you mean lag_s?"),
        ("lag_s = { value = 0.3, source = ", "lag_s = { value = 0.3, sauce = ", "engine.lag_s.source: missing"),
        ("lag_s = { value = 0.3,", "lag_s = 0.3 # {", "engine.lag_s = 0.3: no figure with its source"),
        ("format = 1", "format = 2", "format = 2"),
    ],
)  # fmt: skip
def test_an_impossible_lander_is_refused_by_name(tmp_path: Path, old: str, new: str, line: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LanderError) as raised:
        read_lander(path)
    assert str(raised.value).startswith(f"farside: error[LANDER]: {path}: ")
    assert line in " ".join(str(problem) for problem in raised.value.problems)


def test_an_unknown_lander_is_told_the_nearest() -> None:
    with pytest.raises(LanderError, match=r"lander = chang-e-5: no such lander; did you mean chang-e-4\?"):
        read_lander("chang-e-5")
