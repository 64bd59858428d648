"""What `farside terrain` writes of light: rasters, pictures, an animation, and figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem
from rover.io.raster import write_raster
from rover.terrain.light import HALF_THE_DISC
from sim.cli.terrain_light import LightMaps, LightRequest, Times, sun_at

_HOUR_S = 3600.0
_HOURS = {
    "first_light": "first light, hours since the first time",
    "last_light": "last light, hours since the first time",
    "longest_shadow": "longest time without light, hours",
    "lit": "time with light in all, hours",
}


def write_light(made: LightMaps, asked: LightRequest, times: Times, dem: Dem, folder: Path) -> None:
    """Write the lit fraction at each instant, and the layers of the calendar, as GeoTIFFs."""
    tags = {"SOURCE": dem.source, "OBSERVER_HEIGHT_M": f"{asked.observer_height_m:g}"}
    if made.lit:
        bands = {
            f"share of the solar disc in view at {times.epoch.utc_at(at_s)}": lit
            for at_s, lit in zip(times.at_s.tolist(), made.lit, strict=True)
        }
        write_raster(folder / "lit.tif", bands, dem.geometry, nodata=math.nan, tags=tags, unit="1")
    if made.calendar is not None:
        hours = {what: _hours(made.calendar[f"{name}_s"]) for name, what in _HOURS.items()}
        tags |= {"FIRST_TIME": times.epoch.utc_at(0.0)}
        write_raster(folder / "calendar.tif", hours, dem.geometry, nodata=math.nan, tags=tags, unit="h")


def _hours(seconds: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return seconds / np.float32(_HOUR_S)


def draw_light(
    made: LightMaps, asked: LightRequest, times: Times, dem: Dem, title: str, folder: Path
) -> None:
    """Draw a map of each instant, the calendar, and the animation."""
    from sim.view.light import draw_lit_map
    from sim.view.save import save_figure

    for k, (at_s, lit) in enumerate(zip(times.at_s.tolist(), made.lit, strict=True), start=1):
        azimuth, elevation = _sun_deg(dem, times, at_s)
        where = f"Sun {elevation:.1f} deg high at azimuth {azimuth:.0f} deg"
        words = f"{times.epoch.utc_at(at_s)}; {where}; {_height(asked)}"
        figure = draw_lit_map(dem, lit, title=f"{title}: light", lines=[words], sun_deg=(azimuth, elevation))
        save_figure(figure, folder / ("lit.png" if len(made.lit) == 1 else f"lit-{k}.png"))
    if made.calendar is not None:
        _draw_calendar(made, asked, times, dem, title, folder)
        _animate(made, times, dem, title, folder)


def _sun_deg(dem: Dem, times: Times, at_s: float) -> tuple[float, float]:
    """Return azimuth, from the raster's north, and elevation of the Sun in degrees."""
    sun = sun_at(dem.geometry.site, times, np.array([at_s]))
    azimuth = float(sun.azimuth_rad[0]) - dem.geometry.site.grid_north_rad
    return math.degrees(azimuth) % 360, math.degrees(float(sun.elevation_rad[0]))


def _height(asked: LightRequest) -> str:
    return f"seen from {asked.observer_height_m:g} m above the ground"


def _draw_calendar(
    made: LightMaps, asked: LightRequest, times: Times, dem: Dem, title: str, folder: Path
) -> None:
    from sim.view.light_calendar import LightSheet, draw_light_calendar
    from sim.view.save import save_figure

    calendar = made.calendar
    assert calendar is not None
    words = f"Every {asked.step_h:g} h; lit is at least half of the disc; {_height(asked)}"
    sheet = LightSheet(
        title=f"{title}: calendar of light",
        lines=[words],
        dem=dem,
        start_utc=times.epoch.utc_at(0.0),
        time_s=calendar["time_s"],
        lit_share=calendar["lit_share"],
        sun_elevation_deg=np.degrees(calendar["sun_elevation_rad"]),
        first_light_s=calendar["first_light_s"],
        last_light_s=calendar["last_light_s"],
        longest_shadow_s=calendar["longest_shadow_s"],
    )
    save_figure(draw_light_calendar(sheet), folder / "calendar.png")


def _animate(made: LightMaps, times: Times, dem: Dem, title: str, folder: Path) -> None:
    from sim.view.animation import LightFrame, save_shadows

    def frames() -> Iterator[LightFrame]:
        for k, t in enumerate(made.shown.tolist()):
            at_s = float(times.span_s[t])
            azimuth, elevation = _sun_deg(dem, times, at_s)
            words = (
                f"{times.epoch.utc_at(at_s)[:16]}Z  Sun {elevation:.1f} deg high, azimuth {azimuth:.0f} deg"
            )
            yield LightFrame(words=words, lit=made.lit_at(k))

    save_shadows(_thinned(dem, made.stride), frames(), folder / "shadows.gif", title=title)


def _thinned(dem: Dem, stride: int) -> Dem:
    """Return every so-manieth cell of a DEM, as the frames have them."""
    elevation_m = np.ascontiguousarray(dem.elevation_m[::stride, ::stride])
    rows, cols = elevation_m.shape
    geometry = replace(
        dem.geometry,
        rows=rows,
        cols=cols,
        resolution_m=dem.geometry.resolution_m * stride,
        resolution_north_m=dem.geometry.resolution_north_m * stride,
    )
    return Dem(geometry=geometry, elevation_m=elevation_m, datum_m=dem.datum_m, source=dem.source)


def light_figures(
    made: LightMaps, asked: LightRequest, times: Times | None, far_dem: Dem | None
) -> dict[str, Any]:
    """Return what there is to say of light, for people and for JSON."""
    figures: dict[str, Any] = {
        "horizon": {
            "azimuths": asked.azimuths,
            "observer_height_m": asked.observer_height_m,
            "exact": asked.exact,
            "far_dem": None if far_dem is None else str(asked.far_dem),
        }
    }
    if times is None:
        return figures
    figures["lit"] = [
        {"utc": times.epoch.utc_at(at_s), **_lit_figures(lit)}
        for at_s, lit in zip(times.at_s.tolist(), made.lit, strict=True)
    ]
    if made.calendar is not None:
        calendar = made.calendar
        figures["calendar"] = {
            "from": times.epoch.utc_at(0.0),
            "to": times.epoch.utc_at(float(times.span_s[-1])),
            "step_h": asked.step_h,
            "never_lit_share": _share((calendar["lit_s"] == 0).astype(np.float32), calendar["lit_s"]),
            "median_lit_h": _median_h(calendar["lit_s"]),
            "median_longest_shadow_h": _median_h(calendar["longest_shadow_s"]),
        }
    return figures


def _lit_figures(lit: npt.NDArray[np.float32]) -> dict[str, float | None]:
    """Shares of the ground whose light is known; lit is at least half of the disc, as in pictures and calendar."""
    layers = {
        "lit_share": lit >= HALF_THE_DISC,
        "penumbra_share": (lit > 0) & (lit < 1),
        "mean_lit_fraction": lit,
    }
    return {name: _share(layer.astype(np.float32), lit) for name, layer in layers.items()}


def _share(layer: npt.NDArray[np.float32], known: npt.NDArray[np.float32] | None = None) -> float | None:
    """Return the mean of a layer over its known cells."""
    values = layer[np.isfinite(layer if known is None else known)]
    return float(values.mean(dtype=np.float64)) if values.size else None


def _median_h(seconds: npt.NDArray[np.float32]) -> float | None:
    known = seconds[np.isfinite(seconds)]
    return float(np.median(known)) / _HOUR_S if known.size else None


def light_lines(figures: Mapping[str, Any]) -> list[str]:
    """Return the figures of light as lines."""
    lines = [
        f"lit at {lit['utc']}: {_percent(lit['lit_share'])} sees at least half of the disc, "
        f"{_percent(lit['penumbra_share'])} is in penumbra"
        for lit in figures.get("lit", ())
    ]
    calendar = figures.get("calendar")
    if calendar is not None:
        lines.append(f"from {calendar['from']} to {calendar['to']}, every {calendar['step_h']:g} h:")
        lines.append(
            f"  lit {_told(calendar['median_lit_h'])} h in the median, longest shadow"
            f" {_told(calendar['median_longest_shadow_h'])} h; never lit {_percent(calendar['never_lit_share'])}"
        )
    return lines


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _told(hours: float | None) -> str:
    return "-" if hours is None else f"{hours:.1f}"
