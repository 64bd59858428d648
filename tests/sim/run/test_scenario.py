"""The scenario: what it accepts, what it refuses and how it says so."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from rover.core.errors import FarsideError, ScenarioError, TomlError, UsageError
from rover.io.bundle import maps_folder, scenario_names
from sim.run.scenario import load_scenario, scenario_from_table, scenario_of_site, scenario_schema
from sim.run.template import scenario_template

ROOT = Path(__file__).parents[3]


def test_every_bundled_scenario_loads() -> None:
    assert {"first-drive", "short-hop"} <= set(scenario_names())
    for name in scenario_names():
        assert load_scenario(name).format == 1


def test_schema_has_not_drifted() -> None:
    """`python -m sim.run.scenario` writes it anew."""
    assert (ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8") == scenario_schema()


def test_template_is_a_scenario_that_names_every_key() -> None:
    text = scenario_template()
    scenario = scenario_from_table(tomllib.loads(text), file="template")
    assert scenario.name == "my-traverse"
    uncommented = "\n".join(line.removeprefix("# ") for line in text.splitlines()[1:])
    for table in (
        scenario.operations,
        scenario.power,
        scenario.limits,
        scenario.faults,
        scenario.terrain,
        scenario.site,
    ):
        for key in type(table).model_fields:
            assert key in uncommented


def test_template_defaults_are_the_defaults() -> None:
    """Uncommenting a default changes nothing."""
    text = scenario_template()
    plain = scenario_from_table(tomllib.loads(text), file="template")
    lines = []
    for line in text.split("# [[terrain.boulders]]")[0].splitlines():
        is_default = (
            line.startswith("# ") and " = " in line and '"..."' not in line and "battery_wh" not in line
        )
        lines.append(line.removeprefix("# ") if is_default else line)
    assert scenario_from_table(tomllib.loads("\n".join(lines)), file="template") == plain


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("power.reserve_so=1", "power.reserve_so: unknown key; did you mean reserve_soc?"),
        ("vehicle.batery_wh=1", "vehicle.batery_wh: unknown key; did you mean battery_wh?"),
        ("powr.reserve_soc=1", "powr: unknown key; did you mean power?"),
        ("start_m=[nan, 0]", "start_m.0 = nan: not a finite number; give a number"),
        ("goal_m=[1]", "goal_m.1: missing; add it"),
        ("seed=x", "seed = x: of the wrong kind; give a whole number"),
        ("seed=true", "seed = True: of the wrong kind"),
        ("seed=-1", "seed = -1: out of range; give a value greater than or equal to 0"),
        ("power.initial_soc=inf", "power.initial_soc = inf: "),
        (
            "power.initial_soc=1.01",
            "power.initial_soc = 1.01: out of range; give a value less than or equal to 1",
        ),
        ("operations.mode=fast", "operations.mode = fast: none of the choices"),
        ("operations.stop_every_m=0", "operations.stop_every_m = 0: out of range"),
        ("start_utc=2019-02-30T00:00:00Z", "start_utc = 2019-02-30T00:00:00Z: no such date or time"),
        ("start_utc=2019-01-03T14:22:00", "a time without zone; write UTC as 2019-01-03T14:22:00Z"),
        ("start_utc=2019-01-20", "start_utc"),
        ("start_utc=1900-01-01T00:00:00Z", "outside 1972-2100"),
        ("vehicle.battery_wh=-1", "vehicle.battery_wh = -1: out of range"),
        ("vehicle.slope_limit_deg=90", "vehicle.slope_limit_deg = 90: out of range"),
        ("vehicle.name=yutu-3", "no such vehicle; did you mean yutu-2?"),
        ("vehicle=3", "vehicle = 3: of the wrong kind; give a table"),
        (
            "terrain.size_m=1001",
            "terrain.size_m = 1001.0: not a whole number of cells of terrain.resolution_m (2 m); change one of them",
        ),
        (
            "terrain.size_m=99.1234567",
            "terrain.size_m = 99.1234567: not a whole number of millimetres; round it",
        ),
        ("terrain.world_resolution_m=4", "terrain.world_resolution_m = 4: out of range"),
        ("name=../evil", "name = ../evil: not a name"),
        ("goal_m=[1,2,3]", "goal_m = [1, 2, 3]: of the wrong length; tuple should have at most 2 items"),
        ("site.latitude_deg=91", "site.latitude_deg = 91: out of range"),
        ("power.resume_soc=0.2", "power.reserve_soc = 0.3: is not below power.resume_soc (0.2)"),
        ("zones=[{name='z', kind='keep-out', polygon=[[0, 0], [1, 1]]}]", "a polygon needs three corners"),
        (
            "zones=[{name='z', kind='keep-out', polygon=[[0, 0], [9, 9], [9, 0], [0, 9]]}]",
            "not a simple polygon",
        ),
        ("zones=[{name='z', kind='no-go', polygon=[]}]", "zones.0.kind = no-go: none of the choices"),
        ("format=2", "format = 2: this farside reads formats up to 1; upgrade farside"),
        ("format=1.0", "format = 1.0: of the wrong kind"),
    ],
)
def test_bad_values_are_named(setting: str, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario("first-drive", settings=[setting])
    assert says in str(caught.value)
    assert "first-drive.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_problems_are_listed_at_once() -> None:
    settings = ["seed=x", "power.initial_soc=3", "vehicle.batery_wh=1", "terrain.band=0"]
    with pytest.raises(ScenarioError) as caught:
        load_scenario("first-drive", settings=settings)
    assert len(caught.value.problems) == 4
    assert "(+3 more: farside check " in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"   \n", "is empty"), (b"\xff\xfe\x00", "is not UTF-8"), (b"a = [", "is not TOML")],
)
def test_unreadable_files(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(content)
    with pytest.raises(TomlError, match=says):
        load_scenario(path)


def test_missing_file_and_name(tmp_path: Path) -> None:
    with pytest.raises(TomlError, match="cannot be read"):
        load_scenario(tmp_path / "none.toml")
    with pytest.raises(ScenarioError, match="did you mean first-drive"):
        load_scenario("first-drve")


def test_settings_replace_and_add() -> None:
    scenario = load_scenario(
        "short-hop",
        settings=["power.initial_soc = 0.5", "vehicle.battery_wh=60", "start_utc=2019-01-11T02:00:00Z"],
        seed=99,
    )
    assert scenario.power.initial_soc == 0.5
    assert scenario.read_vehicle().params.battery_wh == 60
    assert scenario.start_utc == "2019-01-11T02:00:00Z"
    assert scenario.seed == 99
    with pytest.raises(UsageError, match="key=value"):
        load_scenario("short-hop", settings=["power.initial_soc"])
    with pytest.raises(UsageError, match="no table"):
        load_scenario("short-hop", settings=["seed.x=1"])


def test_a_dem_in_a_file_is_beside_it_and_on_the_command_line_here(tmp_path: Path) -> None:
    text = (maps_folder() / "von-karman" / "short-hop.toml").read_text(encoding="utf-8")
    path = tmp_path / "s.toml"
    path.write_text(text.replace("[terrain]", '[terrain]\ndem = "a.tif"'), encoding="utf-8")
    assert load_scenario(path).terrain.dem == str(tmp_path / "a.tif")
    assert load_scenario(path, settings=["terrain.dem=b.tif"]).terrain.dem == "b.tif"


def test_a_site_alone_makes_a_scenario() -> None:
    scenario = scenario_of_site("von-karman", settings=["terrain.size_m=400"], seed=3)
    assert scenario.terrain.size_m == 400
    assert scenario.seed == 3
    with pytest.raises(FarsideError):
        scenario_of_site("von-karman", settings=["terrain.size_m=-1"])
