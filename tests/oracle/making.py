"""What the generators of messages share: a clock, ids, bad values, repeats and conflicts."""
import json
import random

import moments

JUNK = [None, "", " ", "x" * 300, 0, -1, 3.5, True, False, [], {}, ["a"], {"a": 1}, 10 ** 16, "1e3", "-1",
        "ä" * 40, "a b", "a\u0001b", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "P", "00.1", "1.5"]


class Maker:
    """Collects lines; `now` is the clock, `marks` are moments worth meeting (dates of rewards, locks)."""

    def __init__(self, seed, source="/shop", start="2026-01-01T00:00:00Z"):
        self.rng = random.Random(seed)
        self.now = moments.read(start)
        self.source = source
        self.lines, self.sent, self.marks = [], [], []
        self.count = 0

    # -- time

    def step(self, longest=30 * moments.DAY):
        """Moves the clock: mostly little, at times far or to a mark, a millisecond off or not."""
        kind = self.rng.random()
        if kind < 0.5:
            return
        if kind < 0.6:
            self.now += self.rng.choice([1, 1000, 60000, moments.HOUR])
        elif kind < 0.83:
            self.now += self.rng.randrange(moments.DAY)
        elif kind < 0.98:
            later = sorted(m for m in self.marks if m + 1 >= self.now)
            self.marks = later
            if later:
                self.now = max(self.now, later[self.rng.randrange(min(3, len(later)))]
                               + self.rng.choice([-1, 0, 0, 0, 1]))
        else:
            self.now += self.rng.randrange(longest)

    def mark(self, millis):
        if millis < moments.MAX:
            self.marks.append(millis)

    # -- messages

    def send(self, kind, data, ident=None, source=None, extra=None):
        self.count += 1
        event = {"specversion": "1.0", "id": ident or "m%d" % self.count, "source": source or self.source,
                 "type": "makegood.%s.v1" % kind, "time": moments.show(self.now), "data": data}
        event.update(extra or {})
        self.lines.append(json.dumps(event, separators=(",", ":")).encode())
        self.sent.append((event["id"], event["source"], kind, data))

    def again(self):
        """Repeats an earlier message; at times under the same id with other data."""
        if not self.sent:
            return
        recent = self.sent[-60:] if self.rng.random() < 0.7 else self.sent
        ident, source, kind, data = self.rng.choice(recent)
        kind_of = self.rng.random()
        if kind_of < 0.15:
            data = dict(data, note="changed")
        elif kind_of < 0.2:
            data = dict(data, unknown=None)  # data counts as sent: another payload
        elif kind_of < 0.35:
            data = dict(reversed(list(data.items())))  # the same payload
        self.send(kind, data, ident, source)
        self.sent.pop()

    def spoil(self, data):
        """A copy of data with one member bad, null or gone, or one more that nobody knows."""
        data = json.loads(json.dumps(data))
        holder = data
        while True:
            names = sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not names:
                return data
            name = self.rng.choice(names)
            inner = holder[name]
            if isinstance(inner, (dict, list)) and inner and self.rng.random() < 0.7:
                holder = inner
                continue
            kind = self.rng.random()
            if kind < 0.25 and isinstance(holder, dict):
                del holder[name]
            elif kind < 0.35 and isinstance(holder, dict):
                holder["unknown"] = self.rng.choice(JUNK)
            else:
                holder[name] = self.rng.choice(JUNK)
            return data

    # -- choices

    def maybe(self, chance):
        return self.rng.random() < chance

    def pick(self, *values):
        return self.rng.choice(values)

    def weighted(self, pairs):
        names = [name for name, _ in pairs]
        return self.rng.choices(names, [weight for _, weight in pairs])[0]
