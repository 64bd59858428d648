"""`farside vehicle`: figures with their sources, limits that agree with the models, a picture, and refusals."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from rover.core.chassis import ChassisParams
from rover.core.errors import SiteError, UsageError, VehicleError
from rover.io.bundle import maps_folder, vehicle_names
from rover.io.vehicle import read_vehicle
from sim.cli.main import app
from sim.cli.vehicle_sheet import sheet_of
from sim.cli.vehicle_tables import derive
from sim.run.scenario_ground import load_site
from sim.run.setting import load_soil
from sim.view.vehicle import draw_vehicle

YUTU_2 = maps_folder() / "vehicles" / "yutu-2.toml"


def told(*words: str) -> str:
    done = CliRunner().invoke(app, ["vehicle", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def refused(error: type[Exception], *words: str) -> str:
    done = CliRunner().invoke(app, ["vehicle", *words])
    assert isinstance(done.exception, error)
    return str(done.exception)


@pytest.mark.parametrize("name", vehicle_names())
def test_every_figure_stands_there_with_its_source(name: str) -> None:
    read = read_vehicle(name)
    text = told(name)
    for figure, source in read.sources.items():
        line = next(line for line in text.splitlines() if line.split()[:1] == [figure])
        assert line.endswith(source)
    assert f"{len(read.sources)} figures" in text


def test_json_holds_the_same_and_the_derived_limits() -> None:
    found = json.loads(told("yutu-2", "--json"))
    assert found["figures"]["mass_kg"]["value"] == 135.0
    assert found["figures"]["chassis.lug_height_m"]["source"].startswith("assumption")
    derived = found["derived"]
    level, steep = derived["slope_deg"].index(0.0), derived["slope_deg"].index(20.0)
    soils = derived["soils"]
    assert soils["softest"]["slip"][steep] is None, "20 deg are not climbed on the softest soil"
    assert 0 < soils["nominal"]["slip"][steep] < 0.3
    assert soils["softest"]["steepest_deg"] < 20 < soils["nominal"]["steepest_deg"]
    for soil in soils.values():
        climbed = [value for value in soil["motors_j_per_m"] if value is not None]
        assert climbed == sorted(climbed)
    nominal = soils["nominal"]
    battery_j = 130 * 3600 * 0.97
    per_m = nominal["motors_j_per_m"][level] + 60 / nominal["speed_m_s"][level]
    assert nominal["range_m"] == pytest.approx(battery_j / per_m, rel=1e-9)
    assert derived["wheel_load_n"] == pytest.approx(36.56, abs=0.01)
    assert derived["tip_side_deg"] == pytest.approx(math.degrees(math.atan(0.45 / 0.4)))


def test_another_site_has_other_soils() -> None:
    here, there = (
        json.loads(told("yutu-2", "--json", "--site", site))["derived"]["soils"]["softest"]
        for site in ("von-karman", "mare-plain")
    )
    assert there["sinkage_m"] < here["sinkage_m"]
    assert there["steepest_deg"] > here["steepest_deg"]


def test_the_picture_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "yutu-2.png"
    told("yutu-2", "--out", str(file))
    with Image.open(file) as picture:
        assert picture.format == "PNG"
        assert len(set(picture.convert("RGB").resize((96, 72)).tobytes())) > 50
    assert [path.name for path in tmp_path.iterdir()] == ["yutu-2.png"]


def test_a_climb_that_no_slope_tried_ends_is_drawn_as_such() -> None:
    """In the picture as in the table: the firmest soil is climbed beyond the steepest slope that is tried."""
    read, chassis = read_vehicle("yutu-2"), read_vehicle("yutu-2").part("chassis", ChassisParams)
    derived = derive(read.params, chassis, load_site("von-karman"), load_soil())
    legend = draw_vehicle(sheet_of(read, chassis, derived)).axes[2].get_legend()
    assert legend is not None
    told_in_it = [text.get_text() for text in legend.get_texts()]
    assert told_in_it[0].endswith("climbs 14\N{DEGREE SIGN}")
    assert told_in_it[2] == "firmest: climbs over 45\N{DEGREE SIGN}"


@pytest.mark.parametrize("old, new, says", [
    ("mass_kg = { value = 135.0", "mass_kg = { value = -135.0", "vehicle.mass_kg = -135.0: out of range"),
    ("belly_clearance_m = { value = 0.25", "belly_clearance_m = { value = -0.05", "belly_clearance_m = -0.05"),
    ("middle_axle_back_m = { value = 0.55", "middle_axle_back_m = { value = 0.25",
     "middle_axle_back_m = 0.25 makes front and middle wheels overlap: axles 0.25 m apart, wheels of 0.3 m; move"),
    ("wheelbase_m = { value = 1.1", "wheelbase_m = { value = 0.84", "makes middle and rear wheels overlap"),
    ("wheel_width_m = { value = 0.15", "wheel_width_m = { value = 0.95", "makes left and right wheels overlap"),
    ("drive_efficiency = { value = 0.35", "drive_efficiency = { value = 1.2", "vehicle.drive_efficiency = 1.2"),
    ("lug_height_m = { value = 0.01, source", "lug_height_m = { value = -0.01, source", "chassis.lug_height_m = -0.01"),
    ("lug_height_m = { value = 0.01, source", "lug_height_m = { value = 0.01, s", "lug_height_m.source: missing"),
    ("mass_centre_up_m = {", "mass_center_up_m = {", "chassis.mass_centre_up_m: missing"),
    ("steer_limit_deg = { value = 60.0", "steer_limit_deg = { value = 100.0", "chassis.steer_limit_deg = 100.0"),
    ("[chassis]", "[chasis]", "chasis: unknown key"),
])  # fmt: skip
def test_a_file_with_something_wrong_is_refused_in_a_line(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    text = YUTU_2.read_text(encoding="utf-8")
    assert old in text
    file, figure = tmp_path / "mine.toml", tmp_path / "mine.png"
    file.write_text(text.replace(old, new), encoding="utf-8")
    line = refused(VehicleError, str(file), "--out", str(figure))
    assert says in line
    assert str(file) in line
    assert "\n" not in line
    assert not figure.exists()


def test_a_file_without_a_chassis_is_told_what_to_add(tmp_path: Path) -> None:
    file = tmp_path / "bare.toml"
    file.write_text(YUTU_2.read_text(encoding="utf-8").partition("[chassis]")[0], encoding="utf-8")
    assert "chassis: missing; add this table, or take yutu-2" in refused(VehicleError, str(file))


def test_what_is_not_there_is_refused() -> None:
    assert "did you mean yutu-2?" in refused(VehicleError, "yutu-3")
    assert "no such site" in refused(SiteError, "yutu-2", "--site", "nowhere")
    assert "pictures are PNG" in refused(UsageError, "yutu-2", "--out", "x.jpg")
