import socket

import pytest

from mvn_dask.diagnosis import network


def test_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.grade for each in network.loopback()] == ["ok"]
    monkeypatch.setattr(network, "HOST", "192.0.2.1")  # of nobody's machine
    (found,) = network.loopback()
    assert found.grade == "fault"
    assert "no connection to 192.0.2.1" in found.value


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((network.HOST, 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(network, "PORTS", {"taken": port})
        (found,) = network.ports()
        assert (found.grade, found.value.startswith(f"{port} is taken: ")) == ("absent", True)
    (found,) = network.ports()
    assert (found.grade, found.value) == ("ok", f"{port} is free")
