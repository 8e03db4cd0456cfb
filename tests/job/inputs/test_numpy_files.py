import io
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from mvn_dask.errors import InvalidDistributionError
from tests.support.job_inputs import read, refusal


class Trap:
    """What runs code where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def npy(array: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def test_numbers_of_every_kind(tmp_path: Path) -> None:
    for order in ["C", "F"]:
        for dtype in ["f8", ">f8", "f4", "f2", "i2", "u1", "?", "g"]:
            array = np.array([[2, 1], [0, 3]], dtype, order=order)  # type: ignore[call-overload]
            np.save(tmp_path / "cov.npy", array)
            np.savez_compressed(tmp_path / "cov.npz", array)
            for name in ("cov.npy", "cov.npz"):
                found = read(tmp_path, "cov", name)
                assert found.array.dtype == np.float64
                assert np.array_equal(found.array, array)
                assert found.names is None


def test_scalars_and_vectors(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", 2.5)
    np.save(tmp_path / "b.npy", [1, 2, 3])
    assert read(tmp_path, "mean", "a.npy").array.shape == ()
    assert read(tmp_path, "mean", "b.npy").array.tolist() == [1, 2, 3]


def test_the_array_that_is_meant(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", anything=[1.0])
    np.savez(tmp_path / "many.npz", mean=[2.0], cov=[3.0], other=[4.0])
    assert read(tmp_path, "mean", "one.npz").array == 1
    assert read(tmp_path, "mean", "many.npz").array == 2
    assert read(tmp_path, "mean", {"path": "many.npz", "key": "other"}).array == 4
    assert refusal(tmp_path, "mean", {"path": "many.npz", "key": "otter"}) == (
        'many.npz: there is no array "otter" in it: it holds "cov", "mean", "other"'
    )
    np.savez(tmp_path / "strange.npz", a=[1.0], b=[2.0])
    assert refusal(tmp_path, "mean", "strange.npz") == (
        'strange.npz: it holds "a", "b": name one of them, mean = { path = "…", key = "…" }'
    )
    np.savez(tmp_path / "empty.npz")
    assert "it holds no arrays" in refusal(tmp_path, "mean", "empty.npz")


FAULTS: list[tuple[Any, str]] = [
    (np.array([1 + 2j]), "must hold real numbers, and its dtype is complex128"),
    (np.array(["a"]), "must hold real numbers, and its dtype is <U1"),
    (np.array([b"a"]), "must hold real numbers, and its dtype is |S1"),
    (np.zeros(2, [("x", "f8")]), "must hold real numbers, and its dtype is "),
    (np.zeros(2, "M8[s]"), "must hold real numbers, and its dtype is datetime64[s]"),
    (np.zeros((0,)), "holds no numbers: its shape is (0,)"),
    (np.zeros((3, 0)), "holds no numbers: its shape is (3, 0)"),
    (np.array([1.0, np.nan]), "must be finite: mean[1] is nan"),
    (np.array([[1.0], [-np.inf]]), "must be finite: mean[1, 0] is -inf"),
    (np.array(np.nan), "must be finite: mean is nan"),
]


def test_arrays_that_are_no_numbers(tmp_path: Path) -> None:
    for array, text in FAULTS:
        np.save(tmp_path / "a.npy", array)
        np.savez(tmp_path / "a.npz", array)
        for name in ("a.npy", "a.npz"):
            assert refusal(tmp_path, "mean", name).startswith(f"{name}: {text}")


def test_nothing_pickled_is_loaded(tmp_path: Path) -> None:
    trap = np.array([Trap(tmp_path / "sprung")], dtype=object)
    (tmp_path / "object.npy").write_bytes(npy(trap, allow_pickle=True))
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(trap))
    (tmp_path / "raw.npz").write_bytes(pickle.dumps(trap))
    np.savez(tmp_path / "object.npz", trap)
    with zipfile.ZipFile(tmp_path / "inside.npz", "w") as archive:
        archive.writestr("mean.npy", pickle.dumps(trap))
    for name in ("object.npy", "raw.npy", "raw.npz", "object.npz"):
        assert refusal(tmp_path, "mean", name).startswith(
            f"{name}: holds pickled Python objects, which are never loaded"
        )
    assert refusal(tmp_path, "mean", "inside.npz") == 'inside.npz: "mean" in it is no array'
    assert not (tmp_path / "sprung").exists()


def test_files_that_end_early(tmp_path: Path) -> None:
    for length in [0, 3, 6, 8, 20, 127, 128, 140]:
        (tmp_path / "a.npy").write_bytes(npy([1.0, 2.0])[:length])
        np.savez(tmp_path / "whole.npz", mean=[1.0, 2.0])
        (tmp_path / "a.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:length])
        for name in ("a.npy", "a.npz"):
            assert refusal(tmp_path, "mean", name)


def test_every_byte_of_an_archive_may_be_wrong(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "whole.npz", mean=[1.0, 2.0])
    content = bytearray((tmp_path / "whole.npz").read_bytes())
    for place in range(0, len(content), 3):
        damaged = content.copy()
        damaged[place] ^= 0x55
        (tmp_path / "a.npz").write_bytes(damaged)
        # A checksum detects it, unless the byte is unused.
        with suppress(InvalidDistributionError):
            assert read(tmp_path, "mean", "a.npz").array.tolist() == [1.0, 2.0]


def test_a_shape_that_lies_takes_no_memory(tmp_path: Path) -> None:
    content = npy(np.zeros(2)).replace(b"(2,), }" + b" " * 9, b"(99999999999,),}")
    assert b"99999999999" in content
    (tmp_path / "a.npy").write_bytes(content)
    assert "is damaged, or of another kind" in refusal(tmp_path, "mean", "a.npy")


def test_files_of_another_kind(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", [1.0])
    np.savez(tmp_path / "b.npz", [1.0])
    (tmp_path / "b.npz").rename(tmp_path / "b.npy")
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    (tmp_path / "c.npy").write_text("1,2,3")
    assert refusal(tmp_path, "mean", "a.npz") == "a.npz: is a single array: its name must end in .npy"
    assert refusal(tmp_path, "mean", "b.npy") == "b.npy: is an archive of arrays: its name must end in .npz"
    assert refusal(tmp_path, "mean", "c.npy") == "c.npy: is no .npy file"
