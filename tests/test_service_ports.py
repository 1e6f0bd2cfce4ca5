"""Ports are looked for on loopback."""

import socket

from smearflow.service.ports import HOST, free_port, is_free


def test_a_port_that_somebody_listens_at_is_not_free() -> None:
    with socket.create_server((HOST, 0)) as somebody:
        assert not is_free(somebody.getsockname()[1])


def test_a_free_port_is_free() -> None:
    assert is_free(free_port())
