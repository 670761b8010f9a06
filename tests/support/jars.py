"""The jars of a real Apache Kafka, fetched once by Maven (with this machine's own Maven settings)
into a cache folder. Only tests need them: neither the build nor makegood itself does."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

KAFKA_VERSION = "4.1.0"
# (group, artifact, version): the broker, the command line tools, and what writes its log.
ARTIFACTS = [
    ("org.apache.kafka", "kafka_2.13", KAFKA_VERSION),
    ("org.apache.kafka", "kafka-tools", KAFKA_VERSION),
    ("org.apache.logging.log4j", "log4j-core", "2.24.3"),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.24.3"),
]
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


def cache_folder():
    """Where fetched things are kept: $MAKEGOOD_CACHE, else the user's cache."""
    named = os.environ.get("MAKEGOOD_CACHE")
    if named:
        return pathlib.Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "makegood"


def pom_text():
    dependencies = "".join(
        f"    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version></dependency>\n"
        for group, artifact, version in ARTIFACTS)
    return ('<project xmlns="http://maven.apache.org/POM/4.0.0">\n'
            "  <modelVersion>4.0.0</modelVersion>\n"
            "  <groupId>makegood</groupId><artifactId>test-kafka</artifactId>"
            "<version>1</version><packaging>pom</packaging>\n"
            f"  <dependencies>\n{dependencies}  </dependencies>\n</project>\n")


def fetch(folder):
    """Maven writes into a folder beside the final one, which appears by rename: a fetch that was
    cut short is never taken for a whole one."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    pom = partial / "pom.xml"
    pom.write_text(pom_text())
    print(f"servers: fetching Apache Kafka {KAFKA_VERSION} by Maven into {folder} (once)",
          file=sys.stderr, flush=True)
    result = subprocess.run(
        ["mvn", "-B", "-q", "-Dstyle.color=never", "-f", str(pom), COPY_GOAL, "-DincludeScope=runtime",
         f"-DoutputDirectory={partial}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise RuntimeError("Maven could not fetch Apache Kafka (its settings name the mirror):\n"
                           + result.stdout[-3000:])
    partial.rename(folder)


def kafka_classpath():
    """The class path of Kafka, fetched if it is not there yet. Safe in several processes."""
    cache = cache_folder()
    folder = cache / f"kafka-{KAFKA_VERSION}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with open(cache / "kafka.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                fetch(folder)
    return str(folder / "*")
