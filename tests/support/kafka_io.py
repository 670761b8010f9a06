"""Producing and reading topics in tests: a small binding of librdkafka by ctypes. Keys, values and
headers are any bytes or None. Made for tests: simple, quick enough for a few 100,000 records."""

import collections
import ctypes as c
import time

LIB = c.CDLL("librdkafka.so.1")

PRODUCER, CONSUMER = 0, 1
CONF_OK = 0
PARTITION_EOF, QUEUE_FULL = -191, -184
NO_LEADER = (5, 6)  # leader not available, not leader for partition
ANY_PARTITION, FROM_BEGINNING = -1, -2
COPY = 2
(V_END, V_TOPIC, V_RKT, V_PARTITION, V_VALUE, V_KEY, V_OPAQUE, V_MSGFLAGS, V_TIMESTAMP,
 V_HEADER) = range(10)

Record = collections.namedtuple("Record", "partition offset timestamp key value headers")


class KafkaError(Exception):
    """What librdkafka said."""


class Message(c.Structure):
    _fields_ = [("err", c.c_int), ("topic", c.c_void_p), ("partition", c.c_int32),
                ("payload", c.c_void_p), ("length", c.c_size_t), ("key", c.c_void_p),
                ("key_length", c.c_size_t), ("offset", c.c_int64), ("private", c.c_void_p)]


class Memory(c.Structure):
    _fields_ = [("data", c.c_char_p), ("size", c.c_size_t)]


class Header(c.Structure):
    _fields_ = [("name", c.c_char_p), ("value", c.c_char_p), ("size", c.c_ssize_t)]


class Argument(c.Union):
    _fields_ = [("text", c.c_char_p), ("number", c.c_int32), ("pointer", c.c_void_p),
                ("memory", Memory), ("header", Header), ("padding", c.c_char * 64)]


class Tagged(c.Structure):
    """rd_kafka_vu_t"""
    _fields_ = [("kind", c.c_int), ("u", Argument)]


class PartitionMetadata(c.Structure):
    _fields_ = [("id", c.c_int32), ("err", c.c_int), ("leader", c.c_int32),
                ("replica_count", c.c_int), ("replicas", c.c_void_p),
                ("isr_count", c.c_int), ("isrs", c.c_void_p)]


class TopicMetadata(c.Structure):
    _fields_ = [("topic", c.c_char_p), ("partition_count", c.c_int),
                ("partitions", c.POINTER(PartitionMetadata)), ("err", c.c_int)]


class Metadata(c.Structure):
    _fields_ = [("broker_count", c.c_int), ("brokers", c.c_void_p), ("topic_count", c.c_int),
                ("topics", c.POINTER(TopicMetadata)), ("origin_id", c.c_int32),
                ("origin_name", c.c_char_p)]


DELIVERED = c.CFUNCTYPE(None, c.c_void_p, c.POINTER(Message), c.c_void_p)


def declare(name, result, *arguments):
    function = getattr(LIB, name)
    function.restype, function.argtypes = result, arguments
    return function


err2str = declare("rd_kafka_err2str", c.c_char_p, c.c_int)
conf_new = declare("rd_kafka_conf_new", c.c_void_p)
conf_set = declare("rd_kafka_conf_set", c.c_int, c.c_void_p, c.c_char_p, c.c_char_p, c.c_char_p,
                   c.c_size_t)
conf_set_delivered = declare("rd_kafka_conf_set_dr_msg_cb", None, c.c_void_p, DELIVERED)
kafka_new = declare("rd_kafka_new", c.c_void_p, c.c_int, c.c_void_p, c.c_char_p, c.c_size_t)
destroy = declare("rd_kafka_destroy", None, c.c_void_p)
poll = declare("rd_kafka_poll", c.c_int, c.c_void_p, c.c_int)
produceva = declare("rd_kafka_produceva", c.c_void_p, c.c_void_p, c.POINTER(Tagged), c.c_size_t)
error_code = declare("rd_kafka_error_code", c.c_int, c.c_void_p)
error_destroy = declare("rd_kafka_error_destroy", None, c.c_void_p)
init_transactions = declare("rd_kafka_init_transactions", c.c_void_p, c.c_void_p, c.c_int)
flush = declare("rd_kafka_flush", c.c_int, c.c_void_p, c.c_int)
metadata = declare("rd_kafka_metadata", c.c_int, c.c_void_p, c.c_int, c.c_void_p,
                   c.POINTER(c.POINTER(Metadata)), c.c_int)
metadata_destroy = declare("rd_kafka_metadata_destroy", None, c.POINTER(Metadata))
topic_new = declare("rd_kafka_topic_new", c.c_void_p, c.c_void_p, c.c_char_p, c.c_void_p)
topic_destroy = declare("rd_kafka_topic_destroy", None, c.c_void_p)
query_watermarks = declare("rd_kafka_query_watermark_offsets", c.c_int, c.c_void_p, c.c_char_p,
                           c.c_int32, c.POINTER(c.c_int64), c.POINTER(c.c_int64), c.c_int)
list_new = declare("rd_kafka_topic_partition_list_new", c.c_void_p, c.c_int)
list_add = declare("rd_kafka_topic_partition_list_add", c.c_void_p, c.c_void_p, c.c_char_p,
                   c.c_int32)
list_set_offset = declare("rd_kafka_topic_partition_list_set_offset", c.c_int, c.c_void_p,
                          c.c_char_p, c.c_int32, c.c_int64)
list_destroy = declare("rd_kafka_topic_partition_list_destroy", None, c.c_void_p)
assign = declare("rd_kafka_assign", c.c_int, c.c_void_p, c.c_void_p)
poll_set_consumer = declare("rd_kafka_poll_set_consumer", c.c_int, c.c_void_p)
consumer_poll = declare("rd_kafka_consumer_poll", c.POINTER(Message), c.c_void_p, c.c_int)
message_destroy = declare("rd_kafka_message_destroy", None, c.POINTER(Message))
message_timestamp = declare("rd_kafka_message_timestamp", c.c_int64, c.POINTER(Message),
                            c.POINTER(c.c_int))
message_headers = declare("rd_kafka_message_headers", c.c_int, c.POINTER(Message),
                          c.POINTER(c.c_void_p))
header_get = declare("rd_kafka_header_get_all", c.c_int, c.c_void_p, c.c_size_t,
                     c.POINTER(c.c_char_p), c.POINTER(c.c_void_p), c.POINTER(c.c_size_t))


def check(code, doing):
    if code:
        raise KafkaError(f"{doing}: {err2str(code).decode()}")


def open_handle(kind, settings, delivered=None):
    """Nagle's algorithm would cost every small question 40 ms."""
    conf, reason = conf_new(), c.create_string_buffer(512)
    for key, value in {"socket.nagle.disable": "true", **settings}.items():
        if conf_set(conf, key.encode(), str(value).encode(), reason, len(reason)) != CONF_OK:
            raise KafkaError(reason.value.decode())
    if delivered:
        conf_set_delivered(conf, delivered)
    handle = kafka_new(kind, conf, reason, len(reason))
    if not handle:
        raise KafkaError(reason.value.decode())
    return handle


def topic_partitions(handle, topic, seconds=20):
    """How many partitions a topic has."""
    found = c.POINTER(Metadata)()
    link = topic_new(handle, topic.encode(), None)
    try:
        code = metadata(handle, 0, link, c.byref(found), int(seconds * 1000))
        check(code, f"metadata of {topic}")
        seen = found.contents.topics[0]
        check(seen.err, f"metadata of {topic}")
        return seen.partition_count
    finally:
        topic_destroy(link)
        if found:
            metadata_destroy(found)


class Producer:
    """Sends records. delivered[i] is (partition, offset) of the i-th record once flush returned."""

    def __init__(self, bootstrap, **settings):
        self.delivered, self.sent, self.failed = {}, 0, None
        self.callback = DELIVERED(self.note)
        base = {"bootstrap.servers": bootstrap, "log_level": 0, "linger.ms": 5,
                "message.max.bytes": 4000000,
                "enable.idempotence": "true", "queue.buffering.max.messages": 500000}
        base.update({key.replace("_", "."): value for key, value in settings.items()})
        self.handle = open_handle(PRODUCER, base, self.callback)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def note(self, _handle, message, _opaque):
        seen = message.contents
        if seen.err:
            self.failed = self.failed or err2str(seen.err).decode()
        else:
            self.delivered[(seen.private or 0) - 1] = (seen.partition, seen.offset)

    def produce(self, topic, value, key=None, partition=None, headers=()):
        """Queues one record and returns its number. The bytes are copied."""
        arguments = self.arguments(topic, value, key, partition, headers)
        while True:
            error = produceva(self.handle, arguments, len(arguments))
            if not error:
                break
            code = error_code(error)
            error_destroy(error)
            if code != QUEUE_FULL:
                check(code, f"produce to {topic}")
            poll(self.handle, 100)
        self.sent += 1
        if self.sent % 1000 == 0:
            poll(self.handle, 0)
        return self.sent - 1

    def arguments(self, topic, value, key, partition, headers):
        made = (Tagged * (6 + len(headers)))()
        made[0].kind, made[0].u.text = V_TOPIC, topic.encode()
        made[1].kind, made[1].u.number = V_MSGFLAGS, COPY
        made[2].kind, made[2].u.pointer = V_OPAQUE, self.sent + 1
        made[3].kind = V_PARTITION
        made[3].u.number = ANY_PARTITION if partition is None else partition
        made[4].kind, made[4].u.memory = V_VALUE, Memory(value, 0 if value is None else len(value))
        made[5].kind, made[5].u.memory = V_KEY, Memory(key, 0 if key is None else len(key))
        for place, (name, content) in enumerate(headers):
            made[6 + place].kind = V_HEADER
            made[6 + place].u.header = Header(name.encode(), content,
                                              0 if content is None else len(content))
        return made

    def flush(self, seconds=60):
        check(flush(self.handle, int(seconds * 1000)), "flush")
        if self.failed:
            raise KafkaError(self.failed)

    def close(self):
        if self.handle:
            destroy(self.handle)
            self.handle = None


def fence(bootstrap, transactional_id, seconds=10):
    """Takes a transactional id over: whoever has it is fenced, what it has open is aborted."""
    handle = open_handle(PRODUCER, {"bootstrap.servers": bootstrap, "log_level": 0,
                                    "transactional.id": transactional_id})
    error = init_transactions(handle, int(seconds * 1000))
    code = error_code(error) if error else 0
    if error:
        error_destroy(error)
    destroy(handle)
    check(code, f"fencing {transactional_id}")


def bytes_at(pointer, length):
    return None if pointer is None else c.string_at(pointer, length)


def headers_of(message):
    """A list of (name, bytes), in order, names may repeat."""
    found, result = c.c_void_p(), []
    if message_headers(message, c.byref(found)):
        return result
    name, value, size = c.c_char_p(), c.c_void_p(), c.c_size_t()
    while not header_get(found, len(result), c.byref(name), c.byref(value), c.byref(size)):
        result.append((name.value.decode("utf-8", "replace"), bytes_at(value.value, size.value)))
    return result


def record_of(message):
    seen, kind = message.contents, c.c_int()
    return Record(seen.partition, seen.offset, message_timestamp(message, c.byref(kind)),
                  bytes_at(seen.key, seen.key_length), bytes_at(seen.payload, seen.length),
                  headers_of(message))


class Reader:
    """Reads all partitions of a topic from the beginning; read() goes on where it stopped."""

    def __init__(self, bootstrap, topic, committed=True, **settings):
        base = {"bootstrap.servers": bootstrap, "group.id": "tests-reader", "check.crcs": "true",
                "enable.partition.eof": "true", "enable.auto.commit": "false",
                "auto.offset.reset": "error", "fetch.wait.max.ms": 20, "log_level": 0,
                "fetch.message.max.bytes": 4000000,
                "isolation.level": "read_committed" if committed else "read_uncommitted"}
        base.update({key.replace("_", "."): value for key, value in settings.items()})
        self.topic, self.handle = topic, open_handle(CONSUMER, base)
        # A broker answers a connection's requests in turn: behind a fetch that waits for records, a
        # question for the ends would wait too.
        self.asker = open_handle(CONSUMER, base)
        poll_set_consumer(self.handle)
        self.partitions = topic_partitions(self.handle, topic)
        self.at = [0] * self.partitions  # next offset to read, past transaction markers too
        self.assign()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def assign(self):
        wanted = list_new(self.partitions)
        for partition in range(self.partitions):
            list_add(wanted, self.topic.encode(), partition)
            list_set_offset(wanted, self.topic.encode(), partition, FROM_BEGINNING)
        check(assign(self.handle, wanted), "assign")
        list_destroy(wanted)

    def read_one(self, seconds):
        """A record, the number of a partition whose end was reached, or None when neither came."""
        message = consumer_poll(self.handle, int(seconds * 1000))
        if not message:
            return None
        try:
            seen = message.contents
            if seen.err == PARTITION_EOF:
                self.at[seen.partition] = seen.offset
                return seen.partition
            check(seen.err, f"reading {self.topic}")
            self.at[seen.partition] = seen.offset + 1
            return record_of(message)
        finally:
            message_destroy(message)

    def read(self, seconds=0.0):
        """Records that came since the last call, waiting at most so long for the first."""
        records, wait = [], seconds
        while True:
            item = self.read_one(wait)
            if isinstance(item, Record):
                records.append(item)
                wait = 0.01
            elif item is None:
                return records

    def read_to_end(self, seconds=120):
        """Everything up to the present end of every partition. Only as the first read."""
        records, ended, quiet = [], set(), 0
        while len(ended) < self.partitions:
            item = self.read_one(1)
            if isinstance(item, Record):
                records.append(item)
            elif item is not None:
                ended.add(item)
            quiet = 0 if item is not None else quiet + 1
            if quiet > seconds:
                raise TimeoutError(f"{self.topic}: no end of all partitions for {seconds} s")
        return records

    def ends(self):
        """The offset after the last record, by partition; of a committed reader: the last stable
        offset."""
        return [self.end_of(partition) for partition in range(self.partitions)]

    def end_of(self, partition, seconds=20):
        """A topic that was just made may have no leader yet, on a busy machine for seconds."""
        low, high, deadline = c.c_int64(), c.c_int64(), time.monotonic() + seconds
        while True:
            code = query_watermarks(self.asker, self.topic.encode(), partition, c.byref(low),
                                    c.byref(high), 20000)
            if code not in NO_LEADER or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        check(code, f"offsets of {self.topic}")
        return high.value

    def reached(self, ends):
        return all(at >= end for at, end in zip(self.at, ends))

    def close(self):
        for handle in filter(None, (self.handle, self.asker)):
            destroy(handle)
        self.handle = self.asker = None


def read_topic(bootstrap, topic, committed=True):
    """All records of a topic, by partition and offset."""
    with Reader(bootstrap, topic, committed) as reader:
        return sorted(reader.read_to_end(), key=lambda record: (record.partition, record.offset))


def end_offsets(bootstrap, topic, committed=True):
    """The offset after the last record, by partition; a difference between committed and not shows
    an open transaction."""
    with Reader(bootstrap, topic, committed) as reader:
        return reader.ends()
