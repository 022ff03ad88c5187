"""What brokers and topics must keep, asked from the brokers; nothing is created or changed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from hub.checks import Check, check
from hub.log.kafka.site import Site, connected, translated
from hub.log.kafka.topics import Topic, described, faults, wanted

BROKERS_MIN = 3
TITLES = {
    "partitions": ("Partitions are as the settings say", "分区数与设置一致"),
    "retention": ("Events are kept for ever", "事件永久保留"),
    "cleanup": ("No event is compacted away", "事件不会被压缩丢弃"),
    "election": ("No stale copy may lead", "落后的副本不能当选"),
    "size": ("Every event of the hub fits", "容得下最大的事件"),
    "copies": ("What is acknowledged lies in enough places", "已确认的事件有足够副本"),
}
"""By the code of a topic's fault."""


def checks(site: Site) -> list[Check]:
    """The brokers, then the topics, each check over all topics at once."""
    with translated("the brokers could not be asked"):
        admin = connected(KafkaAdminClient, site)
        try:
            return [*_brokers(admin, site), *_topics(admin, site)]
        finally:
            admin.close()


def _brokers(admin: Any, site: Site) -> Iterator[Check]:
    numbers = sorted(int(broker["broker_id"]) for broker in admin.describe_cluster()["brokers"])
    single = site.accept_single_copy
    yield check(
        "kafka-brokers", ("There are enough brokers", "代理节点数量足够"),
        single or len(numbers) >= BROKERS_MIN,
        f"brokers {', '.join(map(str, numbers))}; log.accept_single_copy={str(single).lower()}",
        "the loss of one machine stops the hub or loses events",
        "run three brokers, or set log.accept_single_copy for a site of one",
    )  # fmt: skip
    asked = [ConfigResource("BROKER", str(number)) for number in numbers]
    found = admin.describe_configs(asked, config_filter="all")["broker"]
    for name, titles, cause in (
        ("auto.create.topics.enable", ("Brokers make no topics on their own", "代理不会自动建主题"),
         "a mistyped name becomes a topic with other settings than the log needs"),
        ("unclean.leader.election.enable", ("Brokers let no stale copy lead", "代理不允许落后副本当选"),
         "topics made by others, and the brokers' own, may take back what was acknowledged"),
    ):  # fmt: skip
        values = {number: str(entry[name]["value"]) for number, entry in found.items()}
        yield check(
            "kafka-" + name.partition(".")[0], titles, set(values.values()) == {"false"},
            "; ".join(f"broker {number}: {name}={value}" for number, value in values.items()),
            cause, f"set {name}=false in the brokers' server.properties and restart them one by one",
        )  # fmt: skip


def _topics(admin: Any, site: Site) -> Iterator[Check]:
    plan = wanted(site)
    known = set(admin.list_topics()) & plan.keys()
    if not known:
        return  # the hub's first start makes them, as they must be
    missing = sorted(plan.keys() - known)
    yield check(
        "kafka-topics", ("All topics of the log are there", "日志主题齐全"), not missing,
        f"there: {', '.join(sorted(known))}" + (f"; missing: {', '.join(missing)}" if missing else ""),
        "one was deleted, and with it the events it held",
        "stop the hub before it makes an empty one, and restore the topic from a copy",
    )  # fmt: skip
    topics = described(admin, sorted(known))
    found = [
        (topic.name, fault)
        for topic in topics
        for fault in faults(topic, plan[topic.name]["num_partitions"], site.accept_single_copy)
    ]
    for code, titles in TITLES.items():
        failed = [(name, fault) for name, fault in found if fault.code == code]
        yield check(
            f"kafka-{code}", titles, not failed,
            "; ".join(f"{name}: {fault.proof}" for name, fault in failed) or _said(topics, READ[code]),
            "; ".join(sorted({fault.cause for _, fault in failed})),
            "; ".join(sorted({fault.remedy for _, fault in failed})),
        )  # fmt: skip
    behind = {topic.name: topic.behind for topic in topics if topic.behind}
    yield check(
        "kafka-in-sync", ("Every copy is in sync", "所有副本均已同步"), not behind,
        "; ".join(f"{name}: {count} partitions behind" for name, count in behind.items())
        or f"{sum(topic.partitions for topic in topics)} partitions, all led and in sync",
        "one more lost broker stops writing, or a partition has no leader now",
        "look which broker is down or slow (kafka-topics.sh --describe --under-replicated-partitions)",
    )  # fmt: skip


def _config(*names: str) -> Callable[[Topic], Mapping[str, object]]:
    return lambda topic: {name: topic.config[name] for name in names}


READ: Mapping[str, Callable[[Topic], Mapping[str, object]]] = {
    "partitions": lambda topic: {"partitions": topic.partitions},
    "retention": _config("retention.ms", "retention.bytes"),
    "cleanup": _config("cleanup.policy"),
    "election": _config("unclean.leader.election.enable"),
    "size": _config("max.message.bytes"),
    "copies": lambda topic: {
        "replicas": topic.replicas,
        **_config("min.insync.replicas", "flush.messages")(topic),
    },
}
"""By code: what was read of a topic that has no such fault."""


def _said(topics: list[Topic], read: Callable[[Topic], Mapping[str, object]]) -> str:
    """What was read, once where it is the same for all topics."""
    by_values: dict[str, list[str]] = {}
    for topic in topics:
        values = ", ".join(f"{name}={value}" for name, value in read(topic).items())
        by_values.setdefault(values, []).append(topic.name)
    return "; ".join(f"{', '.join(names)}: {values}" for values, names in by_values.items())
