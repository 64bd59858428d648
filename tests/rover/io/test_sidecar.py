"""What an ASCII grid says of itself stands beside it, where GDAL reads it too."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio

from rover.core import atomic
from rover.core.errors import OutputError
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.crs import local_crs_wkt
from rover.io.raster import read_dem, tag_of, write_dem
from rover.io.sidecar import sidecar_bytes, sidecar_of, sidecar_tags

TAGS = {"SITE": "von-karman", "SEED": "-3", "GROUND_VERSION": "2", "NOTE": "a < b & \"c\" > 'd', é"}


def ground(wkt: str | None = None) -> Dem:
    site = Site(
        latitude_rad=-0.8,
        longitude_rad=3.1,
        body="moon",
        crs_wkt=local_crs_wkt(-0.8, 3.1) if wkt is None else wkt,
    )
    tenths = np.random.default_rng(5).integers(-3_000_000, 3_000_000, (6, 8))
    return Dem(
        geometry=GridGeometry(rows=6, cols=8, resolution_m=0.25, east_m=3.0, north_m=-7.0, site=site),
        elevation_m=(tenths / 1e4).astype(np.float32),
        datum_m=-5900.0,
        source="made for a test",
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_gdal_and_this_project_read_the_same_tags(tmp_path: Path) -> None:
    write_dem(ground(), tmp_path / "dem.asc", tags=TAGS)
    with rasterio.open(tmp_path / "dem.asc") as dataset:
        theirs = dataset.tags()
    assert theirs == {"SOURCE": "made for a test", "DATUM_M": "-5900.0", **TAGS}
    assert sidecar_tags(tmp_path / "dem.asc") == theirs
    assert tag_of(tmp_path / "dem.asc", "GROUND_VERSION") == "2"
    assert tag_of(tmp_path / "dem.asc", "NONE") is None
    assert names(tmp_path) == ["dem.asc", "dem.asc.aux.xml", "dem.prj"]


def test_what_gdal_writes_is_read(tmp_path: Path) -> None:
    write_dem(ground(), tmp_path / "dem.asc", tags=TAGS)
    sidecar_of(tmp_path / "dem.asc").unlink()
    with rasterio.open(tmp_path / "dem.asc", "r+") as dataset:
        dataset.update_tags(**TAGS)
    assert sidecar_tags(tmp_path / "dem.asc") == TAGS


def test_a_geotiff_keeps_the_same_tags_in_itself(tmp_path: Path) -> None:
    write_dem(ground(), tmp_path / "dem.tif", tags=TAGS)
    assert {name: tag_of(tmp_path / "dem.tif", name) for name in TAGS} == TAGS
    assert names(tmp_path) == ["dem.tif"]


@pytest.mark.parametrize("extension", [".asc", ".tif"])
def test_a_dem_in_tenths_of_a_millimetre_is_read_again_bit_for_bit(tmp_path: Path, extension: str) -> None:
    dem = ground()
    write_dem(dem, tmp_path / f"dem{extension}")
    again = read_dem(tmp_path / f"dem{extension}")
    assert again.datum_m == dem.datum_m
    np.testing.assert_array_equal(again.elevation_m, dem.elevation_m)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no xml",
        b"<PAMDataset><Metadata><MDI key='DATUM_M'>1</MDI>",
        b"\xff\xfe<",
        b"<?xml version='1.0' encoding='nonsense'?><PAMDataset/>",
        b"<!DOCTYPE a [<!ENTITY b '1'>]><PAMDataset><Metadata><MDI key='DATUM_M'>&b;</MDI></Metadata></PAMDataset>",
        b"<PAMDataset>" + b" " * (1 << 20) + b"</PAMDataset>",
        b"<PAMDataset><PAMRasterBand band='1'/></PAMDataset>",
    ],
    ids=["empty", "text", "cut", "binary", "encoding", "entities", "huge", "other"],
)
def test_a_sidecar_that_says_nothing_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    dem = ground()
    write_dem(dem, tmp_path / "dem.asc")
    sidecar_of(tmp_path / "dem.asc").write_bytes(content)
    assert sidecar_tags(tmp_path / "dem.asc") == {}
    again = read_dem(tmp_path / "dem.asc")
    np.testing.assert_allclose(again.elevation_m + again.datum_m, dem.elevation_m + dem.datum_m, atol=1e-3)


@pytest.mark.parametrize("datum", ["nan", "inf", "-1e300", "low", "", "35000"])
def test_a_datum_that_would_spoil_elevations_is_passed_over(tmp_path: Path, datum: str) -> None:
    dem = ground()
    write_dem(dem, tmp_path / "dem.asc")
    sidecar_of(tmp_path / "dem.asc").write_bytes(sidecar_bytes({"DATUM_M": datum}))
    again = read_dem(tmp_path / "dem.asc")
    assert abs(again.datum_m + 5900.0) < 300
    np.testing.assert_allclose(again.elevation_m + again.datum_m, dem.elevation_m + dem.datum_m, atol=1e-3)


@pytest.mark.parametrize("hindered", ["dem.asc", "dem.asc.aux.xml", "dem.prj"])
@pytest.mark.parametrize("how", ["a folder in the way", "no renaming"])
def test_grid_frame_and_tags_appear_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hindered: str, how: str
) -> None:
    kept = []
    if how == "a folder in the way":
        (tmp_path / hindered).mkdir()
        kept = [hindered]
    else:
        plain = os.replace

        def replace(source: Path, target: Path) -> None:
            if Path(target).name == hindered:
                raise PermissionError(13, "Permission denied", str(target))
            plain(source, target)

        monkeypatch.setattr(atomic.os, "replace", replace)
    with pytest.raises(OutputError, match=hindered):
        write_dem(ground(), tmp_path / "dem.asc")
    assert names(tmp_path) == kept


def test_a_grid_without_a_frame_has_tags_all_the_same(tmp_path: Path) -> None:
    write_dem(ground(wkt=""), tmp_path / "dem.asc", tags=TAGS)
    assert names(tmp_path) == ["dem.asc", "dem.asc.aux.xml"]
    assert sidecar_tags(tmp_path / "dem.asc")["SEED"] == "-3"
