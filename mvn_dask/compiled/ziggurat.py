"""The tables of numpy's ziggurat.

`ziggurat.npy` holds width, limit and density of each of the 256 layers in double precision, as they follow from
what numpy's sampler answers; the test of this module asks it again. The tables of single precision are rounded
from those.
"""

from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import FloatArray

Layers = npt.NDArray[np.uint32] | npt.NDArray[np.uint64]


@cache
def tables(dtype: str) -> tuple[Layers, FloatArray]:
    """The tables of a precision.

    Parameters
    ----------
    dtype : {"float64", "float32"}

    Returns
    -------
    layers : ndarray of unsigned integers, shape (512,)
        Width, as the bits of a number, and limit of each layer: a magnitude below the limit is accepted.
    numbers : ndarray, shape (1024,)
        Width of each layer; density at its outer edge; by how much that grows to the inner edge. Then, in the
        last 256, where the tail begins, and one over that.
    """
    with (files(__package__) / "ziggurat.npy").open("rb") as file:
        width, limit, density = np.load(file)
    edge = width[-1] * 2.0**52
    if dtype == "float32":
        # Its magnitudes have 23 bits instead of 52.
        width, limit = width * 2.0**29, np.rint(limit / 2.0**29)
    integer = dtype.replace("float", "uint")
    numbers = np.zeros((4, 256), dtype)
    numbers[0], numbers[1] = width, density
    numbers[2, 1:] = numbers[1, :-1] - numbers[1, 1:]
    numbers[3, :2] = edge, 1.0 / edge
    layers: Layers = np.empty((256, 2), integer)
    layers[:, 0], layers[:, 1] = numbers[0].view(integer), limit
    return layers.ravel(), numbers.ravel()
