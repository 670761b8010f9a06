"""messages.md 2, rows 1 to 5: what any line is, before an entity sees it."""
import re

import fields
import moments
import strict_json

MAX_RECORD = 64 * 1024
_NAME = re.compile(r"[!-{}~]+\Z")  # printable ASCII without space and |
WORKERS = ("action", "reward", "order", "contract", "job")
PREFIX = "makegood."


class DeadLetter(Exception):
    """reason of the closed list; pointers: every place that schema may name; topic the line is on."""

    def __init__(self, reason, topic, value=None, pointers=(), key=None):
        super().__init__(reason)
        self.reason, self.topic, self.value = reason, topic, value
        self.pointers, self.key = pointers, key


class ClockBack(Exception):
    """A line whose time is before the clock: the run ends with 65."""


class Event:
    """A line that reached row 6."""
    __slots__ = ("source", "id", "type", "data", "raw", "spec", "correlation", "payload", "topic",
                 "batch", "line")


def short_type(name):
    """`makegood.action.modify.v1` -> `action.modify`; None for anything else."""
    if name.startswith(PREFIX) and name.endswith(".v1"):
        return name[len(PREFIX):-3]
    return None


def topic_of(name, types):
    short = short_type(name) if isinstance(name, str) else None
    spec = types.get(short)
    return spec.topic if spec else None


def _attribute(value, longest):
    return isinstance(value, str) and len(value) <= longest and bool(_NAME.match(value))


_TEXTS = ("dataschema", "correlationid", "subject")


def _bad_envelope(event):
    if event.get("specversion") != "1.0":
        return True
    for name, longest in (("id", 128), ("source", 256)):
        value = event.get(name)
        if value is not None and value != "" and not _attribute(value, longest):
            return True
    if not isinstance(event.get("type"), str) or not event["type"]:
        return True
    if event.get("datacontenttype") not in (None, "application/json"):
        return True
    if "data_base64" in event or not isinstance(event.get("data"), dict):
        return True
    source = event.get("source")
    return bool(source) and source.startswith("/makegood/")


class Reader:
    """Reads lines in order; keeps the clock."""

    def __init__(self, types, topic=None):
        self.types = types
        self.topic = topic
        self.clock = 0

    def read(self, line):
        """An Event, or raises DeadLetter (the clock has then moved as the line says) or ClockBack."""
        if len(line) > MAX_RECORD:
            raise self._too_large(line)
        try:
            value = strict_json.read(line)
        except strict_json.Malformed as error:
            raise DeadLetter("malformed", self.topic or "action") from error
        if not isinstance(value, dict):
            raise DeadLetter("malformed", self.topic or "action")
        follows = topic_of(value.get("type"), self.types)
        topic = self.topic or follows or "action"
        self._move(value, topic)
        if _bad_envelope(value):
            raise DeadLetter("malformed", topic, value)
        if not value.get("id") or not value.get("source"):
            raise DeadLetter("missing-id", topic, value)
        return self._event(value, topic, follows)

    def _too_large(self, line):
        """Shown as what it is; its type and time are not looked at (ambiguous: as the program)."""
        try:
            value = strict_json.read(line)
        except strict_json.Malformed:
            value = None
        return DeadLetter("too-large", self.topic or "action",
                          value if isinstance(value, dict) else None)

    def _move(self, value, topic):
        if value.get("time") is None:
            return
        moment = moments.read(value["time"])
        if moment is None:
            raise DeadLetter("malformed", topic, value)
        if moment < self.clock:
            raise ClockBack()
        self.clock = moment

    def _event(self, value, topic, follows):
        if follows is None:
            raise DeadLetter("unknown-type", topic, value)
        if follows != topic:
            raise DeadLetter("misdirected", topic, value)
        event = Event()
        event.source, event.id, event.type = value["source"], value["id"], short_type(value["type"])
        event.spec, event.raw, event.topic = self.types[event.type], value, topic
        faults = []
        event.data = fields.read_object(value["data"], event.spec.table, "/data", faults)
        line = event.data if "batchId" in event.spec.table else fields.read_object(
            value["data"], fields.BATCH, "/data", faults)  # any command may carry them
        event.batch, event.line = line["batchId"], line.get("line")
        if faults:
            raise DeadLetter("schema", topic, value, faults)
        event.correlation = value.get("correlationid") or event.batch or event.id
        event.payload = strict_json.canonical([value["type"], value["data"]])
        return event
