"""What a grid says of itself, in a file beside it: GDAL's PAM, `X.asc.aux.xml`, which GDAL and QGIS read too.

Form: GDAL's PAM data model, https://gdal.org/en/stable/user/raster_data_model.html#metadata. Nothing in it bears on
elevations, and other programs write into the same file, so that what cannot be read is as good as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

_MOST_BYTES = 1 << 20


def sidecar_of(path: Path | str) -> Path:
    """Return the name of the file that holds a grid's tags."""
    path = Path(path)
    return path.with_name(f"{path.name}.aux.xml")


def sidecar_bytes(tags: Mapping[str, str]) -> bytes:
    """Return the content of a sidecar with these tags."""
    root = ElementTree.Element("PAMDataset")
    metadata = ElementTree.SubElement(root, "Metadata")
    for name, value in tags.items():
        ElementTree.SubElement(metadata, "MDI", key=name).text = value
    ElementTree.indent(root)
    return ElementTree.tostring(root) + b"\n"


def sidecar_tags(path: Path | str) -> dict[str, str]:
    """Return the tags in the sidecar of a grid; none where there is no sidecar that can be read."""
    try:
        with sidecar_of(path).open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        # A declared document type could name other files, or grow without end.
        if len(content) > _MOST_BYTES or b"<!DOCTYPE" in content:
            return {}
        items = ElementTree.fromstring(content).iterfind("./Metadata/MDI")
    except (OSError, ElementTree.ParseError, LookupError, ValueError):
        return {}
    return {item.get("key", ""): item.text or "" for item in items}
