"""A real Apache Kafka: one KRaft node (broker and controller) on free ports of 127.0.0.1."""

import base64
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import uuid

from support.children import Child, end_with_parent, free_port, wait_until
from support.jars import kafka_classpath

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT{protocols}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=33554432
"""

SASL_PROPERTIES = """
listener.name.sasl.sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
required user_{user}="{password}";
"""

LOG4J = """
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level={level}
rootLogger.appenderRef.out.ref=out
"""

API_METADATA = 3


def java_command(heap, logging, main, *arguments):
    """logging: a log4j2 configuration; None logs errors only."""
    named = [f"-Dlog4j2.configurationFile={logging}"] if logging else ["-Dlog4j2.level=ERROR"]
    return ["java", f"-Xmx{heap}", *named, "-Djava.net.preferIPv4Stack=true",
            "-cp", kafka_classpath(), main, *[str(word) for word in arguments]]


def brokers_known(port):
    """How many brokers a metadata answer (version 1, no topics) names: 0 until the node serves."""
    body = struct.pack(">hhih", API_METADATA, 1, 7, -1) + struct.pack(">i", 0)
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as link:
            link.sendall(struct.pack(">i", len(body)) + body)
            answer = link.makefile("rb").read(12)
    except OSError:
        return 0
    return struct.unpack(">i", answer[8:12])[0] if len(answer) == 12 else 0


class KafkaTools:
    """Kafka's own command line tools against a broker, ours or not."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    def java(self, main, *arguments, timeout=120):
        """Runs one of Kafka's own tools; its standard output."""
        parent = os.getpid()
        result = subprocess.run(
            java_command("256m", None, main, *arguments), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
            preexec_fn=lambda: end_with_parent(parent))
        if result.returncode != 0:
            raise RuntimeError(f"{main} ended with {result.returncode}:\n{result.stdout[-3000:]}")
        return result.stdout

    def topics(self, *arguments):
        """kafka-topics: topics('--create', '--topic', name, '--partitions', 3)"""
        return self.java("org.apache.kafka.tools.TopicCommand",
                         "--bootstrap-server", self.bootstrap, *arguments)

    def create_topic(self, name, partitions=1, **config):
        settings = [word for key, value in config.items()
                    for word in ("--config", f"{key.replace('_', '.')}={value}")]
        return self.topics("--create", "--topic", name, "--partitions", partitions,
                           "--replication-factor", 1, *settings)

    def groups(self, *arguments):
        """kafka-consumer-groups"""
        return self.java("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
                         "--bootstrap-server", self.bootstrap, *arguments)

    def reset_offsets(self, group, topic, where="--to-earliest"):
        """Of a group whose members have left: the tool refuses while it takes one for alive."""
        said = []

        def was_reset():
            said.append(self.groups("--reset-offsets", "--group", group, "--topic", topic, where,
                                    "--execute"))
            return "Error" not in said[-1]
        wait_until(f"the offsets of {group} to be reset", was_reset, 30, 1)
        return said[-1]


class Kafka(KafkaTools):
    """One node with a folder of its own; restart() goes on with the same data and ports."""

    def __init__(self, folder=None, heap="512m", sasl=None, log_level="warn", proxies=(),
                 **properties):
        """sasl: (user, password) adds a SASL/PLAIN listener at sasl_port. proxies: ports of proxies;
        whoever comes through the one whose listener is behind[port] is told that port for the
        broker's. properties: broker settings with `_` for `.`."""
        self.own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="makegood-kafka-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.heap, self.sasl, self.log_level = heap, sasl, log_level
        self.properties = {key.replace("_", "."): value for key, value in properties.items()}
        self.port, self.controller_port, self.sasl_port = free_port(), free_port(), free_port()
        self.behind = {proxy: free_port() for proxy in proxies}
        super().__init__(f"127.0.0.1:{self.port}")
        self.logging = self.folder / "log4j2.properties"
        self.settings = self.folder / "server.properties"
        self.child = None

    @property
    def sasl_bootstrap(self):
        return f"127.0.0.1:{self.sasl_port}"

    def write_settings(self):
        listeners = f",SASL://127.0.0.1:{self.sasl_port}" if self.sasl else ""
        advertised, protocols = listeners, ""
        for proxy, port in self.behind.items():
            listeners += f",PROXY{proxy}://127.0.0.1:{port}"
            advertised += f",PROXY{proxy}://127.0.0.1:{proxy}"
            protocols += f",PROXY{proxy}:PLAINTEXT"
        text = PROPERTIES.format(port=self.port, controller=self.controller_port,
                                 listeners=listeners, advertised=advertised, protocols=protocols,
                                 data=self.folder / "data")
        if self.sasl:
            text += SASL_PROPERTIES.format(user=self.sasl[0], password=self.sasl[1])
        text += "".join(f"{key}={value}\n" for key, value in self.properties.items())
        self.settings.write_text(text)
        self.logging.write_text(LOG4J.format(level=self.log_level))

    def format(self):
        cluster = "-"
        while cluster.startswith("-"):  # a flag, for a tool of Kafka's
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", self.settings)

    def begin(self):
        """Starts without waiting, so that other servers can start meanwhile."""
        self.write_settings()
        if not (self.folder / "data" / "meta.properties").exists():
            self.format()
        self.child = Child(java_command(self.heap, self.logging, "kafka.Kafka", self.settings),
                           self.folder / "kafka.log")
        return self

    def start(self):
        return self.begin().ready()

    def ready(self, seconds=90):
        wait_until("Kafka to serve", self.serves, seconds)
        return self

    def serves(self):
        if not self.child.alive():
            raise RuntimeError("Kafka ended:\n" + self.child.log_tail())
        return brokers_known(self.port) > 0

    def stop(self):
        if self.child:
            self.child.stop(30)

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
