"""A real Apache Kafka broker without Docker: one KRaft node from its own jars, on loopback.

For tests and for trying the hub on Kafka on one machine: `make kafka` starts one
in the foreground. Java 17 or later and Maven must be there; Maven brings the
jars once into a cache folder (`.cache/kafka-<version>`), nothing is installed.

One node is one copy: what it acknowledged survives `kill -9` of the broker, but
not the loss of its disk. A county in earnest runs three (see README.md).
"""

import argparse
import base64
import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

LOOPBACK = "127.0.0.1"
HERE = Path(__file__).resolve().parent
POM = HERE / "pom.xml"
CACHE = HERE.parent.parent / ".cache"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
HEAP = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
FETCH_SECONDS_MAX = 600
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
POLL_SECONDS = 0.05
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG: a test run that is killed leaves no broker behind

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=BROKER://{host}:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://{host}:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=BROKER
log.dirs={data}
num.partitions=1
num.network.threads=2
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=2097152
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
"""


class BrokerError(Exception):
    """The broker could not be brought, started or stopped; the message says what to do."""


def version() -> str:
    """The Kafka version that the POM pins."""
    found = re.search(r"<kafka.version>(.+?)</kafka.version>", POM.read_text("utf-8"))
    assert found is not None
    return found.group(1)


def program(name: str, package: str) -> str:
    """The path of a program, or what to install."""
    found = shutil.which(name)
    if found is None:
        raise BrokerError(f"{name} is missing: apt-get install {package}")
    return found


def jars(cache: Path = CACHE) -> Path:
    """The folder of the broker's jars, brought by Maven the first time."""
    folder = cache / f"kafka-{version()}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    maven = program("mvn", "maven")
    with tempfile.TemporaryDirectory(dir=cache) as made:
        part = Path(made) / "jars"
        command = [
            maven,
            "-B",
            "-q",
            "-f",
            str(POM),
            COPY,
            "-DincludeScope=runtime",
            f"-DoutputDirectory={part}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS_MAX, check=False)
        if done.returncode or not part.is_dir():
            raise BrokerError(f"maven did not bring the jars: {(done.stdout + done.stderr).strip()[-2000:]}")
        # Another process may have been quicker; its jars are the same.
        with contextlib.suppress(OSError):
            part.rename(folder)
    return folder


def free_port() -> int:
    """A port of loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether a broker replies to ApiVersions, the first thing any client asks."""
    request = struct.pack(">hhih", 18, 0, 1, -1)  # key, version, correlation id, no client id
    try:
        with socket.create_connection((host, port), timeout=2) as stream:
            stream.sendall(struct.pack(">i", len(request)) + request)
            return len(stream.recv(8)) == 8
    except OSError:
        return False


def die_with_parent() -> None:
    """In the child, before Java runs: be stopped when the process that started us is gone."""
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


class Broker:
    """One broker over one data folder; it may be stopped, killed and started again on the same data."""

    def __init__(self, folder: Path, port: int = 0, cache: Path = CACHE, host: str = LOOPBACK) -> None:
        self.folder = folder
        self.host = host
        self.port = port or free_port()
        self.controller = free_port()
        self.cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._jars = jars(cache)
        self._process: subprocess.Popen[bytes] | None = None
        self._output = folder / "broker.log"

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of its JVM."""
        assert self._process is not None
        return self._process.pid

    def _java(self, main: str, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
        java = program("java", "default-jre-headless")
        return [java, *HEAP, logging, "-cp", f"{self._jars}/*", main, *arguments]

    def _properties(self) -> str:
        """Its configuration."""
        where = {"host": self.host, "port": self.port, "controller": self.controller}
        return PROPERTIES.format(data=self.folder / "data", **where)

    def _format(self) -> Path:
        """Write the configuration; format the data folder the first time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        properties.write_text(self._properties(), encoding="utf-8")
        if not (self.folder / "data" / "meta.properties").exists():
            # With "=", since one id in 64 begins with a dash and would be read as an option.
            tool = (
                "kafka.tools.StorageTool",
                "format",
                f"--cluster-id={self.cluster}",
                f"--config={properties}",
            )
            done = subprocess.run(
                self._java(*tool), capture_output=True, text=True, timeout=START_SECONDS_MAX, check=False
            )
            if done.returncode:
                raise BrokerError(f"formatting failed: {(done.stdout + done.stderr).strip()[-2000:]}")
        return properties

    def start(self) -> "Broker":
        """Start the JVM and wait until it answers."""
        properties = self._format()
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                self._java("kafka.Kafka", str(properties)),
                stdout=output, stderr=output, start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS_MAX
        while not answers(self.port, self.host):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise BrokerError(f"the broker did not start: {self.output()[-2000:]}")
            time.sleep(POLL_SECONDS)
        return self

    def output(self) -> str:
        """What the broker has written so far."""
        return self._output.read_text("utf-8", errors="replace")

    def wait(self) -> None:
        """Until it ends."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would (kill -9)."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS_MAX)


def main() -> None:
    """Run one broker in the foreground until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="one Kafka broker on loopback, from its jars")
    parser.add_argument("--port", type=int, default=9092, help="0: any free port")
    parser.add_argument("--host", default=LOOPBACK, help="address of this machine to listen on")
    parser.add_argument("--folder", type=Path, help="where data stays; without it, thrown away at the end")
    parser.add_argument("--fetch", action="store_true", help="only bring the jars into the cache")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if chosen.fetch:
            print(jars())
            return
        with tempfile.TemporaryDirectory() as thrown_away:
            broker = Broker(chosen.folder or Path(thrown_away), chosen.port, host=chosen.host)
            try:
                broker.start()
                print(f"kafka {version()} answers at {broker.address} (pid {broker.pid}); Ctrl-C ends it")
                print(
                    f'[log]\nurl = "kafka://{broker.address}/county"\naccept_single_copy = true', flush=True
                )
                broker.wait()
            except KeyboardInterrupt:
                pass
            finally:
                broker.stop()
    except BrokerError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    os.umask(0o077)
    main()
