from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import qmc

from mvn_dask.errors import ArgumentError, UnsupportedOperationError
from mvn_dask.random import sobol
from mvn_dask.random.sobol import (
    BITS,
    MAX_DIMENSIONS,
    block_of_points,
    centered_points,
    direction_numbers,
    first_point_of_block,
    scrambled_directions,
)
from mvn_dask.random.streams import Root, as_root


@pytest.mark.parametrize("ndim", [1, 2, 3, 40, 1111])
def test_scipys_sequence(ndim: int) -> None:
    """Without a scramble, and less half of a cell, in whose corners scipy's points lie."""
    directions, rows = direction_numbers(ndim), 2**10 + 77
    with pytest.warns(UserWarning, match="balance properties"):
        expected = qmc.Sobol(ndim, scramble=False, bits=BITS).random(rows)
    found = centered_points(directions, np.zeros(ndim, np.uint64), 0, rows)
    np.testing.assert_array_equal(found + 0.5 - 2.0**-53, expected)


def test_scipys_sequence_under_its_own_scramble() -> None:
    ndim = 7
    theirs: Any = qmc.Sobol(ndim, scramble=True, bits=BITS)
    directions, shift = np.ascontiguousarray(theirs._sv.T, np.uint64), theirs._shift.astype(np.uint64)
    found = centered_points(directions, shift, 0, 2**10)
    np.testing.assert_array_equal(found + 0.5 - 2.0**-53, theirs.random(2**10))


def test_every_dimension_of_the_table() -> None:
    directions = direction_numbers(MAX_DIMENSIONS)
    theirs: Any = qmc.Sobol(MAX_DIMENSIONS, scramble=False, bits=BITS)
    np.testing.assert_array_equal(directions, theirs._sv.T)
    np.testing.assert_array_equal(directions[:, :5], direction_numbers(5))


@pytest.mark.parametrize("ndim", [0, MAX_DIMENSIONS + 1])
def test_dimensions_without_directions(ndim: int) -> None:
    with pytest.raises(ArgumentError, match=rf"from 1 to 21201 dimensions: these would have {ndim}"):
        direction_numbers(ndim)


def test_another_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stats").mkdir()
    with (resources.files("scipy") / "stats" / "_sobol_direction_numbers.npz").open("rb") as file:
        table = dict(np.load(file))
    table["vinit"][3, 2] += 2
    np.savez(tmp_path / "stats" / "_sobol_direction_numbers.npz", **table)
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    with pytest.raises(UnsupportedOperationError, match="this release of scipy has other direction numbers"):
        direction_numbers(3)


@pytest.mark.parametrize("bit_generator", ["SFC64", "PCG64", "MT19937"])
def test_a_scramble_by_matrices(bit_generator: str) -> None:
    """Bit by bit, from the words of the stream that is documented, by numpy alone."""
    ndim, replicate = 3, 4
    root = as_root(getattr(np.random, bit_generator)(7)).child(0)
    sequence = np.random.SeedSequence(7, spawn_key=(0, 2**63, replicate))
    generator = np.random.Generator(getattr(np.random, bit_generator)(sequence))
    words = generator.integers(0, 2**64, (ndim, 53), np.uint64)
    found, shift = scrambled_directions(ndim, root, replicate)
    for j in range(ndim):
        upper = [[int(word) >> 63 - bit & 1 for bit in range(BITS)] for word in words[j].tolist()]
        matrix = np.tril(np.array(upper[:BITS]).T, -1) + np.eye(BITS, dtype=int)
        plain = [[int(number) >> BITS - 1 - bit & 1 for bit in range(BITS)] for number in direction_numbers(ndim)[:, j]]
        expected = np.array(plain) @ matrix.T % 2
        ours = [[int(number) >> BITS - 1 - bit & 1 for bit in range(BITS)] for number in found[:, j]]
        np.testing.assert_array_equal(ours, expected)
        assert [int(shift[j]) >> BITS - 1 - bit & 1 for bit in range(BITS)] == upper[BITS]


def test_scrambles_differ_and_do_not_depend_on_the_dimension() -> None:
    root = Root(1).child(0)
    directions, shift = scrambled_directions(20, root, 0)
    fewer, less = scrambled_directions(3, root, 0)
    np.testing.assert_array_equal(directions[:, :3], fewer)
    np.testing.assert_array_equal(shift[:3], less)
    for other in (scrambled_directions(20, root, 1), scrambled_directions(20, Root(2).child(0), 0)):
        assert (other[0] != directions).any(axis=0).all()
        assert (other[1] != shift).all()


@pytest.mark.parametrize("scrambled", [False, True])
def test_every_coordinate_is_stratified(scrambled: bool) -> None:
    """Of the first 2**k points each 2**-k wide cell has one, in every dimension, and again of the next 2**k."""
    ndim = 30
    directions, shift = scrambled_directions(ndim, Root(5), 2) if scrambled else (direction_numbers(ndim), None)
    points = centered_points(directions, np.zeros(ndim, np.uint64) if shift is None else shift, 0, 2**9) + 0.5
    for part in (points[: 2**8], points[2**8 :]):
        cells = np.sort(np.floor(part * 2**8).astype(int), axis=0)
        np.testing.assert_array_equal(cells, np.repeat(np.arange(2**8)[:, None], ndim, axis=1))


def test_rows_are_addressed() -> None:
    directions, shift = scrambled_directions(3, Root(5), 2)
    points = centered_points(directions, shift, 0, 5000)
    for start, stop in ((0, 1), (1023, 1025), (777, 4999), (4096, 5000), (5, 5)):
        np.testing.assert_array_equal(centered_points(directions, shift, start, stop), points[start:stop])
    last = centered_points(directions, shift, 2**BITS - 3, 2**BITS)
    assert (np.abs(last) < 0.5).all()
    # Brute force: the exclusive or of the directions at the bits of a Gray code.
    row = 2**40 + 12345
    code = row ^ row >> 1
    number = int(shift[1])
    for bit in range(BITS):
        number ^= int(directions[bit, 1]) * (code >> bit & 1)
    assert centered_points(directions, shift, row, row + 1)[0, 1] + 0.5 == (2 * number + 1) / 2**53


def test_blocks() -> None:
    directions, shift = scrambled_directions(3, Root(5), 2)
    points = centered_points(directions, shift, 0, 64) + 0.5
    for bits in (0, 1, 4):
        for block in (0, 1, 2, 3):
            base = first_point_of_block(directions, shift, bits, block)
            words = block_of_points(directions, bits) ^ base
            there = points[block << bits : (block + 1) << bits]
            np.testing.assert_array_equal((2.0 * words + 1.0) / 2**53, there)
    assert sobol.SCRAMBLES >= 2**63
