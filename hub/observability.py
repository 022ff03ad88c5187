"""Logs are events too, and carry no person: a name, facts as keys, nothing else.

A processor drops every key that is not on the list, so forgetting is safe.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "feed",
        "drop",
        "batch_id",
        "events",
        "decisions",
        "behind",
        "step",
        "partition",
        "offset",
        "received",
        "accepted",
        "unchanged",
        "quarantined",
        "warnings",
        "seconds",
        "code",
        "error_type",
        "days",
        "topic",
        "number",
        "workers",
        "endpoint",
        "attempts",
        "dead",
        "crossing",
        "parts",
    ]
)


def drop_unlisted(_logger: object, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep only keys that are known to hold no personal data."""
    return {key: value for key, value in line.items() if key in ALLOWED}


def configure(*, verbose: bool = False) -> None:
    """One JSON object a line on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            drop_unlisted,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if verbose else logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
