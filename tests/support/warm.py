"""Imported once by the server that tests fork processes from: what each of them would load for itself."""

import dask
import numpy as np

import mvn_dask
from tests.maintenance import test_verify
from tests.store import test_faults, test_history, test_writing
from tests.store.storage import test_lease, test_remote

with dask.config.set(scheduler="synchronous"):
    # Compiled code is read from its cache at the first draw.
    mvn_dask.MultivariateNormal([0.0, 0.0], np.eye(2) + 0.5).sample(2, seed=1).compute()
    mvn_dask.MultivariateNormal([0.0, 0.0], 1.0).sample(2, seed=1).compute()

__all__ = ["test_faults", "test_history", "test_lease", "test_remote", "test_verify", "test_writing"]
