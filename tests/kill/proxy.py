"""A TCP proxy in front of a broker that reads the frames of Kafka's protocol: a rule sees every request
before the broker does, and may keep it, wait with it, or cut the client off.

The broker has a listener for each proxy and advertises the proxy's port there (support/kafka_server.py),
so that no answer has to be rewritten."""

import queue
import socket
import struct
import threading
import time

from support.children import free_port

PRODUCE, HEARTBEAT, END_TXN, TXN_OFFSETS = 0, 12, 26, 28
ANSWER_SECONDS = 20


def short_text(data, at):
    """A nullable string with a length of 16 bits. -> (text or None, where the rest begins)"""
    (size,) = struct.unpack_from(">h", data, at)
    if size < 0:
        return None, at + 2
    return data[at + 2:at + 2 + size].decode(), at + 2 + size


class Frame:
    """One request: everything behind its length."""

    def __init__(self, data):
        self.data = data
        self.api, self.version, self.correlation = struct.unpack_from(">hhi", data)
        _client, self.body = short_text(data, 8)

    def is_commit(self):
        """An EndTxn that commits (versions 0 to 2 as librdkafka sends them)."""
        if self.api != END_TXN:
            return False
        _id, at = short_text(self.data, self.body)
        return self.data[at + 10] == 1

    def is_transactional_produce(self):
        return self.api == PRODUCE and short_text(self.data, self.body)[0] is not None

    def topic(self):
        """The (first) topic of a Produce before version 9."""
        _id, at = short_text(self.data, self.body)
        return short_text(self.data, at + 2 + 4 + 4)[0]


def end_txn_error(answer):
    """The error code in the answer of an EndTxn; None: no answer came."""
    return None if answer is None else struct.unpack_from(">h", answer, 8)[0]


def read_frame(stream):
    head = stream.read(4)
    if len(head) < 4:
        return None
    (size,) = struct.unpack(">i", head)
    data = stream.read(size)
    return data if len(data) == size else None


class Link:
    """One connection of a client, and ours to the broker for it."""

    def __init__(self, proxy, client, broker_port):
        self.proxy, self.client = proxy, client
        self.broker = socket.create_connection(("127.0.0.1", broker_port))
        for end in (self.client, self.broker):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_cut = False
        self.mute_until = 0  # answers wait until this moment
        self.awaited = {}
        for run in (self.upwards, self.downwards):
            threading.Thread(target=run, daemon=True).start()

    def upwards(self):
        with self.client.makefile("rb") as stream:
            try:
                while not self.is_cut:
                    data = read_frame(stream)
                    if data is None:
                        break
                    frame = Frame(data)
                    if self.proxy.rule(self, frame):
                        self.send(frame)
            except (OSError, ValueError):
                pass
        if not self.is_cut:
            self.close()

    def downwards(self):
        with self.broker.makefile("rb") as stream:
            try:
                while True:
                    data = read_frame(stream)
                    if data is None:
                        break
                    waiting = self.awaited.pop(struct.unpack_from(">i", data)[0], None)
                    if waiting:
                        waiting.put(data)
                    time.sleep(max(0, self.mute_until - time.monotonic()))
                    if not self.is_cut:
                        self.client.sendall(struct.pack(">i", len(data)) + data)
            except (OSError, ValueError):
                pass
        self.close()

    def send(self, frame):
        self.broker.sendall(struct.pack(">i", len(frame.data)) + frame.data)

    def ask(self, frame):
        """Sends it and waits for the broker's answer, which the client gets too. None: there is none."""
        waiting = self.awaited[frame.correlation] = queue.Queue()
        try:
            self.send(frame)
            return waiting.get(timeout=ANSWER_SECONDS)
        except (OSError, queue.Empty):
            return None

    def cut(self):
        """The client's side breaks; what is under way to the broker still can arrive."""
        self.is_cut = True
        self.end(self.client)

    def close(self):
        self.end(self.client)
        self.end(self.broker)

    @staticmethod
    def end(stream):
        try:
            stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        stream.close()


class Proxy:
    """rule(link, frame) runs on the connection's own thread: while it waits, what comes after the frame
    on that connection waits too. True: the frame goes on to the broker; False: the rule has taken it."""

    def __init__(self):
        self.port = free_port()
        self.rule = lambda link, frame: True
        self.listener = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def open(self, broker_port):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, args=(broker_port,), daemon=True).start()
        return self

    def accept(self, broker_port):
        while True:
            try:
                client, _peer = self.listener.accept()
            except OSError:
                return
            try:
                Link(self, client, broker_port)
            except OSError:  # the broker is down: so is this way to it
                client.close()

    def close(self):
        if self.listener:
            self.listener.close()
            self.listener = None
