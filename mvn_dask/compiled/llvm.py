"""LLVM's vectors, and the two kinds of functions that compiled code calls: instructions and subroutines.

Input: Python functions, and values of an llvmlite IR builder. Output: functions for compiled code, and such values.
Cost: the instructions that they stand for; a subroutine takes half of the time that ``njit`` takes to compile and link
a function of its own. An *instruction* is generated in LLVM's own terms, since numba cannot be made to use vectors.
"""

from collections.abc import Callable, Iterable
from inspect import Parameter, Signature, signature
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import compiler, typed_passes, untyped_passes
from numba.core.registry import cpu_target
from numba.extending import intrinsic

# LLVM splits a vector over the registers that a processor has: one of AVX-512, two of AVX2, four of NEON.
VECTOR_BYTES = 64
"""Size of every vector: 8 numbers of float64, 16 of float32."""
MAX_VECTOR_LENGTH = VECTOR_BYTES // 4
"""Numbers in a vector of the smaller precision."""
LANES = VECTOR_BYTES // 8
"""Streams that are stepped at once: one in each lane of a vector of 64-bit words."""


def _registers() -> tuple[int, int]:
    """Bytes of a vector register of the processor that is compiled for, and how many there are."""
    # What numba compiles for, ``NUMBA_CPU_NAME`` included; its cache is divided by the same.
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    has = {*features.split(",")}
    if "+avx512f" in has:
        return 64, 32
    if triple.startswith(("aarch64", "arm64")):
        return 16, 32
    return (32, 16) if "+avx" in has else (16, 16)


REGISTER_BYTES, REGISTERS = _registers()

I8, I32, I64 = (ir.IntType(bits) for bits in (8, 32, 64))
_ELEMENTS = {
    types.float32: (ir.FloatType(), 4),
    types.uint32: (I32, 4),
    types.float64: (ir.DoubleType(), 8),
    types.uint64: (I64, 8),
}


def instruction(result_type: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorator of a function that generates code from numba's context, LLVM's builder, the signature and arguments.

    `result_type` is numba's type of the result, or gives it from those of the arguments. Integers arrive as int64.
    """

    def decorate(generate: Callable[..., Any]) -> Any:
        def emit(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
            value = generate(context, builder, sig, *args)
            return context.get_dummy_value() if value is None else value

        return _callable(list(signature(generate).parameters.values())[3:], result_type, emit)

    return decorate


def subroutine(result_type: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorator of a Python function that is compiled into the library of its caller.

    `result_type` and integers are as for `instruction`: numba types a call before it compiles the function. Branches on
    ``argument is None`` are decided before.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        def emit(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
            return context.call_internal(builder, _compiled_once(context, function, sig), sig, args)

        return _callable(signature(function).parameters.values(), result_type, emit)

    return decorate


def _callable(parameters: Iterable[Parameter], result_type: Any, emit: Callable[..., ir.Value]) -> Any:
    def call(_: Any, *kinds: Any) -> Any:
        kinds = tuple(types.int64 if isinstance(kind, types.Integer) else kind for kind in kinds)
        result = result_type if isinstance(result_type, types.Type) else result_type(*kinds)
        return result(*kinds), emit

    # numba matches arguments with parameters, by name.
    context = Parameter("_", Parameter.POSITIONAL_OR_KEYWORD)
    call.__signature__ = Signature([context, *parameters])  # type: ignore[attr-defined]
    return intrinsic(call)


class _Passes(compiler.CompilerBase):  # type: ignore[misc]
    """Those of numba's passes that subroutines need, in numba's order."""

    def define_pipelines(self) -> list[Any]:
        """The one pipeline."""
        passes = compiler.PassManager("subroutine")
        for each in (
            untyped_passes.TranslateByteCode, untyped_passes.FixupArgs, untyped_passes.IRProcessing,
            untyped_passes.DeadBranchPrune, untyped_passes.GenericRewrites, untyped_passes.ReconstructSSA,
            typed_passes.NopythonTypeInference, typed_passes.PreLowerStripPhis, typed_passes.IRLegalization,
            typed_passes.AnnotateTypes, typed_passes.NativeLowering, typed_passes.NoPythonBackend,
        ):  # fmt: skip
            passes.add_pass(each, each.__name__)
        passes.finalize()
        return [passes]


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
        result = _Passes(typing, context, library, sig.args, sig.return_type, flags, {}).compile_extra(function)
        descriptors[function, sig] = result.fndesc
    return descriptors[function, sig]


def vector_type(pointer: Any, nbytes: int = VECTOR_BYTES) -> ir.VectorType:
    """The type of a vector of the numbers at a numba pointer."""
    element, size = _ELEMENTS[pointer.dtype]
    return ir.VectorType(element, nbytes // size)


def splat(kind: ir.VectorType, value: float) -> ir.Constant:
    """A constant vector of equal elements."""
    return kind([value] * kind.count)


def typed_address(builder: Any, pointer: ir.Value, index: Any, kind: ir.Type) -> ir.Value:
    """Address of ``pointer[index]``, as a pointer to another type."""
    index = I64(index) if isinstance(index, int) else index
    return builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())


# numpy aligns memory to its elements only, so every vector is loaded and stored as unaligned.
def load_vector(builder: Any, pointer: ir.Value, index: Any, kind: ir.VectorType) -> ir.Value:
    """The vector at ``pointer[index]`` and on."""
    return builder.load(typed_address(builder, pointer, index, kind), align=4)


def store_vector(builder: Any, vector: ir.Value, pointer: ir.Value, index: Any) -> None:
    """Write a vector to ``pointer[index]`` and on."""
    builder.store(vector, typed_address(builder, pointer, index, vector.type), align=4)


def shuffle(builder: Any, one: ir.Value, other: ir.Value, lanes: Iterable[int]) -> ir.Value:
    """Lanes of two vectors, counted through both."""
    lanes = list(lanes)
    return builder.shuffle_vector(one, other, ir.VectorType(I32, len(lanes))(lanes))


def broadcast(builder: Any, scalar: ir.Value, kind: ir.VectorType) -> ir.Value:
    """A number in every lane of a vector."""
    undefined = kind(ir.Undefined)
    # The form that LLVM recognises as one broadcasting load.
    first = builder.insert_element(undefined, scalar, I32(0))
    return shuffle(builder, first, undefined, [0] * kind.count)
