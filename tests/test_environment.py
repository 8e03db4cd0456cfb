import platform

import numpy as np

import mvn_dask
from mvn_dask.environment import Environment, environment


def test_it_names_versions_and_machine_in_text() -> None:
    found = environment()
    assert (found.numpy, found.python) == (np.__version__, platform.python_version())
    assert found.mvn_dask == mvn_dask.__version__
    assert all(value for value in found.as_dict().values())
    assert Environment(**found.as_dict()) == found
