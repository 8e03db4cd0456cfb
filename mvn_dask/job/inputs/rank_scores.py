"""Normal scores of ranks: what the correlations of a Gaussian copula are estimated of, whatever laws variables have.

Input: rows of data. Output: in place of the number of rank r among n the quantile of the normal distribution at
r / (n + 1); equal numbers have their mean rank. Cost: a sort a column, and twice the memory of the rows; the same bits
on every machine.

References
----------
C. Genest, K. Ghoudi and L.-P. Rivest, A semiparametric estimation procedure of dependence parameters in multivariate
families of distributions, Biometrika 82 (1995) 543, doi:10.1093/biomet/82.3.543.
"""

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.random.inverse_normal import normal_quantiles


def rank_scores(rows: Float64Array) -> Float64Array:
    """Scores of rows, shape (n, d), column by column.

    Examples
    --------
    >>> rank_scores(np.array([[1.0], [1e9], [-5.0]])).ravel().round(4)
    array([ 0.    ,  0.6745, -0.6745])
    """
    scores = np.empty_like(rows)
    for column in range(rows.shape[1]):
        _, places, counts = np.unique(rows[:, column], return_inverse=True, return_counts=True)
        # Twice the mean rank of equal numbers, an integer: those below them, and half of themselves.
        twice = 2 * np.cumsum(counts) - counts + 1
        centered = (twice - (len(rows) + 1)) / (2.0 * (len(rows) + 1))
        scores[:, column] = normal_quantiles(centered)[places.reshape(-1)]
    return scores
