"""Frames of reference: which body, where on it, and which way is north.

Everything geodetic goes through PROJ (`rasterio.warp.transform`). A frame is held as WKT text, as in
`Site.crs_wkt`. Angles are radians here and degrees only in what PROJ is given. Each step stays within one
frame's own datum, so that no datum shift is ever asked for.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.bodies import BODIES, body_of_radius
from rover.core.errors import DemFrameError
from rover.core.grid import Site

UNKNOWN_BODY = "unknown"

_NUMBER = r"\s*([-+.\deE]+)"
_ELLIPSOID = re.compile(
    rf'ELLIPSOID\["(?:[^"]|"")*",{_NUMBER},{_NUMBER}(?:,\s*LENGTHUNIT\["(?:[^"]|"")*",{_NUMBER})?'
)
_DEGREE = 'ANGLEUNIT["degree",0.0174532925199433]'
_METRE = 'LENGTHUNIT["metre",1]'
_SPHERES = {"moon": (30100, "Moon (2015) - Sphere"), "mars": (49900, "Mars (2015) - Sphere")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipsoid:
    """A body's figure as a frame states it; `inverse_flattening` is 0 for a sphere."""

    radius_m: float
    inverse_flattening: float

    @property
    def body(self) -> str:
        """Name of the body with this equatorial radius, or 'unknown'."""
        found = body_of_radius(self.radius_m)
        return found.name if found else UNKNOWN_BODY


def parse_crs(wkt: str) -> Any:
    """Return the rasterio CRS of a WKT text.

    Raises:
        DemFrameError: The text is no frame that PROJ knows.
    """
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        return CRS.from_wkt(wkt)
    except CRSError as error:
        raise DemFrameError(
            "not a coordinate reference system that PROJ understands",
            field="crs",
            value=wkt,
            remedy="give it as WKT",
        ) from error


def is_same_frame(one_wkt: str, other_wkt: str) -> bool:
    """Tell whether two frames are the same, however they are written; one that is not known is like none but itself."""
    if one_wkt == other_wkt:
        return True
    if not (one_wkt and other_wkt):
        return False
    return bool(parse_crs(one_wkt) == parse_crs(other_wkt))


def ellipsoid_of(wkt: str) -> Ellipsoid:
    """Return the ellipsoid of a frame, in metres.

    Raises:
        DemFrameError: The frame has none (an engineering grid, say).
    """
    found = _ELLIPSOID.search(_wkt2(parse_crs(wkt)))
    if found is None:
        raise DemFrameError(
            "a frame without an ellipsoid, so not on any body",
            field="crs",
            value=wkt,
            remedy="use a projected frame of the body, such as IAU_2015:30135",
        )
    radius, inverse, unit = found.groups()
    return Ellipsoid(radius_m=float(radius) * float(unit or 1), inverse_flattening=float(inverse))


def _wkt2(crs: Any) -> str:
    return str(crs.to_wkt(version="WKT2_2019"))


def _geographic(wkt: str) -> Any:
    """Longitude and latitude on a frame's own ellipsoid and reference meridian."""
    from rasterio.crs import CRS

    figure = ellipsoid_of(wkt)
    shape = f"+rf={figure.inverse_flattening!r}" if figure.inverse_flattening else f"+b={figure.radius_m!r}"
    return CRS.from_string(f"+proj=longlat +a={figure.radius_m!r} {shape} +no_defs")


def _wkt_of(frame: Site | str) -> str:
    return frame.crs_wkt if isinstance(frame, Site) else frame


def _transform(source: Any, target: Any, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Any, Any]:
    from rasterio.warp import transform

    east, north = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    moved = transform(source, target, east.ravel(), north.ravel())
    return np.reshape(moved[0], east.shape), np.reshape(moved[1], east.shape)


def project(
    frame: Site | str, latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return (east_m, north_m) in a frame of places given by latitude and longitude.

    Args:
        frame: A site or its WKT.
        latitude_rad, longitude_rad: Of any one shape, on the frame's own ellipsoid.

    Returns:
        Two arrays of that shape; infinite where the projection has no such place.
    """
    wkt = _wkt_of(frame)
    return _transform(_geographic(wkt), parse_crs(wkt), np.degrees(longitude_rad), np.degrees(latitude_rad))


def unproject(
    frame: Site | str, east_m: npt.ArrayLike, north_m: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return (latitude_rad, longitude_rad) of places in a frame; the inverse of `project`."""
    wkt = _wkt_of(frame)
    longitude, latitude = _transform(parse_crs(wkt), _geographic(wkt), east_m, north_m)
    return np.radians(latitude), np.radians(longitude)


def site_at(wkt: str, east_m: float, north_m: float, step_m: float) -> Site:
    """Return the site at a point of a projected frame.

    Latitude is the frame's own: planetocentric on a sphere, geodetic on a flattened ellipsoid (Earth).

    Args:
        wkt: The frame.
        east_m, north_m: The point, usually the middle of a raster.
        step_m: How far north of it, on the map, to look for the direction of grid north.

    Raises:
        DemFrameError: The frame has no ellipsoid or does not reach the point.
    """
    north = [north_m, north_m - step_m, north_m + step_m]
    latitude, longitude = unproject(wkt, np.full(3, east_m), north)
    if not (np.isfinite(latitude).all() and np.isfinite(longitude).all()):
        raise DemFrameError(
            "the middle of the raster is not on the body",
            field="crs",
            value=f"{east_m:g}, {north_m:g}",
            remedy="correct the raster's frame or its corner",
        )
    return Site(
        latitude_rad=float(latitude[0]),
        longitude_rad=float(longitude[0]),
        body=ellipsoid_of(wkt).body,
        crs_wkt=wkt,
        grid_north_rad=_bearing(latitude, longitude),
    )


def _bearing(latitude: npt.NDArray[np.float64], longitude: npt.NDArray[np.float64]) -> float:
    """Azimuth, seen from point 0, of the way from point 1 to 2; by vectors, for the poles' sake."""
    points = _unit_vectors(latitude, longitude)
    lat, lon = latitude[0], longitude[0]
    north = np.array([-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)])
    east = np.array([-math.sin(lon), math.cos(lon), 0.0])
    way = points[2] - points[1]
    return math.atan2(way @ east, way @ north)


def _unit_vectors(
    latitude: npt.NDArray[np.float64], longitude: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    level = np.cos(latitude)
    return np.stack([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)], axis=-1)


def local_crs_wkt(latitude_rad: float, longitude_rad: float, body: str = "moon") -> str:
    """Return the WKT of a transverse Mercator frame centred on a place, on a body's reference sphere.

    Origin 0, 0 and scale 1 at the centre: lengths are true to 1e-6 within 2 km and 1e-4 within 20 km on the
    Moon (k = 1 + x2 / 2 R2). PROJ's northing is good to 26 mm on the equator itself, and to a micrometre from
    a few hundred metres off it. The Moon's and Mars's spheres are IAU_2015:30100 and :49900.

    Raises:
        ValueError: No such body.
    """
    for known in BODIES:
        if known.name == body:
            return sphere_crs_wkt(latitude_rad, longitude_rad, body=body, radius_m=known.radius_m)
    raise ValueError(f"no body is called {body!r}")


def sphere_crs_wkt(latitude_rad: float, longitude_rad: float, *, body: str, radius_m: float) -> str:
    """Return `local_crs_wkt` on a sphere of any radius, for a body that need not be a known one."""
    lat, lon = math.degrees(latitude_rad), math.degrees(longitude_rad)
    code, sphere = _SPHERES.get(body, (None, f"{body} sphere"))
    identified = f',ID["IAU",{code},2015]' if code and _is_reference(body, radius_m) else ""
    return (
        f'PROJCRS["{body.capitalize()} local transverse Mercator {lat:.5f} {lon:.5f}",'
        f'BASEGEOGCRS["{sphere} / Ocentric",DATUM["{sphere}",ELLIPSOID["{sphere}",{radius_m!r},0,{_METRE}]],'
        f'PRIMEM["Reference Meridian",0,{_DEGREE}]{identified}],'
        f'CONVERSION["centred on the site",METHOD["Transverse Mercator",ID["EPSG",9807]],'
        f'PARAMETER["Latitude of natural origin",{lat!r},{_DEGREE}],'
        f'PARAMETER["Longitude of natural origin",{lon!r},{_DEGREE}],'
        'PARAMETER["Scale factor at natural origin",1,SCALEUNIT["unity",1]],'
        f'PARAMETER["False easting",0,{_METRE}],PARAMETER["False northing",0,{_METRE}]],'
        f'CS[Cartesian,2],AXIS["easting (E)",east,ORDER[1]],AXIS["northing (N)",north,ORDER[2]],{_METRE}]'
    )


def _is_reference(body: str, radius_m: float) -> bool:
    return any(known.name == body and known.radius_m == radius_m for known in BODIES)
