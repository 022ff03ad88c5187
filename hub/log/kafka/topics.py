"""Topics that may hold the truth, and the refusal of those that may not.

The log is read from its start for ever, so a topic that forgets (retention,
compaction), that may take back what it acknowledged (unclean election, one
copy) or that sends a key elsewhere than before (another partition count) is
refused before the first event, each fault with its proof and its remedy.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors
from kafka.admin import ConfigResource

from hub.domain.events import TOPICS
from hub.errors import LogUnavailableError, SettingsError
from hub.log.kafka.site import Site, connected, translated

SCHEMAS = "schemas"
"""Every schema an event was ever written with: the log explains itself."""
MESSAGE_BYTES_MAX = 2 << 20
"""A payload at its limit, its attributes, and room."""
FOREVER = "-1"


class Topic(NamedTuple):
    """A topic as the brokers describe it."""

    name: str
    partitions: int
    replicas: int
    config: Mapping[str, str]
    behind: int = 0
    """Partitions of which a copy is not in sync, or that nobody leads."""


def wanted(site: Site) -> dict[str, dict[str, Any]]:
    """How the adapter creates its topics."""
    config = {
        "cleanup.policy": "delete",
        "retention.ms": FOREVER,
        "retention.bytes": FOREVER,
        "max.message.bytes": str(MESSAGE_BYTES_MAX),
        "unclean.leader.election.enable": "false",
        "min.insync.replicas": str(1 if site.accept_single_copy else site.replication // 2 + 1),
    }
    if site.accept_single_copy:
        config["flush.messages"] = "1"
    replicas = 1 if site.accept_single_copy else site.replication
    return {
        site.topic(name): {
            "num_partitions": 1 if name == SCHEMAS else site.partitions,
            "replication_factor": replicas,
            "configs": config,
        }
        for name in (SCHEMAS, *TOPICS)
    }


class Fault(NamedTuple):
    """Why a topic may not hold the log."""

    code: str
    proof: str
    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.proof}: {self.cause}; {self.remedy}"


def faults(topic: Topic, partitions: int, accept_single_copy: bool) -> Iterator[Fault]:
    """Why this topic may not hold the log; each with its proof and what to do."""
    config = topic.config
    if topic.partitions != partitions:
        yield Fault(
            "partitions", f"it has {topic.partitions} partitions and log.partitions is {partitions}",
            "a key would move and lose its order", f"set log.partitions = {topic.partitions}",
        )  # fmt: skip
    for name in ("retention.ms", "retention.bytes"):
        if config[name] != FOREVER:
            yield Fault(
                "retention", f"{name} is {config[name]}", "brokers would delete old events",
                f"set {name}={FOREVER}",
            )  # fmt: skip
    if config["cleanup.policy"] != "delete":
        yield Fault(
            "cleanup", f"cleanup.policy is {config['cleanup.policy']}",
            "compaction would drop all but the last event of a key", "set cleanup.policy=delete",
        )  # fmt: skip
    if config["unclean.leader.election.enable"] != "false":
        yield Fault(
            "election", "unclean.leader.election.enable is true",
            "a stale copy could lead and acknowledged events vanish", "set it to false",
        )  # fmt: skip
    if int(config["max.message.bytes"]) < MESSAGE_BYTES_MAX:
        yield Fault(
            "size", f"max.message.bytes is {config['max.message.bytes']}",
            "an event the hub accepts would not fit", f"set max.message.bytes={MESSAGE_BYTES_MAX}",
        )  # fmt: skip
    yield from copy_faults(topic, accept_single_copy)


def copy_faults(topic: Topic, accept_single_copy: bool) -> Iterator[Fault]:
    """Whether what is acknowledged lies in more than one place, or at least on the disk."""
    isr = int(topic.config["min.insync.replicas"])
    if isr > topic.replicas:
        yield Fault(
            "copies", f"min.insync.replicas is {isr} of {topic.replicas} replicas",
            "nothing could ever be written", f"set min.insync.replicas to {topic.replicas // 2 + 1}",
        )  # fmt: skip
    if topic.replicas >= 3 and isr >= 2:
        return
    if not accept_single_copy:
        yield Fault(
            "copies", f"it has {topic.replicas} replicas with min.insync.replicas {isr}",
            "one lost disk loses acknowledged events",
            "use 3 replicas and 2 in sync, or set log.accept_single_copy for a site of one broker",
        )  # fmt: skip
    elif topic.config["flush.messages"] != "1":
        yield Fault(
            "copies", f"flush.messages is {topic.config['flush.messages']} on a single copy",
            "a power cut loses acknowledged events", "set flush.messages=1",
        )  # fmt: skip


def described(admin: Any, names: list[str]) -> list[Topic]:
    """Topics with their configuration in force, whoever set it."""
    resources = [ConfigResource("TOPIC", name) for name in names]
    configs = admin.describe_configs(resources, config_filter="all")["topic"]
    return [
        Topic(
            found["name"],
            len(found["partitions"]),
            min(len(part["replica_nodes"]) for part in found["partitions"]),
            {name: str(entry["value"]) for name, entry in configs[found["name"]].items()},
            sum(
                part["leader_id"] < 0 or len(part["isr_nodes"]) < len(part["replica_nodes"])
                for part in found["partitions"]
            ),
        )
        for found in admin.describe_topics(names)
    ]


def known(admin: Any, names: list[str], seconds: float) -> list[Topic]:
    """Topics as the broker asked knows them; one of several may hear of a new topic a moment later."""
    deadline = time.monotonic() + seconds
    while True:
        found = described(admin, names)
        if all(topic.config for topic in found):
            return found
        if time.monotonic() > deadline:
            raise LogUnavailableError("the topics could not be prepared: a broker does not know them yet")
        time.sleep(0.1)


def ensure(site: Site) -> None:
    """Create the topics that are missing; refuse the hub's start on one that is not safe."""
    plan = wanted(site)
    with translated("the topics could not be prepared"):
        admin = connected(KafkaAdminClient, site)
        try:
            there = set(admin.list_topics())
            missing = {name: how for name, how in plan.items() if name not in there}
            if missing:
                create(admin, missing)
            found = known(admin, list(plan), site.wait_seconds)
        finally:
            admin.close()
    for topic in found:
        partitions = plan[topic.name]["num_partitions"]
        if refused := list(faults(topic, partitions, site.accept_single_copy)):
            raise SettingsError(f"topic {topic.name} cannot hold the log: " + "; ".join(map(str, refused)))


def create(admin: Any, missing: dict[str, dict[str, Any]]) -> None:
    """Create topics; another process of the hub may be doing the same."""
    try:
        admin.create_topics(missing, wait_for_metadata=True)
    except kafka_errors.TopicAlreadyExistsError:
        admin.wait_for_topics(list(missing))
