"""Ports of this machine, on loopback only."""

import socket
import time

HOST = "127.0.0.1"
LIMIT = 3.0  # seconds


def is_free(port: int) -> bool:
    """Whether a server could listen at ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def wait_until_free(port: int) -> bool:
    """Give a process that was just killed a moment: its last threads may still hold the port. Whether it is free."""
    deadline = time.monotonic() + LIMIT
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def free_port() -> int:
    """Any port that is free."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
