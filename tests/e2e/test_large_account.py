#!/usr/bin/python3
"""An account with 10,000 rewards and 1,000 users: what one redemption reads and writes is bounded, no
state record comes near 256 KiB; and what a small account takes in Redis."""

import socket
import threading
import time

from harness import World, arguments, main
from rewards import WORKERS, create, redeem
from support.kafka_io import read_topic

# One redemption: the head, the balance, a page, the reward, the unit; and, when nothing is cached, all
# segments of remembered ids, of which an entity has at most 65 (engine).
READ_KEYS_MAX, READ_BYTES_MAX = 80, 160 * 1024
WRITTEN_MAX, WRITTEN_BYTES_MAX = 8, 48 * 1024
STATE_BYTES_MAX = 256 * 1024
SMALL_BYTES_MAX = 1600  # of Redis, an account of one user and three rewards: a million in 1.5 GiB


class Monitor:
    """Keys of the account that clients read, while it is open."""

    def __init__(self, world, marker):
        self.marker, self.keys, self.stopped = marker, set(), False
        self.socket = socket.create_connection(("127.0.0.1", world.redis.port))
        self.socket.sendall(b"MONITOR\r\n")
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        rest = b""
        while not self.stopped:
            self.socket.settimeout(0.2)
            try:
                rest += self.socket.recv(65536)
            except TimeoutError:
                continue
            *lines, rest = rest.split(b"\n")
            for line in lines:
                words = line.rstrip(b"\r").split(b'"')[1::2]
                if words and words[0].upper() in (b"MGET", b"GET"):
                    self.keys.update(word for word in words[1:] if self.marker in word)

    def close(self):
        time.sleep(0.5)
        self.stopped = True
        self.thread.join()
        self.socket.close()
        return self.keys


def bytes_of(world, keys):
    with world.redis.client() as client:
        return sum(client.command("STRLEN", key) for key in keys)


def state_records(world):
    return read_topic(world.kafka.bootstrap, world.topic("reward-state"))


def measure(world, ledger, worker, event_id):
    """One redemption by a worker that has just been started: nothing is cached."""
    worker.stop()
    worker.start().ready()
    before = len(state_records(world))
    monitor = Monitor(world, b"account:BIG")
    key, value = redeem("BIG", "1.50", event_id)
    world.send("reward", value, key)
    world.sent()
    ledger.settle(60)
    keys = monitor.close()
    written = [record for record in state_records(world)[before:] if b"account:BIG" in record.key]
    return len(keys), bytes_of(world, keys), len(written), sum(len(record.value) for record in written)


def give(world, ledger, rewards):
    for number in range(rewards):
        key, value = create("BIG", f"reward-{number:06}", 100, user=f"user-{number % 1000}",
                            dateExpires="2030-01-01T00:00:00Z" if number % 2 else None)
        world.send("reward", value, key)
    world.sent()
    ledger.settle(300)


def small_accounts(world, ledger, count):
    """-> bytes of Redis per account of one user, three rewards, one unit"""
    with world.redis.client() as client:
        def used():
            return int(client.command("INFO", "memory").decode().split("used_memory:")[1].split("\r")[0])
        before = used()
        for number in range(count):
            for reward in range(3):
                key, value = create(f"small-{number}", f"r{reward}", 100)
                world.send("reward", value, key)
        world.sent()
        ledger.settle(300)
        return (used() - before) / count


def one_account(options, then=None):
    """Measures a redemption of 100 rewards and of many; `then` goes on in the same world."""
    with World(options, partitions=1) as world:
        worker = world.start_workers(1, workers=WORKERS)[0]
        ledger = world.ledger("reward")
        give(world, ledger, 100)
        small = measure(world, ledger, worker, "redeem-small")
        give(world, ledger, options.rewards)
        large = measure(world, ledger, worker, "redeem-large")
        for what, found in (("100", small), (str(options.rewards), large)):
            print(f"{what} rewards: one redemption reads {found[0]} keys, {found[1]} bytes; writes "
                  f"{found[2]} records, {found[3]} bytes", flush=True)
        assert large[0] <= READ_KEYS_MAX and large[1] <= READ_BYTES_MAX, large
        assert large[2] <= WRITTEN_MAX and large[3] <= WRITTEN_BYTES_MAX, large
        largest = max(len(record.value) for record in state_records(world))
        assert largest < STATE_BYTES_MAX, largest
        print(f"largest state record {largest} bytes", flush=True)
        if then:
            then(world, ledger)
        rejected = [entry for entry in ledger.outcomes if entry.verdict == "rejected"]
        assert not rejected, rejected[0]
        ledger.close()


def test():
    options = arguments(__doc__, rewards=(10000, "of the account"), accounts=(2000, "small ones"))

    def then(world, ledger):
        each = small_accounts(world, ledger, options.accounts)
        print(f"a small account takes {each:.0f} bytes of Redis", flush=True)
        assert each <= SMALL_BYTES_MAX, each

    one_account(options, then)


if __name__ == "__main__":
    main(test)
