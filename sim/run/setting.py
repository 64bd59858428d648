"""From a scenario to everything a run needs: ground, map, Sun, rover and rules."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rover.core.bodies import MOON
from rover.core.chassis import ChassisParams
from rover.core.errors import DemFileError, DemFrameError, PlaceError, ResourceError, SiteError
from rover.core.eyes import EyesParams
from rover.core.grid import Dem, GridGeometry, Site, check_square
from rover.core.heat import HeatParams, PowerParams
from rover.core.time import SYNODIC_MONTH_S, Epoch, parse_utc
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone
from rover.io.bundle import find_site, maps_folder
from rover.io.crs import local_crs_wkt
from rover.io.elevation import DEFAULT_MAX_CELLS
from rover.io.raster import UNPLACED, read_dem
from rover.io.stations import read_stations
from rover.io.toml import read_toml
from rover.io.vehicle import Vehicle
from rover.limits.power import wake_elevation_rad
from rover.limits.thermal import SunWindowParams
from rover.sky.almanac import Almanac, build_almanac
from rover.sky.relay import ASSUMED_PHASE
from sim.mission.operations import MissionControl, check_light, mission_control, survey
from sim.moon.dem import Window, geometry_of, synthesize
from sim.moon.ground import Ground
from sim.moon.optics import OpticsParams
from sim.moon.site import SiteParams, site_from_table
from sim.moon.soil import Soil, SoilParams, soil_from_table
from sim.physics.drivetrain import Drivetrain, drivetrain_of
from sim.physics.energy import EnergyParams
from sim.run.regolith_heat import read_regolith_heat
from sim.run.scenario import Scenario
from sim.run.scenario_times import deadline_of, timed_rules, times_of
from sim.run.window import PYTHON, check_cells, check_fit, check_seed, exactly, resolution_of, window_of

REGION_REACH_M, REGION_CELL_M = 60_000, 400
"""Of the map of the region. Twice as fine it costs twice as much and moves the horizon by 0.01 deg."""


def load_site(spec: str) -> SiteParams:
    """Read a site by path or bundled name."""
    path = find_site(spec, SiteError)
    return site_from_table(read_toml(path), file=str(path))


def orbital_dem(scenario: Scenario, *, allow_body: bool = False, max_cells: int = DEFAULT_MAX_CELLS) -> Dem:
    """Return a scenario's map as it is: read from a file, or a view of the seeded ground.

    Raises:
        DemFrameError: The file is of another body than the scenario's.
        ResourceError: More cells than allowed.
    """
    if scenario.terrain.dem is not None:
        try:
            return read_dem_of_body(
                Path(scenario.terrain.dem),
                band=scenario.terrain.band,
                body=None if allow_body else scenario.site.body,
                max_cells=max_cells,
                default_site=frame_of(scenario, load_site(scenario.site.name)),
            )
        except DemFileError as error:
            raise error.by_the_names({"DEM": "terrain.dem", "band": "terrain.band"}) from error
    site = load_site(scenario.site.name)
    window, cell_mm = _seeded_view(scenario)
    count = (window.width_mm // cell_mm) ** 2
    if count > max_cells:
        raise ResourceError(
            f"{count} cells are more than the {max_cells} allowed",
            remedy="take a smaller terrain.size_m or a coarser terrain.resolution_m, or raise --max-cells",
            field="terrain.size_m",
            value=scenario.terrain.size_m,
        )
    return synthesize(
        site,
        seed=scenario.seed,
        window=window,
        resolution_mm=cell_mm,
        geometry_site=frame_of(scenario, site),
        origin_mm=origin_mm_of(scenario, site),
    )


def _seeded_view(scenario: Scenario) -> tuple[Window, int]:
    """Return the window of seeded ground that a scenario plans on, and the side of a cell, mm."""
    side_mm, cell_mm = round(scenario.terrain.size_m * 1000), round(scenario.terrain.resolution_m * 1000)
    half_mm = -side_mm // 2
    return Window(east_mm=half_mm, north_mm=half_mm, width_mm=side_mm, height_mm=side_mm), cell_mm


def region_dem(scenario: Scenario) -> Dem | None:
    """Return seeded ground far around the map, in its frame, for the horizon; None about a measured DEM."""
    if scenario.terrain.dem is not None:
        return None
    site = load_site(scenario.site.name)
    return _region(site, scenario.seed, frame_of(scenario, site), origin_mm_of(scenario, site))


@lru_cache(maxsize=2)
def _region(site: SiteParams, seed: int, frame: Site, origin_mm: tuple[int, int]) -> Dem:
    """Return the region, made once for the planner and for the world."""
    half_mm, cell_mm = REGION_REACH_M * 1000, REGION_CELL_M * 1000
    return synthesize(
        site,
        seed=seed,
        window=Window(east_mm=-half_mm, north_mm=-half_mm, width_mm=2 * half_mm, height_mm=2 * half_mm),
        resolution_mm=cell_mm,
        geometry_site=frame,
        origin_mm=origin_mm,
    )


def energy_params(scenario: Scenario) -> EnergyParams:
    """Return what power and heat of a scenario's rover on its ground depend on.

    Raises:
        VehicleError: Its vehicle has no `[power]` or no `[heat]`.
        SiteError: Its site names no kind of regolith that is known.
    """
    vehicle = scenario.read_vehicle()
    return EnergyParams(
        power=vehicle.part("power", PowerParams),
        heat=vehicle.part("heat", HeatParams),
        regolith=read_regolith_heat(load_site(scenario.site.name).regolith_heat),
    )


def seeded_dem(
    site: str,
    *,
    seed: int,
    window_m: tuple[float, float, float, float],
    resolution_m: float,
    max_cells: int = DEFAULT_MAX_CELLS,
) -> Dem:
    """Return a window of a site's seeded ground, the same to the last bit whoever asks.

    Args:
        site: A bundled name or the path of a site file.
        seed: Any 64-bit integer.
        window_m: West, south, east and north edge, from the site's origin; whole millimetres.
        resolution_m: Side of a cell, 0.01 or more; whole millimetres, of which the window's sides are multiples.
        max_cells: A larger window is refused.

    Raises:
        SiteError: No such site, or one that cannot be used.
        UsageError: A seed, a window or a resolution that `farside synth` would refuse as well.
        ResourceError: More cells than allowed.
    """
    check_seed(seed, names=PYTHON)
    edges, asked = [exactly(edge_m) for edge_m in window_m], tuple(window_m)
    window = window_of(edges, origin_mm=(0, 0), names=PYTHON, asked=asked)
    cell_mm = resolution_of(exactly(resolution_m), names=PYTHON, asked=resolution_m)
    check_fit(window, cell_mm, asked=asked, names=PYTHON)
    shape = window.height_mm // cell_mm, window.width_mm // cell_mm
    check_cells(shape, max_cells, remedy="take a smaller window or a coarser resolution", names=PYTHON)
    params = load_site(site)
    return synthesize(
        params, seed=seed, window=window, resolution_mm=cell_mm, geometry_site=site_frame(params)
    )


def read_dem_of_body(
    path: Path, *, band: int, body: str | None, max_cells: int, default_site: Site = UNPLACED
) -> Dem:
    """Read a DEM of square cells and refuse one of another body; None accepts any.

    `default_site` places one without a frame.
    """
    dem = read_dem(path, band=band, max_cells=max_cells, default_site=default_site)
    if body is not None and dem.geometry.site.body != body:
        raise DemFrameError(
            f"terrain of another body than the scenario's ({body})",
            remedy="name the right DEM, or say --allow-body",
            file=path,
            field="body",
            value=dem.geometry.site.body,
        )
    check_square(dem.geometry, "a traverse", file=path)
    return dem


def _place(scenario: Scenario, site: SiteParams) -> tuple[float, float]:
    """Return latitude and longitude in degrees of the scenario's origin."""
    if scenario.site.latitude_deg is None or scenario.site.longitude_deg is None:
        return site.frame.latitude_deg, site.frame.longitude_deg
    return scenario.site.latitude_deg, scenario.site.longitude_deg


def frame_of(scenario: Scenario, site: SiteParams) -> Site:
    """Return place and frame of the scenario's origin."""
    return _frame_at(*_place(scenario, site))


def site_frame(site: SiteParams) -> Site:
    """Return place and frame of a site's own origin."""
    return _frame_at(site.frame.latitude_deg, site.frame.longitude_deg)


def _frame_at(latitude_deg: float, longitude_deg: float) -> Site:
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    return Site(
        latitude_rad=latitude,
        longitude_rad=longitude,
        body=MOON.name,
        crs_wkt=local_crs_wkt(latitude, longitude),
    )


def origin_mm_of(scenario: Scenario, site: SiteParams) -> tuple[int, int]:
    """Return the scenario's origin in the site's frame, to a whole metre."""
    east_m, north_m = site.project(*_place(scenario, site))
    return round(east_m) * 1000, round(north_m) * 1000


def world_ground(scenario: Scenario, dem: Dem) -> Ground:
    """Return the ground that is really there: finer than the map, with what the map does not show."""
    boulders = np.array(
        [[b.east_m, b.north_m, b.diameter_m, b.height_m] for b in scenario.terrain.boulders]
    ).reshape(-1, 4)
    site = load_site(scenario.site.name)
    resolution_mm = round(scenario.terrain.world_resolution_m * 1000)
    if scenario.terrain.dem is not None:
        return Ground.measured(
            dem,
            detail=site if scenario.terrain.detail == "seeded" else None,
            seed=scenario.seed,
            resolution_mm=resolution_mm,
            boulders=boulders,
        )
    return Ground.synthetic(
        site,
        seed=scenario.seed,
        origin_mm=origin_mm_of(scenario, site),
        resolution_mm=resolution_mm,
        boulders=boulders,
        rocks=scenario.terrain.detail == "seeded",
    )


def world_soil(scenario: Scenario, dem: Dem) -> Soil:
    """Return how firm the soil of the world's ground is; of a measured DEM without detail nothing is known of it."""
    site = load_site(scenario.site.name)
    if scenario.terrain.dem is None:
        return Soil.synthetic(site, seed=scenario.seed, origin_mm=origin_mm_of(scenario, site))
    if scenario.terrain.detail == "seeded":
        west_m, south_m, _, _ = dem.geometry.bounds_m
        return Soil.detail(site, seed=scenario.seed, corner_m=(west_m, south_m))
    return Soil.uniform()


def load_soil() -> SoilParams:
    """Read what wheels and soil do to each other at every site."""
    path = maps_folder() / "soil.toml"
    return soil_from_table(read_toml(path), file=str(path))


def world_drivetrain(scenario: Scenario) -> Drivetrain:
    """Return the vehicle's suspension, wheels and motors on the soils of the scenario's site.

    Raises:
        VehicleError: Its file has no table `[chassis]`.
    """
    return drivetrain_on(scenario.site.name, scenario.read_vehicle())


def drivetrain_on(site: str, vehicle: Vehicle) -> Drivetrain:
    """Return the same of a vehicle on the soils of a site by name or path."""
    chassis = vehicle.part("chassis", ChassisParams)
    return drivetrain_of(vehicle.params, chassis, load_site(site).regolith, load_soil())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """A scenario made ready.

    Attributes:
        scenario: As resolved.
        vehicle: Its figures.
        eyes: Its senses; None where its file has none.
        optics: Of the ground, where the scenario's senses are real.
        zones: Polygons.
        zone_times: When each of them holds, seconds since the epoch.
        epoch: Time 0.
        truth: The map that the world is made of.
        dem: The orbital map that ground and rover know: with real senses as surveyed, else the truth itself.
        almanac: The Sun until a lunar day past the deadline, and the relay where driving needs it in view.
        control: The ground's side.
        deadline_s: Latest arrival.
    """

    scenario: Scenario
    vehicle: VehicleParams
    eyes: EyesParams | None
    optics: OpticsParams | None
    zones: list[Zone]
    zone_times: list[tuple[float, float]]
    epoch: Epoch
    truth: Dem
    dem: Dem
    almanac: Almanac
    control: MissionControl
    deadline_s: float


def prepare(
    scenario: Scenario, *, timed: bool = False, allow_body: bool = False, max_cells: int = DEFAULT_MAX_CELLS
) -> Setting:
    """Make a scenario ready to be planned and driven.

    Args:
        scenario: What to make ready.
        timed: Whether it will be planned in time: what takes too much memory is refused before the ground is made.
        allow_body: Whether a DEM of another body is taken.
        max_cells: Most cells of a DEM.

    Raises:
        FarsideError: Of the class that fits what is wrong.
    """
    whole = scenario.read_vehicle()
    vehicle = whole.params
    eyes, optics = _senses(scenario, whole)
    zones = scenario.zone_polygons()
    epoch = parse_utc(scenario.start_utc, field="start_utc")
    deadline_s = deadline_of(scenario, epoch)
    if scenario.terrain.dem is None:  # before the ground takes its time
        frame = frame_of(scenario, load_site(scenario.site.name))
        _check_geometry(scenario, geometry_of(*_seeded_view(scenario), frame), deadline_s if timed else 0.0)
    truth = orbital_dem(scenario, allow_body=allow_body, max_cells=max_cells)
    _check_geometry(scenario, truth.geometry, deadline_s if timed else 0.0)
    dem = truth if optics is None else survey(truth, seed=scenario.seed)
    almanac = _almanac(
        dem.geometry.site, epoch, duration_s=deadline_s + SYNODIC_MONTH_S, relay=scenario.limits.link
    )
    zone_times = [times_of(zone, epoch) for zone in scenario.zones]
    teleoperated = scenario.operations.mode == "teleoperated"
    control = mission_control(
        dem,
        almanac,
        vehicle,
        zones=zones,
        zone_times=zone_times,
        sun=_sun_window(scenario, vehicle),
        timed=timed_rules(scenario.limits),
        region=lambda: region_dem(scenario),
        stop_every_m=scenario.operations.stop_every_m,
        command_cycle_s=scenario.operations.cycle_s if teleoperated else 0.0,
        reserve_soc=scenario.power.reserve_soc,
        resume_soc=scenario.power.resume_soc,
        start_m=scenario.start_m,
        goal_m=scenario.goal_m,
        soc=scenario.power.initial_soc,
        deadline_s=deadline_s,
        driver=scenario.driver,
    )
    return Setting(
        scenario=scenario,
        vehicle=vehicle,
        eyes=eyes,
        optics=optics,
        zones=zones,
        zone_times=zone_times,
        epoch=epoch,
        truth=truth,
        dem=dem,
        almanac=almanac,
        control=control,
        deadline_s=deadline_s,
    )


def _check_geometry(scenario: Scenario, geometry: GridGeometry, span_s: float) -> None:
    """Refuse a map without start or goal, or with more light in so much time than there is memory for."""
    require_inside(geometry, {"start_m": scenario.start_m, "goal_m": scenario.goal_m})
    check_light(geometry, timed_rules(scenario.limits), span_s=span_s)


def _senses(scenario: Scenario, vehicle: Vehicle) -> tuple[EyesParams | None, OpticsParams | None]:
    """Return the vehicle's senses and, where they are real, the ground's optics.

    Raises:
        VehicleError, SiteError: Real senses of a vehicle without any, or on ground whose looks are not known.
    """
    if scenario.senses == "perfect":
        held = vehicle.parts.get("eyes")
        return (held if isinstance(held, EyesParams) else None), None
    site = load_site(scenario.site.name)
    if site.optics is None:
        raise SiteError(
            "missing",
            remedy='add this table, or say senses = "perfect"',
            file=scenario.site.name,
            field="optics",
        )
    return vehicle.part("eyes", EyesParams), site.optics


@lru_cache(maxsize=2)
def _almanac(site: Site, epoch: Epoch, *, duration_s: float, relay: bool) -> Almanac:
    """Return the almanac, made once for all seeds and vehicles under the same sky."""
    if not relay:
        return build_almanac(site, epoch, duration_s=duration_s)
    stations = tuple(read_stations().stations.values())
    return build_almanac(site, epoch, duration_s=duration_s, relay_phase=ASSUMED_PHASE, stations=stations)


def require_inside(geometry: GridGeometry, places: dict[str, tuple[float, float]]) -> None:
    """Refuse places off the map.

    Raises:
        PlaceError: Naming the map's bounds and the nearest place within.
    """
    west, south, east, north = geometry.bounds_m
    half_m, half_north_m = geometry.resolution_m / 2, geometry.resolution_north_m / 2
    for field, place in places.items():
        if geometry.cell_at(*place) is None:
            nearest = (
                min(max(place[0], west + half_m), east - half_m),
                min(max(place[1], south + half_north_m), north - half_north_m),
            )
            raise PlaceError(
                "outside the terrain",
                remedy=f"choose E in {west:.1f}..{east:.1f} and N in {south:.1f}..{north:.1f}; the nearest there is "
                f"{nearest[0]:.1f},{nearest[1]:.1f}",
                field=field,
                value=list(place),
            )


def _sun_window(scenario: Scenario, vehicle: VehicleParams) -> SunWindowParams:
    operations = scenario.operations
    return SunWindowParams(
        min_drive_rad=math.radians(operations.min_drive_sun_elevation_deg),
        nap_enter_rad=math.radians(operations.nap_enter_sun_elevation_deg),
        nap_exit_rad=math.radians(operations.nap_exit_sun_elevation_deg),
        dormant_rad=math.radians(operations.dormant_sun_elevation_deg),
        wake_rad=wake_elevation_rad(vehicle),
    )
