#!/usr/bin/python3
"""A payment adapter and the gateway behind it, as a process of its own, for tests.

  payment_adapter.py --bootstrap HOST:PORT --prefix PREFIX --gateway FILE

Reads `refund-initiated` from the beginning whenever it starts, so that it asks the gateway again
for what it had asked before. The gateway is FILE: a line of JSON for every call, by idempotency
key; it outlives the adapter. How it behaves, the name of the charge says:

  ok       pays, the adapter answers at once      twice    the answer comes twice, under two ids
  late     the answer comes after 3 seconds       refuses  never pays: FAILED
  unsure   the first refund of a charge fails,    never    pays nothing and never answers
           the next succeeds                      both     pays, and says FAILED later
"""

import argparse
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.kafka_io import Producer, Reader  # noqa: E402

LATE = 3.0  # seconds


class Gateway:
    """What was done, by idempotency key; every call is written down, repeated ones too."""

    def __init__(self, path):
        self.path, self.done = path, {}
        for line in path.read_text().splitlines() if path.exists() else ():
            call = json.loads(line)
            self.done.setdefault(call["key"], call)

    def refund(self, key, charge, amount):
        """-> "SUCCEEDED" or "FAILED", the same for the same key whatever happened in between."""
        again = self.done.get(key)
        earlier = [call for call in self.done.values() if call["charge"] == charge]
        fails = charge.startswith("refuses") or (charge.startswith("unsure") and not earlier)
        call = again or {"key": key, "charge": charge, "amount": amount,
                         "result": "FAILED" if fails else "SUCCEEDED"}
        with open(self.path, "a", encoding="utf-8") as journal:
            journal.write(json.dumps(dict(call, again=bool(again))) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
        self.done[key] = call
        return call["result"]


class Adapter:
    """From refunds to results."""

    def __init__(self, bootstrap, prefix, gateway):
        self.reader = Reader(bootstrap, f"{prefix}refund-initiated")
        self.producer = Producer(bootstrap, partitioner="murmur2_random")
        self.topic, self.gateway = f"{prefix}order", gateway
        self.later = []  # (when, data, id)

    def answer(self, refund, result, name, after=0.0):
        data = {"orderId": refund["orderId"], "refundId": refund["refundId"], "result": result}
        if result == "SUCCEEDED":
            data["gatewayRefundId"] = f"re-{refund['refundId'][:8]}"
        else:
            data["failureCode"] = "refused"
        self.later.append((time.monotonic() + after, data, f"{refund['refundId']}-{name}"))

    def take(self, record):
        refund = json.loads(record.value)
        assert refund["method"] == "CARD", refund
        kind = refund["chargeId"].split("-")[0]
        if kind == "never":
            return
        result = self.gateway.refund(refund["refundId"], refund["chargeId"], refund["amount"])
        self.answer(refund, result, "1", LATE if kind == "late" else 0.0)
        if kind == "twice":
            self.answer(refund, result, "2")
        if kind == "both":
            self.answer(refund, "FAILED", "2", 1.0)

    def send_due(self):
        now = time.monotonic()
        for _when, data, name in [one for one in self.later if one[0] <= now]:
            event = {"specversion": "1.0", "type": "makegood.refund.result.v1",
                     "source": "/gateway", "id": name, "data": data}
            self.producer.produce(self.topic, json.dumps(event).encode(),
                                  f"order:{data['orderId']}".encode())
        self.later = [one for one in self.later if one[0] > now]
        self.producer.flush()

    def run(self):
        while True:
            for record in self.reader.read(0.1):
                self.take(record)
            self.send_due()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--gateway", required=True, type=pathlib.Path)
    options = parser.parse_args()
    Adapter(options.bootstrap, options.prefix, Gateway(options.gateway)).run()


if __name__ == "__main__":
    main()
