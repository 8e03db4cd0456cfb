"""The tables of numpy's ziggurat.

Input: a precision. Output: width, limit and density of each of its 256 layers. Cost: one small file, read once.
`ziggurat.npy` holds them in double precision. It is copied from nowhere: SFC64's state can be set so that its next
words are known, and numpy's normals then determine every entry, as the test of this module does again. The tables of
single precision are rounded from those.
"""

from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import FloatArray

LayerTable = npt.NDArray[np.uint32] | npt.NDArray[np.uint64]


@cache
def tables(dtype: str) -> tuple[LayerTable, FloatArray]:
    """The tables of "float64" or "float32": unsigned integers, shape (512,), and numbers, shape (1024,).

    The first hold width, as the bits of a number, and limit of each layer: a magnitude below the limit is accepted.
    The second hold the width of each layer; the density at its outer edge; by how much that grows to the inner edge;
    in the last 256, where the tail begins, and one over that.
    """
    with (files(__package__) / "ziggurat.npy").open("rb") as file:
        width, limit, density = np.load(file)
    edge = width[-1] * 2.0**52
    if dtype == "float32":
        # Its magnitudes have 23 bits instead of 52. The limit is rounded, as numpy's own table is.
        width, limit = width * 2.0**29, np.rint(limit / 2.0**29)
    integer = dtype.replace("float", "uint")
    numbers = np.zeros((4, 256), dtype)
    numbers[0], numbers[1] = width, density
    # In that precision: numpy subtracts two entries of its own table.
    numbers[2, 1:] = numbers[1, :-1] - numbers[1, 1:]
    numbers[3, :2] = edge, 1.0 / edge
    # Width and limit side by side, so that one load gets both.
    layers: LayerTable = np.empty((256, 2), integer)
    layers[:, 0], layers[:, 1] = numbers[0].view(integer), limit
    return layers.ravel(), numbers.ravel()
