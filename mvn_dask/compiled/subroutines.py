"""Functions that numba compiles into the library of their caller.

Input: a Python function and the type of its result. Output: something that compiled code can call. Cost: half of the
time that ``njit`` takes to compile and link a function of its own.
"""

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any

from llvmlite import ir
from numba.core import compiler
from numba.extending import intrinsic


def subroutine(result_type: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Decorator of a function that compiled code calls.

    Parameters
    ----------
    result_type : callable
        Gives numba's type of the result from those of the arguments: numba types a call before it compiles the
        function.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        def call(_: Any, *kinds: Any) -> Any:
            def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
                return context.call_internal(builder, _compiled_once(context, function, sig), sig, args)

            return result_type(*kinds)(*kinds), generate

        # numba matches arguments with parameters, by name.
        context = Parameter("_", Parameter.POSITIONAL_OR_KEYWORD)
        call.__signature__ = Signature([context, *signature(function).parameters.values()])  # type: ignore[attr-defined]
        return intrinsic(call)

    return decorate


def _compiled_once(context: Any, function: Callable[..., Any], sig: Any) -> Any:
    """The descriptor of a function in the library that is being compiled."""
    library = context.active_code_library
    # On the library itself, since it lives as long as the descriptors are valid.
    descriptors = library.__dict__.setdefault("mvn_dask_subroutines", {})
    if (function, sig) not in descriptors:
        # What numba's own `compile_subroutine` does, but into this library instead of a new one.
        flags = compiler.Flags()
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        typing = context.typing_context
        result = compiler.compile_internal(typing, context, library, function, sig.args, sig.return_type, flags, {})
        descriptors[function, sig] = result.fndesc
    return descriptors[function, sig]
