"""The first and the last bit that is set in a word of 64, for kernels that go through rows by their bits."""

from __future__ import annotations

import numpy as np
from llvmlite import ir

from rover.core.jit import compiled, intrinsic

if compiled():

    @intrinsic
    def lowest_bit(typing, word):  # type: ignore[no-untyped-def]
        """Return the place of the lowest bit of a uint64 that is not 0."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

        return word(word), generate

    @intrinsic
    def highest_bit(typing, word):  # type: ignore[no-untyped-def]
        """Return the place of the highest bit of a uint64 that is not 0."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            above = builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))
            return builder.sub(ir.Constant(arguments[0].type, 63), above)

        return word(word), generate

else:

    def lowest_bit(word):  # type: ignore[no-untyped-def]
        return np.uint64((int(word) & -int(word)).bit_length() - 1)

    def highest_bit(word):  # type: ignore[no-untyped-def]
        return np.uint64(int(word).bit_length() - 1)
