"""From a scenario to everything a run needs: map, Sun, rover and rules."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from rover.core.chassis import ChassisParams
from rover.core.errors import PlaceError, SiteError
from rover.core.eyes import EyesParams
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.heat import HeatParams, PowerParams
from rover.core.time import SYNODIC_MONTH_S, Epoch, parse_utc
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone
from rover.io.bundle import maps_folder
from rover.io.elevation import DEFAULT_MAX_CELLS
from rover.io.stations import read_stations
from rover.io.toml import read_toml
from rover.io.vehicle import Vehicle
from rover.limits.power import wake_elevation_rad
from rover.limits.thermal import SunWindowParams
from rover.sky.almanac import Almanac, build_almanac
from rover.sky.relay import ASSUMED_PHASE
from sim.mission.operations import MissionControl, check_light, mission_control, survey
from sim.moon.dem import geometry_of
from sim.moon.optics import OpticsParams
from sim.moon.soil import SoilParams, soil_from_table
from sim.physics.drivetrain import Drivetrain, drivetrain_of
from sim.physics.energy import EnergyParams
from sim.run.regolith_heat import read_regolith_heat
from sim.run.scenario import Scenario
from sim.run.scenario_ground import frame_of, load_site, orbital_dem, region_dem, seeded_view
from sim.run.scenario_ground import seeded_dem as seeded_dem  # it was published as of this module
from sim.run.scenario_times import deadline_of, timed_rules, times_of


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
        _check_geometry(scenario, geometry_of(*seeded_view(scenario), frame), deadline_s if timed else 0.0)
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
