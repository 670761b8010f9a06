"""A sequential model of `makegood exec` (messages.md 2-4): entities, ids, duplicates, waiting, timers.

A family registers its types (`Type`) and entity prefixes (`Family`). A rule is a function
`rule(d)` that looks at `d.data`, `d.state` (a dict that the entity keeps), `d.world` and speaks through the
methods of Decision: the verdict first, then further outcomes, messages and timers.
"""
import hashlib
import heapq
import uuid
from collections import OrderedDict, deque

import envelope
import moments
import strict_json

NAMESPACE = uuid.UUID("374a4652-5ef6-532a-b0ef-a36e597b53be")
REMEMBERED = 2048


def uuid5(name):
    digest = bytearray(hashlib.sha1(NAMESPACE.bytes + name.encode("utf-8")).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def escape(part):
    """An id inside an entity's name."""
    return str(part).replace("%", "%25").replace("/", "%2F").replace("|", "%7C")


class Type:
    """An input type: its topic, field table, the entity of its data, its rule.

    `internal` types come from workers only and have no table."""

    def __init__(self, topic, table, entity, rule):
        self.topic, self.table, self.entity, self.rule = topic, table, entity, rule


class Family:
    """types: short name -> Type; internals: name -> rule; timers: kind -> rule; start: a new state."""

    def __init__(self, worker, types, internals=None, timers=None, after=None):
        self.worker, self.types = worker, types
        self.internals, self.timers, self.after = internals or {}, timers or {}, after


class Entity:
    __slots__ = ("key", "worker", "version", "state", "memory", "timers", "waiting")

    def __init__(self, key, worker):
        self.key, self.worker = key, worker
        self.version = 0
        self.state = {}
        self.memory = OrderedDict()
        self.timers = {}   # (owner, kind) -> due
        self.waiting = []  # for the family's use


class Command:
    """One input as one entity has it; counts its ordinals until the final verdict and beyond."""
    __slots__ = ("source", "id", "type", "entity", "data", "raw", "payload", "correlation", "cause",
                 "position", "batch", "line", "internal", "prefix", "ordinal", "sent", "ids",
                 "spec", "final", "report", "muted")

    def __init__(self, source, ident, kind, entity):
        self.source, self.id, self.type, self.entity = source, ident, kind, entity
        self.prefix = "%s|%s|%s" % (source, ident, entity)
        self.ordinal = 0
        self.sent = {}
        self.ids = []
        self.data = self.raw = self.payload = self.position = self.spec = None
        self.batch = self.line = None
        self.internal = self.final = False
        self.muted = False  # its outcomes name no input
        self.report = None


class World:
    def __init__(self, families, topic=None):
        self.types, self.families, self.entity_worker = {}, {}, {}
        for family in families:
            self.families[family.worker] = family
            self.types.update(family.types)
        self.reader = envelope.Reader(self.types, topic)
        self.now = 0
        self.entities = {}
        self.queue = deque()
        self.heap = []
        self.lines = []
        self.sequence = 0
        self.seen = {}  # (source, id) -> on how many lines

    # -- entities

    def entity(self, key, worker):
        found = self.entities.get(key)
        if found is None:
            found = self.entities[key] = Entity(key, worker)
        return found

    def look(self, key):
        """A reference: the state of another entity, {} when there is none."""
        found = self.entities.get(key)
        return found.state if found else {}

    # -- running

    def feed(self, line, number):
        """Decides one line (bytes, without its newline); returns the output objects it brought about."""
        self.lines = []
        if not line.strip():
            return self.lines
        dead = event = None
        try:
            event = self.reader.read(line)
        except envelope.DeadLetter as letter:
            dead = letter
        self.fire(self.reader.clock)
        self.now = self.reader.clock
        if dead:
            self.dead_letter(dead, number, line)
            self.report_dead(dead)
        else:
            self.accept(event, number, line)
        self.settle()
        return self.lines

    def until(self, moment):
        self.lines = []
        self.fire(moment)
        return self.lines

    def settle(self):
        while self.queue:
            self.decide(self.queue.popleft())

    def accept(self, event, number, line):
        key = (event.source, event.id)
        self.seen[key] = self.seen.get(key, 0) + 1
        command = Command(event.source, event.id, event.type, event.spec.entity(event.data))
        command.data, command.raw, command.payload = event.data, event.raw, event.payload
        command.spec, command.correlation = event.spec, event.correlation
        command.position = "%s/0/%d" % (event.topic, number)
        command.cause = {"source": event.source, "id": event.id,
                         "type": event.raw["type"]}
        command.batch, command.line = event.batch, event.line
        self.decide(command)

    def decide(self, command):
        family = self.families[command.spec.topic if not command.internal else command.spec]
        entity = self.entity(command.entity, family.worker)
        self.advance(entity)
        decision = Decision(self, family, entity, command)
        if command.internal:
            family.internals[command.type](decision)
            return
        key = (command.source, command.id)
        known = entity.memory.get(key)
        if known is not None:
            if known.payload == command.payload:
                decision.duplicate(known)
            else:
                self.conflict(command)
            return
        entity.memory[key] = command
        if len(entity.memory) > REMEMBERED:
            entity.memory.popitem(last=False)
        command.spec.rule(decision)

    def advance(self, entity):
        """A message finds done what was due at its entity itself by its time: what follows from a timer may
        come at the instant of the next."""
        while True:
            due = min(((due, owner, kind) for (owner, kind), due in entity.timers.items()
                       if owner == entity.key and due <= self.now), default=None)
            if due is None:
                return
            self.fire_one(entity, due[2])

    # -- dead letters

    def dead_letter(self, dead, number, line):
        record = {"topic": dead.topic + "-dlq", "key": None, "headers": {
            "dlq-reason": dead.reason, "dlq-topic": dead.topic, "dlq-partition": "0",
            "dlq-offset": str(number), "dlq-timestamp-ms": str(self.now),
            "dlq-worker": "/makegood/" + dead.topic, "dlq-first-failed-at": moments.show(self.now),
            "dlq-redrives": "0"}}
        if dead.value is None:
            record["raw"] = line.decode("utf-8", "replace")
        else:
            record["event"] = dead.value
        if dead.pointers:
            record["pointers"] = dead.pointers
        self.lines.append(record)

    def conflict(self, command):
        topic, _, number = command.position.split("/")
        self.dead_letter(envelope.DeadLetter("id-conflict", topic, command.raw), int(number), b"")
        self.report(command, "ID_CONFLICT")

    def report_dead(self, dead):
        """Rows 4 and 5 of a batch's line report to the job."""
        if dead.reason not in ("unknown-type", "misdirected", "schema"):
            return
        data = dead.value["data"]
        faults = []
        from fields import BATCH, read_object
        found = read_object(data, BATCH, "", faults)
        if faults or found["batchId"] is None or found["line"] is None:
            return
        ident, source = dead.value["id"], dead.value["source"]
        # The specification names no sender of a dead letter's report: its position (finding R8).
        command = Command(source, ident, None, "%s/0/%s" % (
            dead.topic, self.lines[-1]["headers"]["dlq-offset"]))
        command.batch, command.line, command.raw = found["batchId"], found["line"], {"data": {}}
        command.correlation = dead.value.get("correlationid") or command.batch
        command.cause = {"source": source, "id": ident, "type": dead.value["type"]}
        command.position = "%s/0/%s" % (dead.topic, self.lines[-1]["headers"]["dlq-offset"])
        self.report(command, dead.reason.upper().replace("-", "_"))

    def report(self, command, code):
        """The final verdict of a batch's line, for its job; code None = no error."""
        if command.internal and not command.report or command.batch is None or command.line is None:
            return
        if "job" not in self.families:
            return
        self.send(command, "job:" + command.batch, "job", "line.report",
                  {"line": command.line, "code": code, "command": command})

    # -- messages

    def send(self, command, target, worker, kind, data, line=None):
        """line: the message is a line of the command's batch, its final verdict reports."""
        count = command.sent.get(target, 0)
        command.sent[target] = count + 1
        ident = uuid5("%s|to|%s|%d" % (command.prefix, target, count))
        sender = self.sender(command)
        message = Command("/makegood/" + sender, ident, kind, target)
        message.internal, message.spec, message.data = True, worker, data
        message.cause, message.correlation = command.cause, command.correlation
        message.position = command.position
        if worker == "job":  # a report names its line; other messages are no lines of the batch
            message.batch, message.line = command.batch, command.line
        if line is not None:
            message.batch, message.line = command.batch, line
            message.report, message.raw = True, {"data": data}
        self.queue.append(message)

    def sender(self, command):
        known = self.entities.get(command.entity)
        return known.worker if known else "action"

    # -- timers

    def set_timer(self, entity, owner, kind, due):
        entity.timers[(owner, kind)] = due
        self.sequence += 1
        heapq.heappush(self.heap, (due, owner, kind, self.sequence, entity))

    def fire(self, moment):
        """Timers due until the moment, in order, each followed until nothing is left."""
        while True:
            while self.heap and self.heap[0][4].timers.get(self.heap[0][1:3]) != self.heap[0][0]:
                heapq.heappop(self.heap)  # moved or cancelled since
            due = self.heap[0][0] if self.heap else None
            done = due is None or due > moment
            if self.queue:
                self.settle()
            elif done:
                return
            else:
                _, owner, kind, _, entity = heapq.heappop(self.heap)
                self.now = max(self.now, due)
                self.fire_one(entity, kind, owner)

    def fire_one(self, entity, kind, owner=None):
        """Fires a timer that is due: when its time has come, or as the entity is advanced to now."""
        owner = owner or entity.key
        due = entity.timers.pop((owner, kind))
        family = self.families[entity.worker]
        command = Command(None, None, kind, entity.key)
        command.prefix = "%s|timer|%s|%d" % (owner, kind, due)
        command.internal, command.cause, command.correlation = True, None, None
        family.timers[kind](Decision(self, family, entity, command, owner, due))


class Decision:
    """What a rule works with. The verdict is written first; version counts as messages.md 3 says."""

    def __init__(self, world, family, entity, command, owner=None, due=None):
        self.world, self.family, self.entity, self.command = world, family, entity, command
        self.owner, self.due = owner, due
        self.data, self.state, self.now = command.data, entity.state, world.now

    def resume(self, command):
        """A decision of the same entity, now, for a command that waited."""
        return Decision(self.world, self.family, self.entity, command)

    def changed(self):
        self.entity.version += 1

    # -- what is written

    def _write(self, kind, members, verdict=None, topic=None, terms=None, reason=None, ident=None):
        command, entity = self.command, self.entity
        if ident is None:
            ident = uuid5("%s|%d" % (command.prefix, command.ordinal))
            command.ordinal += 1
            command.ids.append(ident)
        shown = moments.show(self.now)
        data = {"entity": entity.key, "version": entity.version, "effectiveTime": shown}
        if command.cause:
            data["command"] = command.cause
        if terms:
            data["terms"] = terms
        if reason:
            data["reason"] = reason
        if command.batch is not None:
            data["batchId"] = command.batch
        if command.line is not None:
            data["line"] = command.line
        data.update((name, value) for name, value in members.items() if value is not None)
        headers = {}
        if verdict:
            headers["makegood-verdict"] = verdict
        if command.position and not command.muted:
            headers["makegood-input"] = command.position
        if terms:
            headers["makegood-terms"] = "%s/%s" % (terms["contractId"], terms["version"])
        name = "makegood.%s.v1" % kind
        event = {"specversion": "1.0", "id": ident, "source": "/makegood/" + self.family.worker,
                 "type": name, "subject": entity.key, "time": shown,
                 "datacontenttype": "application/json",
                 "dataschema": "urn:makegood:schema:" + name, "data": data}
        if command.cause:
            event["causationid"] = command.cause["id"]
            event["correlationid"] = command.correlation
        record = {"topic": topic or self.family.worker + "-outcome",
                  "key": entity.key, "headers": headers, "event": event}
        cause = command.cause or {}
        if self.world.seen.get((cause.get("source"), cause.get("id")), 0) > 1:
            record["reused"] = True  # for known.py
        self.world.lines.append(record)
        return ident

    def _hide(self):
        """A verdict that exec does not print: it takes its ordinal."""
        self.command.ordinal += 1

    def _final(self, code):
        self.command.final = True
        self.world.report(self.command, code)

    # -- verdicts

    def applied(self, kind, members, terms=None, version=True):
        if version:
            self.changed()
        ident = self._write(kind, members, "applied", terms=terms)
        self._final(None)
        return ident

    def unchanged(self):
        if self.command.internal:
            self._hide()
        else:
            self._write("command.unchanged", {}, "unchanged")
        self._final(None)

    def reject(self, code, pointer=None, version=False):
        """pointer None: the specification does not say which."""
        if version:
            self.changed()
        if self.command.internal:
            self._hide()
        else:
            self._write("command.rejected", {}, "rejected",
                        reason={"code": code, "pointer": pointer})
        self._final(code)

    def defer(self, code):
        self._write("command.deferred", {}, "deferred", reason={"code": code, "pointer": None})

    def forward(self, target):
        """The command goes on to another entity of the same family under its own source and id."""
        command = self.command
        self._write("command.forwarded", {"to": target}, "forwarded")
        copy = Command(command.source, command.id, command.type, target)
        for name in ("data", "raw", "payload", "correlation", "cause", "position", "batch",
                     "line", "spec"):
            setattr(copy, name, getattr(command, name))
        self.world.queue.append(copy)

    def duplicate(self, known):
        command = self.command
        ident = uuid5("%s|%s|duplicate|%s" % (command.source, command.id, command.position))
        self._write("command.duplicate", {"originalOutcomeIds": list(known.ids)}, "duplicate",
                    ident=ident)

    def silent(self, version=False):
        """The verdict of a worker's own message: exec does not print it."""
        if version:
            self.changed()
        self._hide()

    # -- the rest

    def outcome(self, kind, members, topic=None, terms=None):
        return self._write(kind, members, topic=topic, terms=terms)

    def next_id(self):
        """The id that the next outcome will have."""
        return uuid5("%s|%d" % (self.command.prefix, self.command.ordinal))

    def send(self, target, worker, kind, data, line=None):
        self.world.send(self.command, target, worker, kind, data, line)

    def timer(self, kind, due, owner=None):
        self.world.set_timer(self.entity, owner or self.entity.key, kind, due)

    def cancel_timer(self, kind, owner=None):
        self.entity.timers.pop((owner or self.entity.key, kind), None)


def exact(value):
    """A text by which two outputs are compared."""
    return strict_json.canonical(value)
