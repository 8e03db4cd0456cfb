from types import SimpleNamespace

from distributed import KilledWorker

from mvn_dask.errors import WorkersLostError
from mvn_dask.execution.losses import pool_ended, process_died, processes_not_started, scheduler_gone, workers_died
from tests.support.squares import Squares


def test_each_loss_has_a_way_out_of_its_own() -> None:
    killed = KilledWorker("task", SimpleNamespace(memory_limit=123), 3)  # type: ignore[arg-type]
    errors = {
        "connect a new client": scheduler_gone("tcp://10.0.0.1:8786"),
        "give workers more memory or fewer threads": workers_died(Squares(), killed),
        "If one dies again": process_died(Squares()),
        "ended before they began": processes_not_started("the processes"),
        "ended before any task did": pool_ended(Squares()),
    }
    for words, error in errors.items():
        assert isinstance(error, WorkersLostError)
        assert [each for each in errors.values() if words in str(each)] == [error]
    assert "tcp://10.0.0.1:8786" in str(errors["connect a new client"])
    assert "could take 123 bytes, and a number takes 8 bytes" in str(
        errors["give workers more memory or fewer threads"]
    )
