"""Ports for servers whose address must be known before they start."""

import random
import socket

# Below the ports that systems hand out themselves, to listeners on port 0 and to every outgoing
# connection: between the choice and the start nobody gets one of these by chance.
_RANGE = range(20_000, 32_000)


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    for port in random.sample(_RANGE, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")
