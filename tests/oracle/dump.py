"""Everything that topics and a Redis hold, as JSON lines, for audit.py: an own consumer and client.

usage: dump.py --kafka HOST:PORT [--redis redis://HOST:PORT/DB] --topics action,action-outcome,... > dump.jsonl
Records are read committed; keys, values and header values are base64.
"""
import argparse
import base64
import ctypes
import json
import socket
import sys
import urllib.parse

EOF = -191          # RD_KAFKA_RESP_ERR__PARTITION_EOF
BEGINNING = -2


class Message(ctypes.Structure):
    _fields_ = [("err", ctypes.c_int), ("topic", ctypes.c_void_p), ("partition", ctypes.c_int32),
                ("payload", ctypes.c_void_p), ("length", ctypes.c_size_t),
                ("key", ctypes.c_void_p), ("key_length", ctypes.c_size_t),
                ("offset", ctypes.c_int64), ("private", ctypes.c_void_p)]


def _library():
    lib = ctypes.CDLL("librdkafka.so.1")
    for name in ("conf_new", "new", "topic_partition_list_new", "topic_partition_list_add"):
        getattr(lib, "rd_kafka_" + name).restype = ctypes.c_void_p
    lib.rd_kafka_consumer_poll.restype = ctypes.POINTER(Message)
    lib.rd_kafka_topic_name.restype = ctypes.c_char_p
    lib.rd_kafka_message_timestamp.restype = ctypes.c_int64
    return lib


class Kafka:
    def __init__(self, servers, isolation):
        self.lib = _library()
        conf = ctypes.c_void_p(self.lib.rd_kafka_conf_new())
        error = ctypes.create_string_buffer(512)
        for name, value in (("bootstrap.servers", servers), ("group.id", "oracle-dump"),
                            ("enable.partition.eof", "true"), ("enable.auto.commit", "false"),
                            ("isolation.level", isolation), ("check.crcs", "true")):
            if self.lib.rd_kafka_conf_set(conf, name.encode(), value.encode(), error, 512):
                raise OSError(error.value.decode())
        self.handle = ctypes.c_void_p(self.lib.rd_kafka_new(1, conf, error, 512))
        if not self.handle:
            raise OSError(error.value.decode())
        self.lib.rd_kafka_poll_set_consumer(self.handle)

    def partitions(self, topic):
        """[(partition, low, high)] of a topic that exists, else []."""
        found = []
        low, high = ctypes.c_int64(), ctypes.c_int64()
        while not self.lib.rd_kafka_query_watermark_offsets(
                self.handle, topic.encode(), len(found), ctypes.byref(low), ctypes.byref(high), 10000):
            found.append((len(found), low.value, high.value))
        return found

    def read(self, topics):
        """Every record of the topics, to the end of each partition."""
        parts = ctypes.c_void_p(self.lib.rd_kafka_topic_partition_list_new(64))
        left = set()
        for topic in topics:
            for partition, _, _ in self.partitions(topic):
                self.lib.rd_kafka_topic_partition_list_add(parts, topic.encode(), partition)
                left.add((topic, partition))
        for topic, partition in left:
            self.lib.rd_kafka_topic_partition_list_set_offset(
                parts, topic.encode(), partition, ctypes.c_int64(BEGINNING))
        self.lib.rd_kafka_assign(self.handle, parts)
        while left:
            pointer = self.lib.rd_kafka_consumer_poll(self.handle, 30000)
            if not pointer:
                raise OSError("nothing more of %s" % sorted(left))
            message = pointer.contents
            topic = self.lib.rd_kafka_topic_name(ctypes.c_void_p(message.topic)).decode()
            if message.err == EOF:
                left.discard((topic, message.partition))
            elif message.err:
                raise OSError("error %d on %s" % (message.err, topic))
            else:
                yield self._record(pointer, message, topic)
            self.lib.rd_kafka_message_destroy(pointer)

    def _record(self, pointer, message, topic):
        kind = ctypes.c_int()
        stamp = self.lib.rd_kafka_message_timestamp(pointer, ctypes.byref(kind))
        return {"topic": topic, "partition": message.partition, "offset": message.offset,
                "timestamp": stamp, "key": _bytes(message.key, message.key_length),
                "value": _bytes(message.payload, message.length), "headers": self._headers(pointer)}

    def _headers(self, pointer):
        headers = ctypes.c_void_p()
        if self.lib.rd_kafka_message_headers(pointer, ctypes.byref(headers)):
            return []
        found, name = [], ctypes.c_char_p()
        value, size = ctypes.c_void_p(), ctypes.c_size_t()
        while not self.lib.rd_kafka_header_get_all(
                headers, ctypes.c_size_t(len(found)), ctypes.byref(name), ctypes.byref(value),
                ctypes.byref(size)):
            found.append([name.value.decode(), _bytes(value.value, size.value)])
        return found


def _bytes(address, size):
    if not address and not size:
        return None
    return base64.b64encode(ctypes.string_at(address, size)).decode()


class Redis:
    """The few commands that a dump needs, in RESP2."""

    def __init__(self, url):
        parts = urllib.parse.urlparse(url)
        self.stream = socket.create_connection((parts.hostname, parts.port or 6379)).makefile("rwb")
        if parts.path.strip("/"):
            self.ask("SELECT", parts.path.strip("/"))

    def ask(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.stream.write(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        self.stream.flush()
        return self._reply()

    def _reply(self):
        line = self.stream.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            if rest == b"-1":
                return None
            data = self.stream.read(int(rest) + 2)[:-2]
            return data
        if kind == b"*":
            return [self._reply() for _ in range(int(rest))]
        if kind == b"-":
            raise OSError(rest.decode())
        return int(rest) if kind == b":" else rest

    def keys(self):
        cursor = b"0"
        while True:
            cursor, keys = self.ask("SCAN", cursor, "COUNT", 1000)
            yield from keys
            if cursor == b"0":
                return

    READ = {b"string": ("GET",), b"hash": ("HGETALL",), b"zset": ("ZRANGE", 0, -1, "WITHSCORES"),
            b"set": ("SMEMBERS",), b"list": ("LRANGE", 0, -1)}

    def value(self, key):
        kind = self.ask("TYPE", key)
        command = self.READ[kind]
        return kind.decode(), self.ask(command[0], key, *command[1:])


def _text(value):
    if isinstance(value, list):
        return [_text(x) for x in value]
    return value if isinstance(value, int) or value is None else base64.b64encode(value).decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--redis")
    parser.add_argument("--topics", required=True)
    options = parser.parse_args()
    topics = options.topics.split(",")
    committed = Kafka(options.kafka, "read_committed")
    for record in committed.read(topics):
        print(json.dumps(record))
    stable = {topic: committed.partitions(topic) for topic in topics}
    ends = Kafka(options.kafka, "read_uncommitted")
    for topic in topics:
        for (partition, low, high), (_, _, last) in zip(ends.partitions(topic), stable[topic]):
            print(json.dumps({"topic": topic, "partition": partition, "low": low, "high": high,
                              "stable": last}))
    if options.redis:
        redis = Redis(options.redis)
        for key in redis.keys():
            kind, value = redis.value(key)
            print(json.dumps({"redis": _text(key), "type": kind, "value": _text(value)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
