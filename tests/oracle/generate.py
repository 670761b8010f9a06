"""What the generators share: a random source with weights, envelopes, times."""
import copy
import json
import random

import moments


class Maker:
    """Writes lines of one run: a clock that goes on, ids, now and then a broken or repeated line."""

    def __init__(self, seed, start="2026-01-01T00:00:00Z"):
        self.random = random.Random(seed)
        self.now = moments.read(start)
        self.lines = []
        self.count = 0
        self.sent = []

    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, *choices):
        return self.random.choice(choices)

    def weighted(self, table):
        """table: {value: weight}."""
        return self.random.choices(list(table), list(table.values()))[0]

    def tick(self, millis):
        self.now += millis

    def show(self, millis):
        """The instant in one of the forms that RFC 3339 allows."""
        if self.chance(0.8):
            return moments.show(millis)
        shift = self.pick(60, -420, 330, 0)
        text = moments.show(millis + shift * 60000)
        sign = "-" if shift < 0 else "+"
        text = text[:-1] + "%s%02d:%02d" % (sign, abs(shift) // 60, abs(shift) % 60)
        return text.replace(".000", "") if self.chance(0.5) else text

    def send(self, kind, data, ident=None, source=None, **members):
        self.count += 1
        event = {"specversion": "1.0", "id": ident or "m%d" % self.count,
                 "source": source or self.pick("/shop", "/shop", "/b"),
                 "type": "makegood.%s.v1" % kind, "time": moments.show(self.now), "data": data}
        event.update(members)
        self.lines.append(event)
        return event

    def again(self):
        """An earlier line again, now: the same, or with another payload under its id."""
        event = self.random.choice(self.lines[-200:])
        if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
            return
        event = dict(event, data=copy.deepcopy(event["data"]))
        event["time"] = moments.show(self.now)
        choice = self.random.random()
        if choice < 0.15:
            event["data"] = dict(event["data"], zzz=self.count)
        elif choice < 0.3:
            event["data"] = dict(reversed(list(event["data"].items())))
        elif choice < 0.35:
            event["correlationid"] = "c%d" % self.count
        self.lines.append(event)

    def broken(self):
        """A line of rows 1 to 5 of messages.md 2."""
        base = {"specversion": "1.0", "id": "x%d" % self.count, "source": "/shop",
                "type": "makegood.action.approve.v1", "time": moments.show(self.now),
                "data": {"actionId": "A1"}}
        self.count += 1
        self.lines.append(self.random.choice(_BREAKS)(self, base))

    def bytes(self):
        return [line if isinstance(line, bytes) else
                json.dumps(line, ensure_ascii=self.chance(0.5), separators=(",", ":")
                           if self.chance(0.8) else (", ", ": ")).encode("utf-8")
                for line in self.lines]


def _without(name):
    return lambda m, e: {k: v for k, v in e.items() if k != name}


def _with(name, *values):
    return lambda m, e: dict(e, **{name: m.pick(*values)})


def _deep(levels):
    def make(m, event):
        value = 1
        for _ in range(levels):
            value = [value] if m.chance(0.5) else {"a": value}
        return dict(event, data=dict(event["data"], zz=value))
    return make


def _members(count):
    return lambda m, e: dict(e, data=dict(e["data"], zz={"k%d" % i: 1 for i in range(count)}))


def _raw(text):
    return lambda m, e: text


def _text(change):
    return lambda m, e: change(json.dumps(e)).encode("utf-8")


_BREAKS = [
    _without("specversion"), _with("specversion", "0.3", 1, None), _without("id"), _without("source"),
    _with("id", "", None, "a b", "x" * 129, 5, "a|b", "é", []), _with("id", "x" * 128, "~!@"),
    _with("source", "", None, "/a b", "/" + "x" * 256, 5, "/a|b", "/makegood/action",
          "/makegood/nobody"), _with("source", "/" + "x" * 255, "/makegoodx"),
    _without("type"), _with("type", None, 5, "", []),
    _with("type", "makegood.action.nothing.v1", "makegood.action.modify.v2", "x",
          "makegood.action.tracked.v1", "makegood.command.rejected.v1"),
    _without("data"), _with("data", [], "x", None, 5), _with("data_base64", "eA=="),
    _with("datacontenttype", "text/plain", "application/json", 5),
    _with("time", "2026-01-01", "x", 5, "2026-13-01T00:00:00Z", "2026-01-01t00:00:00Z",
          "2026-01-01T00:00:60Z", "2026-02-29T00:00:00Z", "2026-01-01T00:00:00.1234Z",
          "2026-01-01T24:00:00Z", ""),
    _with("data", {"actionId": 5}, {"actionId": "a b"}, {"actionId": ""}, {"actionId": "x" * 65},
          {"actionId": "A1", "line": 0}, {"actionId": "A1", "batchId": "short"},
          {"actionId": "A1", "actionTrackerId": 1.5}, {"actionId": "A1", "oid": ""},
          {"actionId": "A1", "line": "1", "batchId": "batch-001"},
          {"actionId": True, "line": 1, "batchId": "batch-001"},
          {"oid": " x", "actionTrackerId": 1}, {"oid": "x\u0001", "actionTrackerId": 1}),
    _deep(14), _deep(15), _deep(13), _members(4085), _members(4099),
    _raw(b"{"), _raw(b"[1]"), _raw(b"5"), _raw(b'"x"'), _raw(b"null"), _raw(b"{}"),
    _raw(b"   "), _raw(b'{"a":1}x'), _raw(b"\xff"), _raw(b'{"a":"\xc0\x80"}'),
    _raw(b'{"specversion":"1.0","specversion":"1.0"}'), _raw(b'{"a":NaN}'), _raw(b'{"a":01}'),
    _raw(b'{"a":"\xed\xa0\x80"}'), _raw(b'{"a":"\x01"}'), _raw(b"\xef\xbb\xbf{}"),
    _text(lambda t: t[:-1] + ',"data":{}}'), _text(lambda t: t.replace("A1", "\\ud800")),
    _text(lambda t: t[:-1]), _text(lambda t: t + " " * (65536 - len(t))),
    _text(lambda t: t + " " * (65537 - len(t))),
    _text(lambda t: (t + " " * 65537).replace("action.approve", "contract.put")),
    _raw(b"x" * 65537), _raw(b'"' + b"x" * 65534 + b'"'),
]
