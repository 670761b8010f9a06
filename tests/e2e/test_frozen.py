#!/usr/bin/python3
"""A worker that is frozen (SIGSTOP) past its session timeout, while it works, and woken again: the
others take over, it changes nothing when it wakes, and joins again."""

import threading
import time

from harness import SESSION_TIMEOUT, World, arguments, main
from support.children import wait_until
from test_chaos import check_answers, check_items, check_payouts
from view_check import assert_view_equals_log
from workload import Workload


def members(world):
    """partitions by client, as Kafka's own tool shows them"""
    lines = world.kafka.groups("--describe", "--members", "--group", world.group).splitlines()
    rows = [line.split() for line in lines if line.startswith(world.group)]
    return [row for row in rows if len(row) >= 5]


def test():
    options = arguments(__doc__, records=(8000, "so many records"),
                        seconds=(SESSION_TIMEOUT + 5.0, "so long it is frozen"))
    workload = Workload(options.records, 2)
    with World(options) as world:
        workers = world.start_workers(3)
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        world.first_item = world.producer.sent
        pace = len(workload.items) / (options.seconds + 8)
        sender = threading.Thread(target=world.send_items, daemon=True, args=(workload.items, pace))
        sender.start()
        time.sleep(2)
        workers[0].freeze()
        time.sleep(options.seconds)
        taken = wait_until("the others to hold all partitions", lambda: sum(
            worker.metric("makegood_partitions_taken") or 0 for worker in workers[1:]
        ) == 2 * world.partitions, 10)
        assert taken
        workers[0].wake()
        sender.join(60)
        ledger.settle(60)
        workers[0].ready()
        wait_until("the woken worker to hold partitions again",
                   lambda: (workers[0].metric("makegood_partitions_taken") or 0) > 0, 30)
        assert len(members(world)) == 3, members(world)
        key, value = b"event_type:70", b""
        world.send("contract", value, key)  # a dead letter, decided after the waking
        world.sent()
        ledger.settle(30)
        check_items(world, ledger, workload)
        check_answers(ledger, workload)
        check_payouts(ledger, workload)
        assert_view_equals_log(world, ("contract", "action"))
        for worker in workers:
            worker.stop()
        ledger.close()


if __name__ == "__main__":
    main(test)
