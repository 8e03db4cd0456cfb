"""Types of arrays that the whole package shares."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
"""An array of floating-point numbers of any precision."""
Float64Array = npt.NDArray[np.float64]
"""An array of float64."""
Arrays = Mapping[str, npt.NDArray[Any]]
"""Arrays of any dtype by their names."""
ArrayLoader = Callable[[], npt.NDArray[Any]]
"""Reads one array; it pickles, so that another process can read it."""
