"""A topic on a real broker that tests fill as Debezium does."""

import json
import zlib
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

COLUMNS = {"id": "string", "given_name": "string", "surname": "string", "dob": "string"}


def millis(day: str) -> int:
    """Noon of a day in UTC, in milliseconds."""
    return int(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp() * 1_000)


class ChangeTopic:
    """One topic; the partition of a record is that of its key."""

    def __init__(self, address: str, partitions: int = 1, transactional: bool = False) -> None:
        self.name, self.partitions, self.address = f"cdc.town.members.{uuid4().hex[:8]}", partitions, address
        self.said = f'topic = "{self.name}"\nbrokers = "{address}"'
        self.wrapped = False
        self.day = "2024-01-05"
        self._transactional = {"transactional_id": uuid4().hex} if transactional else {}

    def __enter__(self) -> "ChangeTopic":
        admin = KafkaAdminClient(bootstrap_servers=self.address)
        admin.create_topics({self.name: {"num_partitions": self.partitions, "replication_factor": 1}})
        admin.close()
        self.producer = KafkaProducer(bootstrap_servers=self.address, acks="all", **self._transactional)
        return self

    def __exit__(self, *_: object) -> None:
        self.producer.close()

    def envelope(self, op: str, row: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
        """What Debezium says of a change to a row."""
        gone = op == "d"
        payload = {
            "before": row if gone else before, "after": None if gone else row, "op": op,
            "ts_ms": millis(self.day) + 1_000,
            "source": {"connector": "postgresql", "ts_ms": millis(self.day), "table": "members", "lsn": 7},
        }  # fmt: skip
        if not self.wrapped:
            return payload
        fields = [{"field": name, "type": kind, "optional": True} for name, kind in COLUMNS.items()]
        schema = {"type": "struct", "fields": [{"field": "after", "type": "struct", "fields": fields}]}
        return {"schema": schema, "payload": payload}

    def say(self, op: str, row: dict[str, Any], before: dict[str, Any] | None = None) -> None:
        """A change to a row, and behind a deletion its tombstone."""
        key = json.dumps({"id": row.get("id")}).encode()
        self.put(self.envelope(op, row, before), key)
        if op == "d":
            self.put(None, key)

    def put(self, value: Any, key: bytes | None = None, partition: int | None = None) -> int:
        """Any message; its offset."""
        raw = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        chosen = zlib.crc32(key or b"") % self.partitions if partition is None else partition
        sent = self.producer.send(self.name, raw, key=key, partition=chosen)
        return int(sent.get(30).offset)

    def flush(self) -> None:
        """All of it is on the broker."""
        self.producer.flush(30)

    def forget(self, partition: int, before: int) -> None:
        """The broker drops what lies before an offset, as retention does."""
        admin = KafkaAdminClient(bootstrap_servers=self.address)
        admin.delete_records({TopicPartition(self.name, partition): before})
        admin.close()
