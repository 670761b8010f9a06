#!/usr/bin/python3
"""Redis loses power in the middle of a fold: its file ends inside of a transaction. When it loads such a
file it leaves out the transaction, and yet keeps its beginning in the file: the next time it is loaded, the
beginning counts. What has been deleted since must not come back by that."""

import time

from harness import REFERENCE_AGE, World, arguments, main, modify, track
from support.redis_server import Redis
from view_check import assert_view_equals_log

PART = b"action:A1/wait:0"


def command_end(data, at):
    """Where the command that begins at `at` ends, in the protocol's words."""
    count, at = int(data[at + 1:data.index(b"\r\n", at)]), data.index(b"\r\n", at) + 2
    for _ in range(count):
        end = data.index(b"\r\n", at)
        at = end + 2 + int(data[at + 1:end]) + 2
    return at


def cut_behind_first_write(redis, key):
    """The file ends some bytes behind the command that first wrote the key."""
    path = next((redis.folder / "appendonlydir").glob("*.incr.aof"))
    data, at = path.read_bytes(), 0
    while key not in data[at:command_end(data, at)]:
        at = command_end(data, at)
    end = command_end(data, at)
    assert b"MSET" in data[at:at + 20].upper() and b"EXEC" not in data[end:end + 20].upper()
    path.write_bytes(data[:end + 9])


def send(world, ledger, key, value, waiting=0):
    world.send("action", value, key)
    world.sent()
    ledger.settle(30, waiting=waiting)
    assert_view_equals_log(world, ("contract", "action"))


def test():
    options = arguments(__doc__)
    redis = Redis(appendonly="yes", appendfsync="always", auto_aof_rewrite_percentage="0")
    with World(options, redis=redis) as world:
        worker = world.start_workers(1)[0]
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        send(world, ledger, *modify("1", "before-its-action"), waiting=1)
        send(world, ledger, *track("1"))  # the update need not wait any more: its part is deleted
        redis.kill()
        cut_behind_first_write(redis, PART)
        redis.start()
        time.sleep(REFERENCE_AGE)
        worker.ready()
        assert_view_equals_log(world, ("contract", "action"))
        redis.restart()
        assert_view_equals_log(world, ("contract", "action"))
        worker.stop()
        ledger.close()


if __name__ == "__main__":
    main(test)
