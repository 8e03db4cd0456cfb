"""Random streams: all randomness of a sample comes from here.

Input: a seed, a spawn key and the number of a stripe. Output: a numpy Generator, or the state of SFC64. Cost: 20 µs for
the Generator of any stripe. A sample consists of *stripes* of rows. Stripe i of call c on ``default_rng(seed)`` draws
from ``SeedSequence(seed).spawn(c + 1)[c].spawn(i + 1)[i]``. The height of a stripe depends on d alone: not on memory,
chunks, workers or dtype. Therefore the bits of a sample do not depend on them either.

References
----------
numpy's spawning of independent streams: https://numpy.org/doc/stable/reference/random/parallel.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.hashing import fingerprint
from mvn_dask.random.sfc64 import States, child_states
from mvn_dask.readable import MAX_DIGITS, short_repr

_Words = int | np.integer[Any] | npt.NDArray[np.integer[Any]]
_NumpySource = np.random.SeedSequence | np.random.BitGenerator | np.random.Generator | np.random.RandomState
SeedLike = _Words | Sequence[_Words | Sequence[_Words]] | _NumpySource | None
"""What seeds a sample: everything that ``numpy.random.default_rng`` takes. Lists may be nested to any depth, which a
type cannot say without allowing text."""

SEPARATE_STREAMS = 8
"""Streams, at most, that numpy's own objects seed sooner than `child_states` seeds all at once."""
STRIPE_NUMBERS = 2**16
"""Numbers in a stripe, at most, while it has more than `STRIPE_ROWS` rows."""
STRIPE_ROWS = 128
"""Rows of a stripe, at least, while it has at most `STRIPE_LIMIT` numbers."""
STRIPE_LIMIT = 2**23
"""Numbers in a stripe, at most, while it has more than one row."""

BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
"""Bit generators of a root, all of numpy's: a record never makes another class be looked up."""
POOL_SIZES = (4, 2**10)
"""Pool sizes of a root's seed sequence, at least and at most: filling a pool takes the square of its size."""
_INTEGER_LIMIT = 10**MAX_DIGITS
_EXACT_IN_JSON = 2**53


def stripe_height(ndim: int, noise_ndim: int | None = None) -> int:
    """Rows of one stripe: those that share a random stream.

    Parameters
    ----------
    ndim : int
        Dimension d of a row, at least 1.
    noise_ndim : int, optional
        Number k of independent normals behind a row; d by default.

    Returns
    -------
    int
        A power of two.

    Raises
    ------
    ArgumentError
        If `ndim` is less than 1.
    ArgumentTypeError
        If it is no integer.

    See Also
    --------
    mvn_dask.MultivariateNormal.sample : Draws stripe by stripe, whatever the chunks are.

    Notes
    -----
    The largest power of two that keeps a stripe within 2**16 numbers, but at least 128 rows; halved
    again while it has more than 2**23 numbers, down to one row.

    Examples
    --------
    >>> [stripe_height(d) for d in (2, 100, 1000, 65536, 10**6)]
    [32768, 512, 128, 128, 8]
    """
    width = max(checks.count("ndim", ndim, least=1), noise_ndim or 0)
    height = max(STRIPE_ROWS, 1 << max(0, (STRIPE_NUMBERS // width).bit_length() - 1))
    while height > 1 and height * width > STRIPE_LIMIT:
        height //= 2
    return height


@dataclass(frozen=True)
class Root:
    """A node of numpy's tree of seed sequences, and the bit generator that draws from it.

    Every root can be recorded and read again. Making one raises ArgumentError for an integer that is negative or has
    more than `MAX_DIGITS` digits, a pool size out of `POOL_SIZES`, or another bit generator than `BIT_GENERATORS`.
    """

    entropy: int | tuple[int, ...]
    """Entropy of the seed sequence."""
    key: tuple[int, ...] = ()
    """Spawn key: the path from the seed to this node."""
    bit_generator: str = "SFC64"
    """Name of a class in ``numpy.random``."""
    pool_size: int = 4
    """Pool size of the seed sequence, in 32-bit words."""

    def __post_init__(self) -> None:
        for number in (*(self.entropy if isinstance(self.entropy, tuple) else (self.entropy,)), *self.key):
            if number < 0:
                raise ArgumentError(f"{short_repr(number)} is negative")
            if number >= _INTEGER_LIMIT:
                raise ArgumentError(f"an integer has more than {MAX_DIGITS} digits")
        if not POOL_SIZES[0] <= self.pool_size <= POOL_SIZES[1]:
            least, most = POOL_SIZES
            raise ArgumentError(f"the pool size must be from {least} to {most}, and is {short_repr(self.pool_size)}")
        if self.bit_generator not in BIT_GENERATORS:
            raise ArgumentError(f"the bit generator must be one of {', '.join(BIT_GENERATORS)}")

    def child(self, number: int) -> "Root":
        """The root that ``SeedSequence.spawn(number + 1)[number]`` would give, without state."""
        return replace(self, key=(*self.key, number))

    def seed_sequence(self) -> np.random.SeedSequence:
        """This node as numpy's object."""
        # The spawn key is stated, not spawned: child ten million costs no more than the first.
        return np.random.SeedSequence(self.entropy, spawn_key=self.key, pool_size=self.pool_size)

    def generator(self) -> np.random.Generator:
        """A numpy Generator at the beginning of this node's stream."""
        return np.random.Generator(getattr(np.random, self.bit_generator)(self.seed_sequence()))

    def sfc64_states(self, first: int, count: int) -> States:
        """State of SFC64 at the beginning of the streams of `count` children, from `first` on, shape (4, count)."""
        if count > SEPARATE_STREAMS:
            return child_states(self.seed_sequence(), first, count)
        states: States = np.empty((4, count), np.uint64)
        for number in range(count):
            # Not `child`, whose checks take as long as 2,000 normals.
            key = *self.key, first + number
            sequence = np.random.SeedSequence(self.entropy, spawn_key=key, pool_size=self.pool_size)
            states[:, number] = np.random.SFC64(sequence).state["state"]["state"]
        return states

    def record(self) -> dict[str, object]:
        """A form for JSON; `recorded_root` reads it."""
        # Entropy is text, since many JSON readers round integers over 2**53, which a step of a key seldom is.
        entropy = self.entropy
        return {
            "bit_generator": self.bit_generator,
            "entropy": str(entropy) if isinstance(entropy, int) else [str(word) for word in entropy],
            "key": [step if step < _EXACT_IN_JSON else str(step) for step in self.key],
            "pool_size": self.pool_size,
        }


def recorded_root(record: Mapping[str, Any]) -> Root:
    """The root that a record describes; raises ArgumentError, with the field, if `Root.record` gives no such record."""
    entropy, key, pool_size, name = (record[field] for field in ("entropy", "key", "pool_size", "bit_generator"))
    words = entropy if isinstance(entropy, list) else [entropy]
    rules = {
        "entropy": (entropy, all(map(_is_decimal, words))),
        "key": (key, isinstance(key, list) and all(type(step) is int or _is_decimal(step) for step in key)),
        "pool_size": (pool_size, type(pool_size) is int),
        "bit_generator": (name, isinstance(name, str)),
    }
    for field, (value, valid) in rules.items():
        if not valid:
            raise ArgumentError(f"no root of streams has the {field} {short_repr(value)}")
    numbers = tuple(map(int, words))
    return Root(numbers if isinstance(entropy, list) else numbers[0], tuple(map(int, key)), name, pool_size)


def _is_decimal(text: object) -> bool:
    # A longer one no root has, and Python may refuse to read it, or take long.
    return isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS


def as_root(seed: object) -> Root:
    """The root of anything that ``numpy.random.default_rng`` takes.

    ``None`` takes fresh entropy. A bit generator, or an object that holds one, gives its class; at the beginning of its
    stream it gives its seed sequence, and after it was advanced, jumped or restored, a digest of its state. It is not
    advanced. How many children a SeedSequence has spawned makes no difference. Anything else draws from SFC64: an
    integer, or integers in lists, tuples, ranges and arrays, nested as one likes, which count in their order. Raises
    ArgumentTypeError for a seed of another type, or a bit generator that is not numpy's own; ArgumentError for what no
    `Root` has.

    numpy takes nested seeds up to 2.4, and refuses them from 2.5 on. Here they have numpy's streams whatever numpy
    there is: those of the integers in one list.
    """
    if isinstance(seed, (np.random.Generator, np.random.RandomState)):
        # numpy's own default_rng takes a RandomState from 2.2 on.
        seed = cast(Any, seed)._bit_generator
    if isinstance(seed, np.random.BitGenerator) and type(seed) is not getattr(np.random, type(seed).__name__, None):
        raise ArgumentTypeError(f"`seed` must be one of numpy's bit generators, not {type(seed).__name__}")
    try:
        if isinstance(seed, np.random.BitGenerator):
            return _bit_generator_root(seed)
        if isinstance(seed, np.random.SeedSequence):
            return _sequence_root(seed)
        return _sequence_root(np.random.SeedSequence(_flat(seed)))
    except (TypeError, ValueError) as error:
        kind = ArgumentTypeError if isinstance(error, TypeError) else ArgumentError
        seen, why = (" ".join(text.split()) for text in (short_repr(seed), str(error)))
        msg = f"`seed` cannot be {seen}: give an integer that is not negative, or a list of them ({why})"
        raise kind(msg) from error


def _is_sequence(part: object) -> bool:
    return isinstance(part, (list, tuple, range)) or (isinstance(part, np.ndarray) and part.ndim > 0)


def _flat(seed: object) -> Any:
    """The integers in nested lists, tuples, ranges and arrays as one list; anything else as it is."""
    if not _is_sequence(seed):
        return seed
    found: list[int] = []
    # Not by recursion, which Python limits.
    pending: list[Any] = [seed]
    while pending:
        part = pending.pop()
        if _is_sequence(part):
            pending.extend(reversed(list(part)))
        else:
            found.append(_integer(part))
    return found


def _integer(part: Any) -> int:
    """An integer, or the text of one, under numpy's rules."""
    if isinstance(part, str):
        if not part[:1].isdecimal():
            raise ArgumentError(f"no integer is written {short_repr(part)}")
        # Before Python, which may refuse to read so many decimal digits.
        if len(part) > MAX_DIGITS:
            raise ArgumentError(f"an integer has more than {MAX_DIGITS} digits")
        return int(part, base=16 if part.startswith("0x") else 10)
    if not isinstance(part, (int, np.integer)) or isinstance(part, np.timedelta64):
        raise ArgumentTypeError(f"a seed holds integers, and {type(part).__name__} is none")
    if part < 0:
        raise ArgumentError(f"{short_repr(int(part))} is negative")
    return int(part)


def _bit_generator_root(bit_generator: np.random.BitGenerator) -> Root:
    name, numpys_class = type(bit_generator).__name__, type(bit_generator)
    state = _plain(bit_generator.state)
    sequence = bit_generator.seed_seq
    # A jumped or restored bit generator keeps a seed sequence that it was not made from: `jumped()` a fresh one, so
    # that rows would differ from run to run. Its state is what counts then.
    if isinstance(sequence, np.random.SeedSequence) and _plain(numpys_class(sequence).state) == state:
        return replace(_sequence_root(sequence), bit_generator=name)
    return Root(int(fingerprint(state), 16), bit_generator=name)


def _plain(state: Any) -> Any:
    """A bit generator's state as JSON-able values."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return np.asarray(state).tolist()


def _sequence_root(sequence: np.random.SeedSequence) -> Root:
    given: Any = sequence.entropy
    entropy = int(given) if isinstance(given, (int, np.integer)) else tuple(_flat(given))
    return Root(entropy, tuple(_flat(tuple(sequence.spawn_key))), pool_size=int(sequence.pool_size))
