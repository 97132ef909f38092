"""Loads a network of validators and looks how it does. A network has hosts, connections, committed(), processor_seconds()
and kill_proposer(), as cometbft.Network."""
import os
import threading
import time
from dataclasses import dataclass

TRANSACTION_BYTES = 256
SUBMITTED_AT_ONCE = 10


@dataclass
class Load:
    offered: float  # transactions a second, submitted whether or not earlier ones are committed
    committed: float  # transactions a second
    processor: float  # seconds of processor time, of one replica, for a committed transaction


def _transaction(number, salt):
    text = b"%s-%012d=" % (salt, number)
    return text + b"v" * (TRANSACTION_BYTES - len(text))


class _Client(threading.Thread):
    """Submits to one node at a rate, in an open loop: what is late is submitted at once."""

    def __init__(self, connection, rate, seconds):
        super().__init__(daemon=True)
        self.connection, self.rate, self.seconds = connection, rate, seconds
        self.salt, self.submitted = os.urandom(4).hex().encode(), 0

    def run(self):
        began = time.monotonic()
        while (passed := time.monotonic() - began) < self.seconds:
            if self.submitted > passed * self.rate:
                time.sleep(SUBMITTED_AT_ONCE / self.rate)
                continue
            try:
                self.connection.submit([_transaction(self.submitted + i, self.salt) for i in range(SUBMITTED_AT_ONCE)])
                self.submitted += SUBMITTED_AT_ONCE
            except ConnectionError:
                time.sleep(0.05)


def load(network, connect, rate, seconds):
    """rate: of all clients together. What is committed while they submit counts, and no backlog after it."""
    clients = [_Client(connect(host), rate / len(network.hosts), seconds) for host in network.hosts]
    watcher = connect(network.hosts[0])
    first, processor, began = watcher.height() + 1, network.processor_seconds(), time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    last, passed = watcher.height(), time.monotonic() - began
    processor = network.processor_seconds() - processor
    committed = network.committed(first, last)
    return Load(sum(c.submitted for c in clients) / passed, committed / passed,
                processor / len(network.hosts) / max(committed, 1))


def longest_gap(network, connect, seconds):
    """Kills the node whose turn it is, and returns the longest time in which no block came after that."""
    rpc = connect(network.kill_proposer())
    last, height, longest = time.monotonic(), rpc.height(), 0.0
    until = last + seconds
    while (now := time.monotonic()) < until:
        seen = rpc.height()
        if seen > height:
            longest, last, height = max(longest, now - last), now, seen
        time.sleep(0.01)
    return max(longest, time.monotonic() - last)
