#!/usr/bin/python3
"""The worked examples of rewards and points through real Kafka, several partitions, and one process per
worker: order of consumption and truncation, the tax form, early release, a batch of points whose lines
report to a job in another process. Kafka's clock is the real one, so dates are counted from now."""

import datetime
import json
import time

from harness import REFERENCE_AGE, World, arguments, main
from ledger import header
from rewards import create, of_type, on_account, redeem
from workload import event

NOW = datetime.datetime.now(datetime.timezone.utc)


def in_days(days):
    return (NOW + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Desk:
    """Sends commands one after another and tells what was said to each."""

    def __init__(self, world):
        self.world = world
        self.ledger = world.ledger("contract", "reward", "job")
        self.number = 0

    def tell(self, topic, item):
        """-> [(type or code, data)] of all outcomes that the command brought about"""
        before = len(self.ledger.outcomes)
        key, value = item
        self.world.send(topic, value, key)
        self.world.sent()
        self.ledger.settle(60)
        said = sorted(self.ledger.outcomes[before:], key=lambda entry: entry.record.offset)
        return [(entry.code or entry.type, entry.data) for entry in said
                if not header(entry.record, "ce_type").startswith("makegood.internal.")]

    def name(self):
        self.number += 1
        return f"n-{self.number}"

    def on(self, kind, account, **data):
        return self.tell("reward", on_account(kind, account, self.name(), **data))

    def one(self, said, kind):
        found = [data for name, data in said if name == kind]
        assert len(found) == 1, f"{kind} among {[name for name, _ in said]}"
        return found[0]


def consumption(desk):
    """Example 8."""
    for reward, value, days in (("r1", 500, 60), ("r2", 700, None), ("r3", 300, 30)):
        desk.tell("reward", create("W8", reward, value, dateExpires=days and in_days(days)))
    said = desk.one(desk.tell("reward", redeem("W8", "10.556", desk.name())), "reward.redeemed")
    assert (said["creditRedeemed"], said["creditAvailable"]) == (1055, 445), said
    assert [(part["rewardId"], part["value"]) for part in said["redeemedRewards"]] == [
        ("r3", 300), ("r1", 500), ("r2", 255)], said
    for value, unit, code in (("4.46", "USD", "INSUFFICIENT_BALANCE"), ("0.004", "USD", "VALUE_TOO_SMALL"),
                              ("1", "CENTS", "UNIT_MISMATCH"), ("1e3", "USD", "INVALID_FIELD")):
        desk.one(desk.tell("reward", redeem("W8", value, desk.name(), unit)), code)


def tax_form(desk):
    """Example 9."""
    program = {"programId": "default", "enforceTaxCompliance": "EXPLICIT_COUNTRY_CODE"}
    desk.tell("contract", (b"program:default", event("program.put", desk.name(), program)))
    time.sleep(REFERENCE_AGE)
    desk.on("user.put", "W9", userId="U1", countryCode="US")
    desk.one(desk.tell("reward", create("W9", "r1", 50000)), "reward.available")
    waits = desk.one(desk.tell("reward", create("W9", "r2", 15000)), "reward.pending")
    assert waits["pendingReasons"] == ["US_TAX"], waits
    desk.one(desk.tell("reward", create("W9", "r3", 9999)), "reward.available")
    desk.on("reward.cancel", "W9", rewardId="r2")
    desk.one(desk.on("reward.uncancel", "W9", rewardId="r2"), "reward.pending")
    said = desk.on("tax_form.collect", "W9", userId="U1")
    assert desk.one(said, "tax_form.collected")["released"] == ["r2"], said
    assert desk.one(said, "reward.balance.changed")["availableValue"] == 74999, said


def early_release(desk):
    """Example 10; the other end of the waiting period is two seconds away here."""
    desk.tell("reward", create("W10", "r1", 5, pendingDuration="PT2S"))
    desk.on("reward.cancel", "W10", rewardId="r1")
    assert desk.one(desk.on("reward.uncancel", "W10", rewardId="r1"), "reward.available")["dateGiven"]
    time.sleep(4)
    desk.ledger.catch_up()
    told = [entry for entry in of_type(desk.ledger, "reward.available") if entry.entity == "account:W10"]
    assert len(told) == 1, told


def points_batch(desk, world):
    """Example 13: the report of a line crosses from one process to another."""
    batch = "batch-0013"
    token = {"token": "T1", "accountId": "W13", "userId": "U1"}
    desk.tell("reward", (b"token:T1", event("token.put", desk.name(), token)))
    start = {"batchId": batch, "type": "POINTS", "mailTo": "desk@example.org"}
    desk.tell("job", (b"job:batch-0013", event("import.start", desk.name(), start)))
    for line, name in ((2, "T1"), (3, "T1"), (4, "TX")):
        data = {"batchId": batch, "line": line, "token": name, "value": 10}
        desk.tell("reward", (f"token:{name}".encode(), event("points.credit", f"{batch}.{line}", data)))
    finish = {"batchId": batch, "totalRecords": 3}
    said = desk.tell("job", (b"job:batch-0013", event("import.finish", desk.name(), finish)))
    done = desk.one(said, "import.completed")
    assert (done["recordsProcessed"], done["totalErrors"]) == (3, 1), done
    assert [(error["line"], error["reason"]) for error in done["errors"]] == [(4, "TOKEN_INVALID")], done
    with world.reader("email-request") as reader:
        mails = [json.loads(record.value) for record in reader.read_to_end()]
    assert [(mail["template"], mail["to"], mail["errors"]) for mail in mails] == [
        ("IMPORT_COMPLETED", "desk@example.org", 1)], mails
    balance = [entry.data for entry in of_type(desk.ledger, "reward.balance.changed")
               if entry.entity == "account:W13"]
    assert sorted(data["availableValue"] for data in balance) == [10, 20], balance


def test():
    options = arguments(__doc__)
    with World(options, partitions=3) as world:
        for name in ("contract", "reward", "job"):
            world.worker(name, workers=(name,)).start()
        for worker in world.workers:
            worker.ready()
        desk = Desk(world)
        consumption(desk)
        tax_form(desk)
        early_release(desk)
        points_batch(desk, world)
        desk.ledger.close()


if __name__ == "__main__":
    main(test)
