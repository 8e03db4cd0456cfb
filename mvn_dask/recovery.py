"""From a store back to the sample that it holds."""

from mvn_dask.errors import DamagedRecordError, DerivedStoreError
from mvn_dask.redrawing import Redrawing, redraw
from mvn_dask.store.companions import load_all
from mvn_dask.store.record import PlanRecord
from mvn_dask.store.targets.base import Target


def redrawing_of(target: Target, record: PlanRecord) -> Redrawing:
    """What draws a store's sample again.

    Raises
    ------
    DerivedStoreError
        If it holds numbers that were derived from samples.
    DamagedRecordError
        If its record, its mean or its factor cannot be believed.
    """
    if not record.is_sample:
        raise DerivedStoreError(
            f"{target} holds numbers derived from samples by {record.content['expression']!r}, which its record cannot "
            "draw again: call mvn_dask.to_zarr, or mvn_dask.repair(..., array=...), with the same array"
        )
    again = redraw(record.content["samples"][0], load_all(target, record))
    if (record.shape, record.dtype.name) != ((*again.plan.size, again.plan.ndim), again.plan.dtype):
        raise DamagedRecordError(f"the record of {target} says {record.shape} {record.dtype}, its sample {again.plan}")
    return again
