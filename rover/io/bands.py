"""A DEM read a band of rows at a time, each as the whole file would be read."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rover.core.errors import DemFileError, DemValueError
from rover.core.grid import Dem, GridGeometry
from rover.io.elevation import check_elevations, split_datum
from rover.io.geotiff import check_band, how_to_declare, load_band, metric_geometry, open_geotiff
from rover.io.raster import DATUM_TAG
from rover.io.source import Format, format_of_source

_ROWS = 256


class DemBands:
    """A GeoTIFF in metres, north up, of any size.

    Attributes:
        path: The file.
        geometry: Where its cells are.
        datum_m: That of `read_dem`.

    Raises:
        DemFileError: Not a GeoTIFF, damaged, or without that band.
        DemFrameError: Not in metres on a body, rotated, without a frame.
        DemValueError: Elevations that cannot be meant.
    """

    def __init__(self, path: Path | str, *, band: int = 1) -> None:
        if format_of_source(path) is not Format.GEOTIFF:
            raise DemFileError(
                "only a GeoTIFF is read in bands", file=path, remedy="write the DEM as .tif, or read it whole"
            )
        self.path, self._band = Path(path), band
        with open_geotiff(path) as dataset:
            check_band(dataset, band, path)
            self.geometry: GridGeometry = metric_geometry(dataset, path, band)
            low, high = self._range(dataset)
            told = dataset.tags().get(DATUM_TAG)
        self.datum_m = split_datum(np.array([low, high]), told=told)[1]

    def dem(self, first: int, last: int) -> Dem:
        """Return rows `first` up to but not `last`, the southernmost being row 0, bit for bit those of `read_dem`."""
        with open_geotiff(self.path) as dataset:
            elevation_m = self._load(dataset, first, last)
        geometry = replace(
            self.geometry,
            rows=last - first,
            north_m=self.geometry.north_m + first * self.geometry.resolution_north_m,
        )
        return Dem(
            geometry=geometry,
            elevation_m=(elevation_m - self.datum_m).astype(np.float32),
            datum_m=self.datum_m,
            source=str(self.path),
        )

    def _load(self, dataset: Any, first: int, last: int) -> Any:
        """Rows in metres, the southern one first."""
        from rasterio.windows import Window

        rows, cols = self.geometry.shape
        window = Window(0, rows - last, cols, last - first)
        return load_band(dataset, self.path, self._band, window)[::-1]

    def _range(self, dataset: Any) -> tuple[float, float]:
        """Judge every band's elevations; return the least and the greatest that is known."""
        declare = how_to_declare(dataset, self.path)
        low, high = math.inf, -math.inf
        for first in range(0, self.geometry.rows, _ROWS):
            elevation_m = self._load(dataset, first, min(self.geometry.rows, first + _ROWS))
            if np.isnan(elevation_m).all():
                continue
            check_elevations(elevation_m, file=self.path, declare=declare)
            low = min(low, float(np.nanmin(elevation_m)))
            high = max(high, float(np.nanmax(elevation_m)))
        if low > high:
            raise DemValueError(
                "every cell is no-data",
                file=self.path,
                field="elevation",
                remedy="check the band and the no-data value that is declared",
            )
        return low, high
