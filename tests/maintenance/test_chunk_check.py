import json
import os
import re
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.cli.application import run
from mvn_dask.maintenance.chunk_check import CheckChunks
from mvn_dask.maintenance.verify import replay_of
from mvn_dask.store.format.layout import decode, encode
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.storage.local import LocalStorage
from tests.support.damage import chunk, named, write

WIDE = mvn_dask.MultivariateNormal(np.zeros(520), 1.0)
STRIPE = mvn_dask.stripe_height(520)


def wide(tmp_path: Path) -> Path:
    """Four chunks of four stripes each, and a last one of half a stripe."""
    return write(tmp_path / "store", WIDE.sample(16 * STRIPE + STRIPE // 2, seed=1, chunks=4 * STRIPE))


@pytest.mark.parametrize(
    ("size", "chunks", "full", "compared"),
    [
        (16 * STRIPE + STRIPE // 2, 4 * STRIPE, False, 4 * STRIPE + STRIPE // 2),
        (16 * STRIPE + STRIPE // 2, 4 * STRIPE, True, 16 * STRIPE + STRIPE // 2),
        (8 * STRIPE, (4 * STRIPE, 130), False, 2 * STRIPE),
        ((3, 2 * STRIPE), (1, 2 * STRIPE, 520), False, 3 * STRIPE),
        ((3, 2 * STRIPE), (3, STRIPE, 260), True, 6 * STRIPE),
        (0, "auto", False, 0),
    ],
)
def test_rows_that_were_compared_are_counted(size: Any, chunks: Any, full: bool, compared: int, tmp_path: Path) -> None:
    folder = write(tmp_path / "store", WIDE.sample(size, seed=1, chunks=chunks))
    rows = int(np.prod(size))
    report = mvn_dask.verify(folder, level="values", full=full)
    assert (report.ok, report.rows_compared, report.rows) == (True, compared, rows)
    share = f" ({compared / rows:.2%})" if rows else ""
    line = f"rows: {compared} of {rows}{share} drawn again and compared; all numbers looked at for NaN and infinities"
    assert line in str(report).splitlines()
    done = mvn_dask.repair(folder, level="values", full=full)
    assert (done.rows_compared, done.rows, done.level) == (compared, rows, "values")
    assert line in str(done).splitlines()
    for level in ("size", "checksum"):
        report = mvn_dask.verify(folder, level=level)
        assert (report.rows_compared, report.rows, "rows:" in str(report)) == (0, rows, False)


def test_of_a_derived_array_no_rows_are_compared(tmp_path: Path) -> None:
    """It may hold NaN: nobody knows what it should hold."""
    odd = da.where(named() > 1.0, np.nan, np.inf)
    folder = write(tmp_path / "store", odd)
    report = mvn_dask.verify(folder, level="checksum")
    assert (report.ok, report.rows_compared, report.rows) == (True, 0, 0)


def compared_rows(folder: Path, number: int) -> Any:
    """Where a chunk is compared."""
    storage = LocalStorage(folder)
    window = (slice(number * 4 * STRIPE, (number + 1) * 4 * STRIPE), slice(0, 520))
    ((_, rows), _), *_ = replay_of(storage, require_manifest(storage)).parts(window, (520,), full=False)
    return rows


def overwrite(folder: Path, number: int, rows: slice, value: float) -> None:
    """Numbers of a chunk, as another program would write them, with their checksum."""
    storage = LocalStorage(folder)
    manifest = require_manifest(storage)
    numbers = decode(manifest, (number, 0), storage.read(f"samples/c/{number}/0")).copy()
    numbers[rows] = value
    storage.write(f"samples/c/{number}/0", encode(manifest, numbers))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_outside_the_compared_stripe_that_are_none(value: float, tmp_path: Path) -> None:
    folder = wide(tmp_path)
    stripe = compared_rows(folder, 1)
    outside = 0 if stripe.start else 4 * STRIPE - 1
    overwrite(folder, 1, slice(outside, outside + 1), value)
    report = mvn_dask.verify(folder, level="values")
    assert list(report.bad) == [(1, 0)]
    reason = "the values differ: 520 of .* compared, by up to .*; 520 numbers of the chunk are NaN or infinite"
    assert re.fullmatch(reason, report.bad[1, 0])
    assert mvn_dask.verify(folder, level="checksum").ok
    overwrite(folder, 2, slice(outside, outside + 1), 0.5)
    assert list(mvn_dask.verify(folder, level="values").bad) == [(1, 0)], "finite ones are found by full=True alone"
    assert list(mvn_dask.verify(folder, level="values", full=True).bad) == [(1, 0), (2, 0)]
    assert mvn_dask.repair(folder, level="values").chunks == ((1, 0),)


def test_infinities_of_the_sample_itself_are_no_fault(tmp_path: Path) -> None:
    """Where a float32 overflows, what was drawn is infinite, and is drawn so again."""
    normal = mvn_dask.MultivariateNormal([3e38], 1e76)
    folder = write(tmp_path / "store", normal.sample(100, seed=1, chunks=30, dtype="float32"))
    assert np.isinf(mvn_dask.from_zarr(folder).compute()).any()
    report = mvn_dask.verify(folder, level="values")
    assert (report.ok, report.rows_compared) == (True, 100)


def test_what_is_missing_or_torn_is_not_compared(tmp_path: Path) -> None:
    folder = wide(tmp_path)
    chunk(folder, 0).unlink()
    os.truncate(chunk(folder, 1), 10)
    assert mvn_dask.verify(folder, level="values").rows_compared == 2 * STRIPE + STRIPE // 2
    storage = LocalStorage(folder)
    manifest = require_manifest(storage)
    (found,) = CheckChunks(storage, manifest, replay_of(storage, manifest), full=False)(np.arange(3))
    assert found.faults == {0: "missing", 1: f"wrong size: 10 bytes, not {520 * 4 * STRIPE * 8 + 4}"}
    assert found.numbers_compared == 520 * STRIPE


def test_the_command_counts_them_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = wide(tmp_path)
    for command in ("verify", "repair"):
        assert run([command, str(folder), "--level", "values", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["rows_compared"], found["rows"]) == (4 * STRIPE + STRIPE // 2, 16 * STRIPE + STRIPE // 2)
        assert run([command, str(folder), "--level", "values"]) == 0
        assert f"rows: {found['rows_compared']} of {found['rows']} (27.27%) drawn again" in capsys.readouterr().out
