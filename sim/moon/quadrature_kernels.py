"""Points and weights by which means over cells are taken."""

from __future__ import annotations

import numpy as np

# Gauss and Legendre's points and weights on a cell of side one, for 1 to 4 points an axis.
POINTS = np.array(
    [
        [0.0, 0.0, 0.0, 0.0],
        [-0.28867513459481287, 0.28867513459481287, 0.0, 0.0],
        [-0.3872983346207417, 0.0, 0.3872983346207417, 0.0],
        [-0.43056815579702629, -0.16999052179242813, 0.16999052179242813, 0.43056815579702629],
    ]
)
WEIGHTS = np.array(
    [
        [1.0, 0.0, 0.0, 0.0],
        [0.5, 0.5, 0.0, 0.0],
        [0.2777777777777778, 0.4444444444444444, 0.2777777777777778, 0.0],
        [0.17392742256872692, 0.32607257743127308, 0.32607257743127308, 0.17392742256872692],
    ]
)
