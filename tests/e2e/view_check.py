"""The view against the state logs, key by key: what Redis holds must be the fold of the log."""

import struct
import time

from support.kafka_io import end_offsets, read_topic

RECORD_EMPTY = 1  # flag of a state record that folds to a delete
PREFIX = struct.Struct("<BBqB")  # envelope version, body version, next due, flags


def fold(records):
    """(values, due times, offset after the last record) of one partition's records in order."""
    values, due, index = {}, {}, -1
    for record in records:
        index = record.offset + 1
        if record.key == b"@progress":
            values[record.key] = record.value
            continue
        _envelope, _body, due_ms, flags = PREFIX.unpack_from(record.value)
        if flags & RECORD_EMPTY:
            values.pop(record.key, None)
        else:
            values[record.key] = record.value
        due.pop(record.key, None)
        if due_ms:
            due[record.key] = due_ms
    return values, due, index


def view_of(client, group):
    """What Redis holds of a group."""
    start = b"{%s}:" % group
    keys = client.keys(b"{%s}:*" % group)
    values = {}
    for at in range(0, len(keys), 500):
        page = keys[at:at + 500]
        values.update(zip((key[len(start):] for key in page), client.command("MGET", *page)))
    listed = client.command("ZRANGE", b"{%s}@due" % group, 0, -1, "WITHSCORES")
    due = {key: int(score) for key, score in zip(listed[::2], listed[1::2])}
    index = client.command("GET", b"{%s}@index" % group)
    return values, due, -1 if index is None else int(index)


def difference(world, family):
    """None, or a line that names the first thing in which view and log disagree."""
    records = read_topic(world.kafka.bootstrap, world.topic(f"{family}-state"))
    with world.redis.client() as client:
        for partition in range(world.partitions):
            values, due, index = fold([r for r in records if r.partition == partition])
            seen, seen_due, seen_index = view_of(client, f"{family}-{partition}".encode())
            where = f"{family}-{partition}"
            if seen_index < index:
                return f"{where}: index {seen_index}, log ends at {index}"
            for key in sorted(values.keys() | seen.keys()):
                if values.get(key) != seen.get(key):
                    return f"{where}: {key}: log {values.get(key)}, view {seen.get(key)}"
            if due != seen_due:
                return f"{where}: due times: {sorted(due.items() ^ seen_due.items())[:4]}"
    return None


def assert_view_equals_log(world, families, seconds=30):
    """The view may be a moment behind: until it agrees, or the time is up. -> states compared"""
    deadline = time.monotonic() + seconds
    for family in families:
        found = difference(world, family)
        while found and time.monotonic() < deadline:
            time.sleep(0.5)
            found = difference(world, family)
        assert not found, f"view and log differ: {found}"
        ends = [end_offsets(world.kafka.bootstrap, world.topic(f"{family}-state"), committed)
                for committed in (True, False)]
        assert ends[0] == ends[1], f"{family}: an open transaction is left: {ends}"
