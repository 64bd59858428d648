"""The page of a map: the ground and what lies over it, a column at its right, and room for a profile under it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from rover.core.grid import Dem
from sim.view import frame, ground, style
from sim.view.heading import HEIGHT_IN
from sim.view.layer import Layer, draw_layer
from sim.view.window import Window

_MAP_WIDTH_IN, _MAP_HEIGHT_IN = 7.9, 6.7
_LEFT_IN, _COLUMN_IN, _RIGHT_IN = 0.85, 2.6, 0.35
ASPECT = _MAP_WIDTH_IN / _MAP_HEIGHT_IN
"""Width over height of the room for a map."""
ELEVATION_LABEL = "elevation above the reference sphere (m)"


class Sheet:
    """A page with its ground drawn.

    Args:
        dem: The ground.
        window: The part of it to show.
        profile: Leave room under the map.
        layer: Drawn instead of the tint by elevation.
    """

    def __init__(
        self, dem: Dem, window: Window, *, profile: bool = False, layer: Layer | None = None
    ) -> None:
        self._dem, self._window = dem, window
        self._map_in = _fitted(window)
        self._map_bottom_in = 3.25 if profile else 0.7
        self._page_in = (
            _LEFT_IN + self._map_in[0] + 0.3 + _COLUMN_IN + _RIGHT_IN,
            self._map_bottom_in + self._map_in[1] + HEIGHT_IN,
        )
        self.figure = style.blank_figure(*self._page_in)
        self.map = self._axes(_LEFT_IN, self._map_bottom_in, *self._map_in)
        self.profile = self._profile_axes() if profile else None
        self._label = ELEVATION_LABEL if layer is None else layer.label
        if layer is None:
            self._scale = ground.draw_relief(self.map, dem, window)
        else:
            self._scale = draw_layer(self.map, dem, layer, window)
        self._interval_m = ground.draw_contours(self.map, dem, window)
        frame.draw_coordinates(self.map, window)

    def _axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        page_w, page_h = self._page_in
        return self.figure.add_axes((left / page_w, bottom / page_h, width / page_w, height / page_h))

    def _profile_axes(self) -> tuple[Axes, Axes]:
        width = self._page_in[0] - _LEFT_IN - _RIGHT_IN
        elevation, slope = self._axes(_LEFT_IN, 1.5, width, 0.95), self._axes(_LEFT_IN, 0.55, width, 0.8)
        elevation.sharex(slope)
        elevation.tick_params(labelbottom=False)
        return elevation, slope

    def explain(self, groups: Sequence[tuple[str, Sequence[Artist]]]) -> None:
        """Draw scale, north, and the column: inset, legends, colour bar."""
        frame.draw_scale_bar(self.map, self._window)
        frame.draw_north(self.map, self._window, self._dem.geometry.site.grid_north_rad)
        frame.draw_note(self.map, self._interval_m)
        left, bottom = _LEFT_IN + self._map_in[0] + 0.3, self._map_bottom_in
        top = bottom + self._map_in[1]
        if frame.wants_inset(self._window, self._dem):
            frame.draw_inset(self._axes(left, top - 1.75, _COLUMN_IN, 1.55), self._dem, self._window)
            top -= 1.95
        column = self._axes(left, bottom + 0.65, _COLUMN_IN, top - bottom - 0.65)
        column.set_axis_off()
        frame.draw_legends(column, groups)
        bar = self._axes(left, bottom + 0.35, _COLUMN_IN, 0.14)
        frame.draw_colour_bar(self.figure, bar, self._scale, self._label)


def _fitted(window: Window) -> tuple[float, float]:
    """Return the width and height in inches of a map of a window, enough for the column beside it."""
    scale = min(_MAP_WIDTH_IN / window.width, _MAP_HEIGHT_IN / window.height)
    return max(4.5, window.width * scale), max(4.5, window.height * scale)
