"""A redis-server of our own on a free port of 127.0.0.1, and a client of a few lines for tests."""

import pathlib
import shutil
import socket
import tempfile

from support.children import Child, free_port, wait_until


class RedisError(Exception):
    """An error reply of the server."""


class RedisClient:
    """RESP over a socket: enough to look at a view and to break it."""

    def __init__(self, port, password=None, database=0, timeout=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.stream = self.socket.makefile("rb")
        if password:
            self.command("AUTH", password)
        if database:
            self.command("SELECT", database)

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        parts = [b"*%d\r\n" % len(words)]
        parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
        self.socket.sendall(b"".join(parts))

    def command(self, *words):
        self.send(*words)
        return self.reply()

    def pipeline(self, commands):
        """Replies of many commands sent at once (send a few hundred at a time)."""
        commands = list(commands)
        for words in commands:
            self.send(*words)
        return [self.reply() for _ in commands]

    def reply(self):
        line = self.stream.readline()
        if not line:
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self.bulk(int(rest))
        return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]

    def bulk(self, length):
        return None if length < 0 else self.stream.read(length + 2)[:-2]

    def keys(self, pattern="*"):
        """All keys that match, by SCAN."""
        cursor, found = b"0", []
        while True:
            cursor, page = self.command("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            found += page
            if cursor == b"0":
                return sorted(set(found))


class Redis:
    """A server with a folder of its own. Options are redis.conf directives with `_` for `-`."""

    def __init__(self, folder=None, **options):
        self.own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="makegood-redis-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.options = {"appendonly": "no", "save": "", "maxmemory-policy": "noeviction"}
        self.options.update({key.replace("_", "-"): value for key, value in options.items()})
        self.child = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        command = ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder,
                   "--daemonize", "no", "--loglevel", "warning"]
        for key, value in self.options.items():
            command += [f"--{key}", value]
        self.child = Child(command, self.folder / "redis.log")
        wait_until("Redis to answer", self.answers, 20, 0.02)
        return self

    def answers(self):
        if not self.child.alive():
            raise RuntimeError("redis-server ended:\n" + self.child.log_tail())
        try:
            with self.client(timeout=2) as client:
                return client.command("PING") == b"PONG"
        except (OSError, RedisError):
            return False

    def client(self, timeout=30):
        return RedisClient(self.port, self.options.get("requirepass"), timeout=timeout)

    def command(self, *words):
        with self.client() as client:
            return client.command(*words)

    def flushall(self):
        return self.command("FLUSHALL")

    def save_copy(self, name):
        """A snapshot kept aside; restart_from(name) goes back to it: an older file."""
        self.command("SAVE")
        shutil.copyfile(self.folder / "dump.rdb", self.folder / name)

    def restart_from(self, name):
        self.kill()
        shutil.copyfile(self.folder / name, self.folder / "dump.rdb")
        return self.start()

    def stop(self):
        if self.child:
            self.child.stop()

    def kill(self):
        if self.child:
            self.child.kill()

    def restart(self):
        self.stop()
        return self.start()

    def close(self):
        """Ends it and removes its folder."""
        self.kill()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
