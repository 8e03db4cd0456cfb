"""The logarithm of a product, which determinants of factors are made of. Input: numbers; cost: a logarithm each."""

import numpy as np

from mvn_dask._typing import FloatArray


def log_product(numbers: FloatArray) -> float:
    """Logarithm of the product of absolute values; minus infinity where one of them is 0."""
    with np.errstate(divide="ignore"):
        return float(np.log(np.abs(numbers), dtype=np.float64).sum())
