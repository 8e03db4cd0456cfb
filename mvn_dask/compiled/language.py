"""What numba's language lacks to work on plain memory: pointers, reinterpretation, constants of a type.

Pointers are passed on without counting references, and reading through them checks no bound. numba's arrays do
both, at a cost that is larger than that of drawing a normal.
"""

from collections.abc import Callable, Iterable
from inspect import Parameter, Signature, signature
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import compiler
from numba.extending import intrinsic

_I32, _I64 = ir.IntType(32), ir.IntType(64)


def subroutine(returns: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """A function that is compiled into its caller's library, not as one of its own: that takes half the time.

    `returns` gives the type of its result from those of its arguments.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        def call(_: Any, *kinds: Any) -> Any:
            def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
                return context.call_internal(builder, _compiled_once(context, function, sig), sig, args)

            return returns(*kinds)(*kinds), generate

        # numba matches arguments with parameters, by name.
        context = Parameter("_", Parameter.POSITIONAL_OR_KEYWORD)
        call.__signature__ = Signature([context, *signature(function).parameters.values()])  # type: ignore[attr-defined]
        return intrinsic(call)

    return decorate


def _compiled_once(context: Any, function: Callable[..., Any], sig: Any) -> Any:
    """The descriptor of a function in the library that is being made."""
    library = context.active_code_library
    done = library.__dict__.setdefault("mvn_dask_subroutines", {})
    if (function, sig) not in done:
        # What numba's own `compile_subroutine` does, but for the library of its own.
        flags = compiler.Flags()
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        typing = context.typing_context
        result = compiler.compile_internal(typing, context, library, function, sig.args, sig.return_type, flags, {})
        done[function, sig] = result.fndesc
    return done[function, sig]


def formats(pointer: Any) -> tuple[ir.Type, ir.Type, int]:
    """Integer and float type of the numbers at a pointer, and how many make a group."""
    single = pointer.dtype in (types.float32, types.uint32)
    return (_I32, ir.FloatType(), 16) if single else (_I64, ir.DoubleType(), 8)


def number_type(words: Any) -> Any:
    """The type of the numbers that a pointer's words are made into."""
    return types.float32 if words.dtype == types.uint32 else types.float64


def constant(value: int) -> ir.Constant:
    """A 64-bit integer."""
    return ir.Constant(_I64, value)


def order(lanes: Iterable[int]) -> ir.Constant:
    """Which elements a shuffle takes."""
    lanes = list(lanes)
    return ir.Constant(ir.VectorType(_I32, len(lanes)), lanes)


def address(builder: Any, pointer: ir.Value, index: ir.Value, form: ir.Type) -> ir.Value:
    """The address of a number behind a pointer, as one of another form."""
    return builder.bitcast(builder.gep(pointer, [index]), form.as_pointer())


def broadcast(builder: Any, scalar: ir.Value, form: ir.VectorType) -> ir.Value:
    """A number in every place of a vector."""
    nothing = ir.Constant(form, ir.Undefined)
    return builder.shuffle_vector(
        builder.insert_element(nothing, scalar, ir.Constant(_I32, 0)), nothing, order([0] * form.count)
    )


@intrinsic
def pointer_to(_: Any, array: Any, index: Any) -> Any:
    """A pointer to an array's element. The caller keeps the array alive."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        start = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.gep(start, [args[1]])

    return types.CPointer(array.dtype)(array, types.int64), generate


@intrinsic
def pointer_at(_: Any, address: Any, like: Any) -> Any:
    """A pointer to an address, of the kind of another pointer."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

    return like(types.int64, like), generate


@intrinsic
def pointers_to(_: Any, array: Any, size: Any) -> Any:
    """Four pointers into an array, `size` elements apart."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        start = context.make_array(sig.args[0])(context, builder, args[0]).data
        places = [builder.gep(start, [builder.mul(args[1], constant(which))]) for which in range(4)]
        return context.make_tuple(builder, sig.return_type, places)

    return types.UniTuple(types.CPointer(array.dtype), 4)(array, types.int64), generate


@intrinsic
def pointer_after(_: Any, pointer: Any, index: Any) -> Any:
    """A pointer to a number behind another."""

    def generate(_: Any, builder: Any, __: Any, args: Any) -> ir.Value:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), generate


@intrinsic
def words_for(_: Any, steps: Any, out: Any) -> Any:
    """A pointer to the 64 bits of SFC64's steps as one to the words that numbers of a precision are made of."""
    word = types.uint32 if out.dtype == types.float32 else types.uint64

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        return builder.bitcast(args[0], context.get_value_type(sig.return_type))

    return types.CPointer(word)(steps, out), generate


@intrinsic
def uniform(_: Any, words: Any, index: Any) -> Any:
    """A word as numpy's uniform number in [0, 1): its upper 53 bits, or 24."""
    real = number_type(words)
    shift, bits = (8, 24) if real == types.float32 else (11, 53)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        word = builder.load(builder.gep(args[0], [args[1]]))
        form = context.get_value_type(sig.return_type)
        upper = builder.lshr(word, ir.Constant(word.type, shift))
        return builder.fmul(builder.uitofp(upper, form), ir.Constant(form, 2.0**-bits))

    return real(words, types.int64), generate


@intrinsic
def number_from(_: Any, words: Any, integer: Any) -> Any:
    """An integer as a number of the precision that a pointer to words stands for."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        return builder.sitofp(args[1], context.get_value_type(sig.return_type))

    return number_type(words)(words, types.int64), generate


@intrinsic
def group_size(_: Any, pointer: Any) -> Any:
    """Numbers in a group, as a constant."""

    def generate(_: Any, __: Any, sig: Any, ___: Any) -> ir.Value:
        return constant(formats(sig.args[0])[2])

    return types.int64(pointer), generate
