"""A real Kafka broker for tests: a container where Docker runs, else one from its own jars.

Both can be stopped, killed and started again on the same data and address.
Where neither can be had, tests marked `kafka` are skipped with the reason, and
in CI that is a failure.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Protocol

import pytest
from testcontainers.core.container import DockerContainer

from deploy.kafka.broker import START_SECONDS_MAX, Broker, BrokerError, answers, free_port, version


class AnyBroker(Protocol):
    """What tests do to a broker."""

    address: str

    def start(self) -> object: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


class ContainerBroker:
    """Apache's own image, with its port fixed so that its address outlives a restart."""

    def __init__(self) -> None:
        port = free_port()
        self._port, self.address = port, f"127.0.0.1:{port}"
        self._container = DockerContainer(f"apache/kafka:{version()}").with_bind_ports(port, port)
        for name, value in {
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_NODE_ID": "1",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_LISTENERS": f"BROKER://0.0.0.0:{port},CONTROLLER://0.0.0.0:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"BROKER://127.0.0.1:{port}",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_BROKER_SESSION_TIMEOUT_MS": "2000",
            "KAFKA_BROKER_HEARTBEAT_INTERVAL_MS": "500",
            "KAFKA_HEAP_OPTS": "-Xmx512m",
        }.items():
            self._container.with_env(name, value)
        self._made = False

    def start(self) -> "ContainerBroker":
        if self._made:
            self._container.get_wrapped_container().start()
        else:
            self._made = True
            self._container.start()
        deadline = time.monotonic() + START_SECONDS_MAX
        while not answers(self._port):
            if time.monotonic() > deadline:
                raise BrokerError("the container did not answer")
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        self._container.get_wrapped_container().stop(timeout=30)

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def remove(self) -> None:
        if self._made:
            self._container.stop()


class Member(Broker):
    """One more broker of the cluster that `first` began."""

    def __init__(self, folder: Path, first: Broker, node: int) -> None:
        super().__init__(folder)
        self.controller, self.cluster, self._node = first.controller, first.cluster, node

    def _properties(self) -> str:
        # What stands last counts.
        return super()._properties() + (
            f"process.roles=broker\nnode.id={self._node}\nlisteners=BROKER://{self.address}\n"
        )


class Cluster:
    """Three brokers from the jars, one of which also holds the quorum."""

    def __init__(self, folder: Path) -> None:
        first = Broker(folder / "1")
        self.brokers = [first, *(Member(folder / str(node), first, node) for node in (2, 3))]
        self.address = ",".join(broker.address for broker in self.brokers)

    def start(self) -> "Cluster":
        for broker in self.brokers:
            broker.start()
        return self

    def stop(self) -> None:
        # The one that holds the quorum last: the others ask it for leave to go.
        for broker in reversed(self.brokers):
            broker.stop()


def docker_answers() -> bool:
    """Whether there is an engine behind the docker command."""
    if shutil.which("docker") is None:
        return False
    asked = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(asked, capture_output=True, timeout=20, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def start_broker(folder: Path) -> AnyBroker:
    """A running broker, or the reason why there is none."""
    if docker_answers():
        container = ContainerBroker()
        try:
            return container.start()
        except Exception as error:  # no image, no network, no such port: the jars need none of them
            print(f"no broker from Docker ({type(error).__name__}: {error}), taking the jars")
            container.remove()
    try:
        return Broker(folder).start()
    except BrokerError as error:
        raise missing(error) from None


def start_cluster(folder: Path) -> Cluster:
    """Three running brokers, or the reason why there are none."""
    try:
        made = Cluster(folder)
        try:
            return made.start()
        except BrokerError:
            made.stop()
            raise
    except BrokerError as error:
        raise missing(error) from None


def missing(error: BrokerError) -> BaseException:
    """In CI a test without a broker has failed, elsewhere it is skipped."""
    outcome = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    return outcome.Exception(f"no Kafka broker: {error}")


def end_broker(broker: AnyBroker) -> None:
    """Give everything back."""
    if isinstance(broker, ContainerBroker):
        broker.remove()
    else:
        broker.stop()
