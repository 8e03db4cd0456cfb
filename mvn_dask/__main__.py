"""``python -m mvn_dask`` is the command ``mvn-dask``."""

from mvn_dask.cli import main

if __name__ == "__main__":
    main()
