"""What to do about a store that is unfinished or damaged, by whether its record alone can draw its numbers.

Input: a manifest, and words. Output: an `Advice`. Cost: none.
"""

from mvn_dask.advice import Advice
from mvn_dask.store.format.manifest import Manifest


def go_on(manifest: Manifest) -> Advice:
    """How to complete a store."""
    if manifest.is_sample:
        return Advice("call {to_zarr} with the same {array}, or {repair}, to go on")
    return Advice("{in_python}call mvn_dask.to_zarr, or mvn_dask.repair(..., array=...), with the same array")


def by_repair(manifest: Manifest, what: str, before: str = "") -> Advice:
    """That `repair` does something, in words without braces; `before` is what has to be done before it.

    >>> import mvn_dask
    >>> from mvn_dask.store.array_manifest import manifest_of
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(10, seed=1)
    >>> by_repair(manifest_of(x)[0], "draws it again").command
    '`mvn-dask repair` draws it again'
    >>> by_repair(manifest_of(x + 1)[0], "draws it again").python
    'mvn_dask.repair(..., array=...), with the array that was stored, draws it again'
    """
    if manifest.is_sample:
        return Advice(f"{before}{{repair}} {what}")
    return Advice(f"{before}{{in_python}}mvn_dask.repair(..., array=...), with the array that was stored, {what}")
