"""Arrays whose references are not counted, for kernels that call others a great many times.

numba counts a reference to each array that a kernel is handed, and uncounts it on return, by locked instructions,
unless it can see that this comes to nothing. Of a tuple of twenty arrays that is forty a call, and each takes far
longer where threads share the arrays, since the counts then travel between processors.
"""

from __future__ import annotations

from llvmlite import ir

from rover.core.jit import ArrayType, compiled, intrinsic

if compiled():

    @intrinsic
    def borrowed(typing, arrays):  # type: ignore[no-untyped-def]
        """Return a named tuple of the same arrays, uncounted, for as long as the caller's own are held."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            (given,) = arguments
            for place, member in enumerate(signature.args[0].types):
                if isinstance(member, ArrayType):
                    array = context.make_array(member)(context, builder, builder.extract_value(given, place))
                    array.meminfo = ir.Constant(array.meminfo.type, None)
                    array.parent = ir.Constant(array.parent.type, None)
                    given = builder.insert_value(given, array._getvalue(), place)
            return given

        return arrays(arrays), generate

else:

    def borrowed(arrays):  # type: ignore[no-untyped-def]
        """Return them as they are."""
        return arrays
