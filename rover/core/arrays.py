"""Arrays held by records: right shape, right type and locked."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)


def locked(
    array: npt.ArrayLike, dtype: type[Scalar], shape: tuple[int | None, ...], name: str
) -> npt.NDArray[Scalar]:
    """Return `array` as a read-only, C-contiguous array of `dtype`, copied only where type or order ask it.

    The record holds a read-only view: whoever made the array hands it over and writes to it no more.

    Args:
        array: Anything numpy accepts.
        dtype: Wanted scalar type.
        shape: Wanted shape; None accepts any length along that axis.
        name: Name for the message.

    Raises:
        ValueError: The shape is another.
    """
    held = np.asarray(array, dtype=dtype, order="C").view()
    fits = held.ndim == len(shape) and all(
        want is None or want == got for want, got in zip(shape, held.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} has shape {held.shape}, expected {shape}")
    held.flags.writeable = False
    return held
