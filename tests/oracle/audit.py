"""Audits a dump (dump.py) of topics and of the view: equations E1 to E9, and every decision again.

usage: audit.py DUMP.jsonl [--no-decisions] [--prefix P] [--live-seconds 60]
E1 each input has one dead letter, or one verdict that is none of deferred (and at most one deferred).
E2 nothing out of nowhere: what is cited exists, every outcome id is the UUIDv5 of its name.
E3 the rules, decided again here over the same log, say the same (--no-decisions leaves it out).
E4 the view holds the last state of the log, key by key.   E5 sums of money and of points agree.
E6 versions, updates and cited inputs go forward.          E7 the log was read to its end and folded.
E8 no transaction is open.                                 E9 the last outcome came soon after its input.
Exit 1 if one does not hold.
"""
import argparse
import base64
import collections
import json
import sys
from fractions import Fraction

import engine
import envelope
import families
import moments
import strict_json

WORKERS = envelope.WORKERS
PASSING = ("deferred", "forwarded", "duplicate")


def murmur2(data):
    """Java's default partitioner."""
    mask = 0xFFFFFFFF
    value, index = 0x9747B28C ^ len(data), 0
    while index + 4 <= len(data):
        word = int.from_bytes(data[index:index + 4], "little") * 0x5BD1E995 & mask
        word = (word ^ word >> 24) * 0x5BD1E995 & mask
        value = (value * 0x5BD1E995 & mask) ^ word
        index += 4
    if index < len(data):
        value = (value ^ int.from_bytes(data[index:], "little")) * 0x5BD1E995 & mask
    value = (value ^ value >> 13) * 0x5BD1E995 & mask
    return value ^ value >> 15


def partition_of(key, count):
    return (murmur2(key.encode("utf-8")) & 0x7FFFFFFF) % count


class Record:
    """One record of a topic; `place` is (topic, partition, offset)."""

    def __init__(self, line, prefix):
        self.topic = line["topic"][len(prefix):]
        self.place = (self.topic, line["partition"], line["offset"])
        self.time = line["timestamp"]
        self.key = _plain(line["key"])
        self.value = _plain(line["value"])
        self.headers = {k: (_plain(v) or b"").decode("utf-8", "replace") for k, v in line["headers"]}

    def where(self):
        return "%s/%d/%d" % self.place


def _plain(text):
    return None if text is None else base64.b64decode(text)


class Dump:
    def __init__(self, path, prefix=""):
        self.inputs, self.outcomes, self.dead, self.states = [], [], [], []
        self.ends, self.view = {}, {}
        self.time = None  # by when all that was due has happened; None: the last record's
        with open(path, encoding="ascii") as stream:
            for text in stream:
                self._take(json.loads(text), prefix)
        for records in (self.inputs, self.outcomes, self.dead, self.states):
            records.sort(key=lambda r: r.place)

    def _take(self, line, prefix):
        if "time" in line:
            self.time = line["time"]
        elif "redis" in line:
            self.view[_plain(line["redis"]).decode("utf-8", "replace")] = line
        elif "high" in line:
            self.ends[(line["topic"][len(prefix):], line["partition"])] = line
        else:
            record = Record(line, prefix)
            if record.topic in WORKERS:
                self.inputs.append(record)
            elif record.topic.endswith("-dlq"):
                self.dead.append(record)
            elif record.topic.endswith("-state"):
                self.states.append(record)
            else:
                record.data = strict_json.read(record.value, bounded=False)
                record.entity = record.key.decode("utf-8")
                record.type = record.headers["ce_type"]
                record.verdict = record.headers.get("makegood-verdict")
                self.outcomes.append(record)

    def partitions(self, topic):
        return sum(t == topic for t, _ in self.ends)


def event_of(record):
    """The CloudEvent of an input record as one object (binary mode joined), or None."""
    if record.value is None:
        return None
    value = record.value
    try:
        if "ce_id" in record.headers or "ce_type" in record.headers:
            event = {k[3:]: v for k, v in record.headers.items() if k.startswith("ce_")}
            event["data"] = strict_json.read(value)
            return event
        event = strict_json.read(value)
    except strict_json.Malformed:
        return None
    return event if isinstance(event, dict) else None


class Audit:
    def __init__(self, dump):
        self.dump = dump
        self.found = collections.defaultdict(list)
        self.checked = collections.Counter()
        self.events = {r.place: event_of(r) for r in dump.inputs}
        self.by_input = collections.defaultdict(list)
        for record in dump.outcomes:
            cited = record.headers.get("makegood-input")
            if cited and record.verdict:
                topic, partition, offset = cited.split("/")
                self.by_input[(topic, int(partition), int(offset))].append(record)

    def need(self, equation, holds, text, *values):
        self.checked[equation] += 1
        if not holds:
            self.found[equation].append(text % values)

    # -- E1, E2

    def accounts(self):
        dead = collections.defaultdict(list)
        for record in self.dump.dead:
            h = record.headers
            dead[(h["dlq-topic"], int(h["dlq-partition"]), int(h["dlq-offset"]))].append(record)
        for record in self.dump.inputs:
            verdicts = [v.verdict for v in self.by_input[record.place]]
            letters = dead.pop(record.place, [])
            waiting = verdicts.count("deferred")
            said = len(verdicts) - waiting + len(letters)
            self.need("E1", waiting <= 1 and said <= 1 and waiting + said >= 1,
                      "%s has %d dead letters and the verdicts %s", record.where(), len(letters), verdicts)
            for letter in letters:
                self.need("E1", letter.value == record.value and letter.key == record.key,
                          "the dead letter of %s is not what came", record.where())
        for place in dead:
            self.need("E2", False, "a dead letter cites %s, which does not exist", "%s/%d/%d" % place)

    def names(self):
        known, ids = {r.place for r in self.dump.inputs}, collections.Counter()
        ordinals = collections.defaultdict(list)
        for record in self.dump.inputs:
            name = record.headers.get("makegood-name")
            if name:
                self.need("E2", engine.uuid5(name) == record.headers["ce_id"],
                          "%s is not the id of its name %s", record.where(), name)
        for record in self.dump.outcomes:
            ids[record.headers["ce_id"]] += 1
            cited = record.headers.get("makegood-input")
            if cited:
                topic, partition, offset = cited.split("/")
                place = (topic, int(partition), int(offset))
                self.need("E2", place in known, "%s cites %s, which does not exist",
                          record.where(), cited)
            self._name(record, cited, ordinals)
        for ident, count in ids.items():
            self.need("E2", count == 1, "outcome id %s is there %d times", ident, count)
        for prefix, numbers in ordinals.items():
            self.need("E2", sorted(numbers) == list(range(len(numbers))),
                      "%s has the ordinals %s", prefix, sorted(numbers))

    def _name(self, record, cited, ordinals):
        ident, data = record.headers["ce_id"], record.data
        prefixes = []
        if cited:
            topic, partition, offset = cited.split("/")
            event = self.events.get((topic, int(partition), int(offset))) or {}
            base = "%s|%s|" % (event.get("source"), event.get("id"))
            for kind in ("duplicate", "forwarded"):
                if record.verdict == kind and engine.uuid5(base + kind + "|" + cited) == ident:
                    self.checked["E2"] += 1
                    return
            prefixes.append(base + record.entity)
        elif "command" in data:
            prefixes.append("%s|%s|%s" % (data["command"]["source"], data["command"]["id"],
                                          record.entity))
        due = moments.read(data["effectiveTime"])
        owners = [record.entity]
        if "rewardId" in data:
            owners.append("%s/reward:%s" % (record.entity, engine.escape(data["rewardId"])))
        prefixes += ["%s|timer|%s|%d" % (owner, kind, due) for owner in owners
                     for kind in ("lock", "wait", "available", "expire", "abort")]
        for prefix in prefixes:
            for number in range(400):
                if engine.uuid5("%s|%d" % (prefix, number)) == ident:
                    ordinals[prefix].append(number)
                    self.checked["E2"] += 1
                    return
        self.need("E2", "rewardId" not in data and not cited and "command" not in data,
                  "%s: no name gives the id %s", record.where(), ident)

    # -- E4 to E9

    def view(self):
        last = {}
        for record in self.dump.states:
            last[("{%s-%d}:" % (record.topic[:-len("-state")], record.place[1]))
                 + record.key.decode("utf-8", "replace")] = record
        if not self.dump.view:
            return
        for key, record in last.items():
            held = self.dump.view.get(key)
            value = None if held is None else _plain(held["value"])
            if held is None:
                # a record flagged "empty" folds to a delete: flags are the byte after next due
                self.need("E4", len(record.value) > 10 and record.value[10] & 1,
                          "%s is in the log, not in the view", key)
            else:
                self.need("E4", value == record.value, "%s differs from the log", key)
        for key in self.dump.view:
            if "}:" in key:
                self.need("E4", key in last, "%s is in the view, not in the log", key)

    def sums(self):
        records = [{"headers": r.headers, "topic": r.topic,
                    "event": {"type": r.type, "data": r.data}} for r in self.dump.outcomes]
        groups = collections.defaultdict(list)
        for record, outcome in zip(records, self.dump.outcomes):
            groups[outcome.place[:2]].append(record)
        for module in families.modules().values():
            if hasattr(module, "invariants"):
                for group in groups.values():
                    for text in module.invariants(group):
                        self.need("E5", False, "%s", text)
        self.checked["E5"] += len(records)
        for record in self.dump.outcomes:
            data = record.data
            if record.type == "makegood.reward.balance.changed.v1":
                parts = [Fraction(data[k]) for k in (
                    "availableValue", "totalPendingCredit", "totalRedeemedCredit",
                    "totalExpiredCredit", "totalCancelledCredit")]
                self.need("E5", sum(parts) == Fraction(data["totalAssignedCredit"])
                          and min(parts) >= 0, "%s does not add up", record.where())

    def order(self):
        versions, cited = {}, {}
        for record in self.dump.outcomes:
            lane = (record.place[:2], record.entity)
            version = record.data["version"]
            if record.verdict != "forwarded" or "to" not in record.data or version:
                self.need("E6", version >= versions.get(lane, 0), "%s goes back to version %d",
                          record.where(), version)
                versions[lane] = max(version, versions.get(lane, 0))
            if record.verdict in ("applied", "unchanged", "rejected", "duplicate", "forwarded",
                                  "deferred") and record.headers.get("makegood-input"):
                place = record.headers["makegood-input"].rsplit("/", 1)
                lane = (record.place[:2], record.entity, place[0])
                if len(self.by_input[tuple(self._place(record))]) == 1:
                    self.need("E6", int(place[1]) > cited.get(lane, -1), "%s cites an earlier input",
                              record.where())
                    cited[lane] = int(place[1])

    @staticmethod
    def _place(record):
        topic, partition, offset = record.headers["makegood-input"].split("/")
        return topic, int(partition), int(offset)

    def quiet(self):
        last, progress = {}, {}
        for record in self.dump.inputs:
            last[record.place[:2]] = record.place[2] + 1
        for record in self.dump.states:
            if record.key == b"@progress":
                progress[(record.topic[:-len("-state")], record.place[1])] = _next(record.value)
        for lane, end in last.items():
            self.need("E7", progress.get(lane, 0) >= end, "%s/%d: progress %s, %d records",
                      lane[0], lane[1], progress.get(lane), end)
        ends = {}
        for record in self.dump.states:
            ends[(record.topic[:-len("-state")], record.place[1])] = record.place[2] + 1
        for (worker, partition), end in ends.items():
            held = self.dump.view.get("{%s-%d}@index" % (worker, partition))
            if self.dump.view:
                index = int(_plain(held["value"])) if held else None
                high = self.dump.ends[(worker + "-state", partition)]["high"]
                self.need("E7", index is not None and end <= index <= high,
                          "{%s-%d}@index is %s, the log ends at %d", worker, partition, index, end)
        for (topic, partition), line in self.dump.ends.items():
            self.need("E8", line["high"] == line["stable"], "%s/%d has an open transaction", topic,
                      partition)

    def live(self, seconds):
        given = {r.place: r.time for r in self.dump.inputs}
        late = 0
        for record in self.dump.outcomes:
            cited = record.headers.get("makegood-input")
            if cited and len(self.by_input[tuple(self._place(record))]) == 1:
                late = max(late, record.time - given.get(tuple(self._place(record)), record.time))
        self.need("E9", late <= seconds * 1000, "an outcome came %d ms after its input", late)


def _next(value):
    """The next offset in a @progress record: the first number of its body."""
    result = shift = 0
    for byte in value[11:]:
        result |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return result
    return None


# -- E3: the same log, decided again

class Replay(engine.World):
    """Decides the records of the log in the order of their time; what a decision sends on is decided
    when the record of it is met (what workers send each other only among themselves: at once)."""

    AT_ONCE = ()

    def __init__(self, dump):
        super().__init__(families.families())
        self.dump = dump
        self.sent = {}       # (entity, source, id) -> Command
        self.early = {}      # the same -> record met before it was sent
        self.counts = {w: dump.partitions(w) for w in WORKERS}
        self.keys = {}       # of a record's message: place -> (entity, source, id)

    def run(self):
        lanes = self._lanes()
        while lanes:
            heads = sorted((lane[0][0], lane[0][1].place, name) for name, lane in lanes.items())
            name = next((n for _, _, n in heads if self._was_sent(lanes[n][0][1])), heads[0][2])
            moment, record = lanes[name].popleft()
            if not lanes[name]:
                del lanes[name]
            self.fire(moment)
            self.now = self.reader.clock = moment
            self._meet(record)
            self.settle()
        if self.dump.time is not None:
            self.fire(self.dump.time)
        return self.lines

    def _lanes(self):
        """Each partition in order, with the time of each record: a broker's clock may go back, the time
        of a partition does not."""
        lanes = collections.defaultdict(collections.deque)
        for record in self.dump.inputs:  # by place
            lane = lanes[record.place[:2]]
            lane.append((max(record.time, lane[-1][0] if lane else 0), record))
        return lanes

    def _was_sent(self, record):
        """What workers send each other is decided after what it follows from, and before what comes behind
        it in its partition, whatever the clocks say."""
        target = record.headers.get("makegood-to")
        if target is None:
            return True
        if record.place not in self.keys:
            event = event_of(record)
            self.keys[record.place] = (target, event["source"], event["id"])
        return self.keys[record.place] in self.sent

    def _meet(self, record):
        event = event_of(record)
        target = record.headers.get("makegood-to")
        if target is not None:
            key = (target, event["source"], event["id"])
            if key in self.sent:
                self._decide(self.sent.pop(key), record)
            else:
                self.early[key] = record
            return
        line = record.value if record.value is not None else b""
        if "ce_id" in record.headers:
            line = json.dumps(event).encode("utf-8") if event else b""
        try:
            read = self._read(line, record.topic)
        except envelope.DeadLetter as letter:
            self.lines.append({"dead": letter.reason, "place": record.where()})
            return
        entity = read.spec.entity(read.data)
        if partition_of(entity, self.counts[record.topic]) != record.place[1]:
            name = "%s|%s|forwarded|%s" % (read.source, read.id, record.where())
            self.lines.append({"id": engine.uuid5(name), "key": entity, "misrouted": True})
            return
        command = engine.Command(read.source, read.id, read.type, entity)
        command.data, command.raw, command.payload = read.data, read.raw, read.payload
        command.spec, command.correlation = read.spec, read.correlation
        command.cause = {"source": read.source, "id": read.id, "type": read.raw["type"]}
        command.batch, command.line = read.batch, read.line
        self._decide(command, record)

    def _read(self, line, topic):
        reader = envelope.Reader(self.types, topic)
        if len(line) > envelope.MAX_RECORD:
            raise envelope.DeadLetter("too-large", topic)
        reader.clock = 0
        return reader.read(line)

    def _decide(self, command, record):
        command.position = record.where()
        super().decide(command)

    def decide(self, command):
        """Called by settle for what a decision sent on: it waits for its record."""
        if command.internal and command.type in self.AT_ONCE:
            return super().decide(command)
        key = (command.entity, command.source, command.id)
        record = self.early.pop(key, None)
        if record is not None:
            return self._decide(command, record)
        self.sent[key] = command

    def conflict(self, command):
        self.lines.append({"dead": "id-conflict", "place": command.position})
        self.report(command, "ID_CONFLICT")


# Members that follow from when a record was appended, not from what was decided.
CLOCKED = ("effectiveTime", "detail", "pointer")


def _plainly(data):
    if isinstance(data, dict):
        return {k: _plainly(v) for k, v in data.items() if k not in CLOCKED}
    return [_plainly(v) for v in data] if isinstance(data, list) else data


def _same_data(want, got):
    """A repeated message lists what the first one brought so far: the last of it may be under way."""
    ours, theirs = want.get("originalOutcomeIds", []), got.get("originalOutcomeIds", [])
    if ours != theirs and theirs == ours[:len(theirs)] and theirs:
        want = dict(want, originalOutcomeIds=theirs)
    return strict_json.canonical(_plainly(want)) == strict_json.canonical(_plainly(got))


def decisions(audit):
    """E3, and of E1 that nothing is there beside what the rules say."""
    replay = Replay(audit.dump)
    expected = {}
    dead = collections.Counter()
    for line in replay.run():
        if "dead" in line:
            dead[(line["place"], line["dead"])] += 1
        elif "misrouted" in line:
            expected[line["id"]] = None
        else:
            expected[line["event"]["id"]] = line
    got = collections.Counter()
    for record in audit.dump.dead:
        h = record.headers
        got[("%(dlq-topic)s/%(dlq-partition)s/%(dlq-offset)s" % h, h["dlq-reason"])] += 1
    for key in set(dead) | set(got):
        audit.need("E3", dead[key] == got[key], "dead letter %s %s: %d, expected %d", *key, got[key],
                   dead[key])
    for record in audit.dump.outcomes:
        ident = record.headers["ce_id"]
        if ".internal." in record.type or (record.type.startswith("makegood.command.") and _inner(
                audit, record)):
            continue
        if ident not in expected:
            audit.need("E3", False, "%s %s of %s is not what the rules say", record.where(),
                       record.type, record.entity)
            continue
        want = expected.pop(ident)
        if want is None:
            continue
        same = want["event"]["type"] == record.type and want["key"] == record.entity and \
            _same_data(want["event"]["data"], record.data)
        audit.need("E3", same, "%s %s\n      expected %s\n      got      %s", record.where(),
                   record.type, strict_json.canonical(_plainly((want["event"]["data"]))),
                   strict_json.canonical(_plainly(record.data)))
    for ident, want in expected.items():
        audit.need("E3", False, "nothing has the id %s: %s", ident,
                   want and (want["event"]["type"], want["key"], want["event"]["data"].get("command")))


def _inner(audit, record):
    """Whether it answers a worker's own message."""
    cited = record.headers.get("makegood-input")
    if not cited:
        return False
    event = audit.events.get(tuple(audit._place(record))) or {}
    return str(event.get("source")).startswith("/makegood/")


EQUATIONS = ("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9")


def audited(path, prefix="", rules=True, live_seconds=60):
    audit = Audit(Dump(path, prefix))
    audit.accounts()
    audit.names()
    if rules:
        decisions(audit)
    audit.view()
    audit.sums()
    audit.order()
    audit.quiet()
    audit.live(live_seconds)
    return audit


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dump")
    parser.add_argument("--prefix", default="")
    parser.add_argument("--no-decisions", action="store_true")
    parser.add_argument("--live-seconds", type=float, default=60)
    options = parser.parse_args()
    audit = audited(options.dump, options.prefix, not options.no_decisions, options.live_seconds)
    dump = audit.dump
    for equation in EQUATIONS:
        bad = audit.found[equation]
        print("%s %s (%d checked%s)" % (equation, "holds" if not bad else "FAILS",
                                        audit.checked[equation],
                                        ", %d do not hold" % len(bad) if bad else ""))
        for text in bad[:8]:
            print("    " + text)
    print("%d inputs, %d outcomes, %d dead letters, %d states, %d keys of the view" % (
        len(dump.inputs), len(dump.outcomes), len(dump.dead), len(dump.states), len(dump.view)))
    return 1 if any(audit.found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
