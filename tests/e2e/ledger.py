"""The auditor: reads inputs, outcomes and dead letters as any consumer would (read_committed) and
keeps the books. Every input gets exactly one verdict that is not `deferred`, or one dead letter."""

import collections
import json
import time

FINAL = ("applied", "unchanged", "rejected", "duplicate", "forwarded")

# One outcome or dead letter that answers an input.
Entry = collections.namedtuple("Entry", "place verdict type entity code command data record")


def header(record, name):
    for key, value in record.headers:
        if key == name:
            return None if value is None else value.decode()
    return None


class Ledger:
    """Books of some families ("action", "contract"). update() reads what came since the last time
    and raises AssertionError at the first entry that is one too many."""

    def __init__(self, world, families):
        self.world, self.families = world, families
        self.prefix = world.prefix
        self.readers = {}
        for family in families:
            for topic in (family, f"{family}-outcome", f"{family}-dlq"):
                self.readers[topic] = world.reader(topic)
        self.inputs = {}                                # place -> record
        self.answers, self.deferred = {}, {}            # place -> Entry
        self.ids = {}                                   # ce_id -> place in its outcome topic
        self.outcomes = []                              # every outcome, verdict or not
        self.dead = {}                                  # place -> Entry

    def close(self):
        for reader in self.readers.values():
            reader.close()
        self.readers = {}

    def update(self, wait=0.06):
        """Reads on. -> how many records came"""
        count = 0
        for topic, reader in self.readers.items():
            take = (self.take_dead if topic.endswith("-dlq") else
                    self.take_outcome if topic.endswith("-outcome") else self.take_input)
            for record in reader.read(wait / len(self.readers)):
                take(topic, record)
                count += 1
        return count

    def take_input(self, topic, record):
        self.inputs[(topic, record.partition, record.offset)] = record

    def take_outcome(self, topic, record):
        where = (topic, record.partition, record.offset)
        outcome_id = header(record, "ce_id")
        assert outcome_id, f"an outcome without ce_id at {where}"
        assert outcome_id not in self.ids, (
            f"outcome {outcome_id} twice: {self.ids[outcome_id]} and {where}: {record.value[:300]}")
        self.ids[outcome_id] = where
        verdict, place = header(record, "makegood-verdict"), self.place(record)
        data = json.loads(record.value)
        kind = header(record, "ce_type").removeprefix("makegood.").removesuffix(".v1")
        entry = Entry(place, verdict, kind, data["entity"], data.get("reason", {}).get("code"),
                      data.get("command"), data, record)
        self.outcomes.append(entry)
        if verdict == "deferred":
            assert place not in self.deferred, f"deferred twice: {place}"
            self.deferred[place] = entry
        elif verdict is not None:
            assert verdict in FINAL, f"verdict {verdict} at {where}"
            self.answer(entry)

    def place(self, record):
        text = header(record, "makegood-input")
        if text is None:
            return None
        topic, partition, offset = text.rsplit("/", 2)
        return topic.removeprefix(self.prefix), int(partition), int(offset)

    def take_dead(self, topic, record):
        place = (header(record, "dlq-topic").removeprefix(self.prefix),
                 int(header(record, "dlq-partition")), int(header(record, "dlq-offset")))
        entry = Entry(place, "dead", header(record, "dlq-reason"), None, None, None,
                      header(record, "dlq-detail"), record)
        self.dead[place] = entry
        self.answer(entry)

    def answer(self, entry):
        before = self.answers.get(entry.place)
        assert before is None, f"two answers for {entry.place}: {before} and {entry}"
        self.answers[entry.place] = entry

    def open(self):
        """Inputs that have no answer yet."""
        return self.inputs.keys() - self.answers.keys()

    def catch_up(self, seconds=60):
        """Reads everything that is in the topics now."""
        deadline = time.monotonic() + seconds
        ends = {topic: reader.ends() for topic, reader in self.readers.items()}
        while True:
            self.update()
            late = [topic for topic, end in ends.items() if not self.readers[topic].reached(end)]
            if not late:
                return
            assert time.monotonic() < deadline, f"cannot read {late} to the end in {seconds} s"

    def nothing_new(self):
        return all(reader.reached(reader.ends()) for reader in self.readers.values())

    def settle(self, seconds=60, waiting=0):
        """Waits until every input has its answer, but for `waiting` ones that may stay deferred. A
        message to another entity is written together with its sender's verdict, so that nothing can
        be under way when all inputs are answered."""
        deadline = time.monotonic() + seconds
        while True:
            self.catch_up()
            left = self.open()
            if len(left) <= waiting and left <= self.deferred.keys() and self.nothing_new():
                break
            assert time.monotonic() < deadline, (
                f"{len(left)} of {len(self.inputs)} inputs without a verdict after {seconds} s: "
                f"{sorted(left)[:5]}")
        strangers = self.answers.keys() - self.inputs.keys()
        assert not strangers, f"answers to inputs that are not there: {sorted(strangers)[:5]}"
        return self

    def finals(self, family=None):
        """Answers but for forwarded ones and repeats, of one family."""
        return [entry for entry in self.answers.values()
                if entry.verdict not in ("forwarded", "duplicate", "dead")
                and (family is None or entry.place[0] == family)]

    def by_worker(self, place):
        """Is the input a message of a worker's own? A forwarded one keeps its producer's source."""
        source = header(self.inputs[place], "ce_source") if place in self.inputs else None
        return source is not None and source.startswith("/makegood/")

    def of_command(self, event_id):
        """All entries that answer a producer's message, in the order in which they were read."""
        return [entry for entry in self.outcomes
                if entry.verdict and not self.by_worker(entry.place)
                and entry.command and entry.command["id"] == event_id]

    def final_by_command(self):
        """event id -> (verdict, type or rejection code), over all commands of producers."""
        found = {}
        for entry in self.finals():
            if self.by_worker(entry.place):
                continue
            name = entry.code if entry.verdict == "rejected" else entry.type
            key = entry.command["id"]
            assert key not in found, f"two final verdicts for {key}: {found[key]} and {entry}"
            found[key] = (entry.verdict, name)
        return found

    def action_records(self):
        """actionId -> its last action record; the sums of the deltas are proved on the way."""
        last, sums = {}, collections.defaultdict(lambda: [0, 0])
        for entry in self.outcomes:
            if not entry.entity.startswith("action:") or "updateId" not in entry.data:
                continue
            data = entry.data
            of = data["actionId"]
            sums[of][0] += scaled(data["deltaAmount"])
            sums[of][1] += scaled(data["deltaPayout"])
            if of not in last or last[of]["updateId"] < data["updateId"]:
                last[of] = data
        for of, data in last.items():
            now = [scaled(data["amount"]), scaled(data["payout"])]
            assert sums[of] == now, f"{of}: deltas add up to {sums[of]}: {data}"
        return last


def scaled(text):
    """Decimal text as an integer of ten-thousandths: exact."""
    whole, _, rest = text.partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 10000 + sign * int(rest.ljust(4, "0") or 0)
