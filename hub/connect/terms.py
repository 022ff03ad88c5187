"""Terms: what a contract says of its records, as values that can be kept, compared and read again.

How its files are delivered (format, encoding, where they lie) is no part of
them: nobody who receives records sees it.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from hub.connect.contracts import Feed, Field
from hub.domain.amendments import Terms
from hub.log.compatibility import unreadable

UNREADABLE_SHOWN_MAX = 10


def terms_of(feed: Feed) -> dict[str, Any]:
    """The terms of a feed's contract."""
    return {
        "feed": feed.name, "version": feed.version, "department": feed.department, "evidence": feed.kind,
        "key": feed.key, "later": "hold" if feed.holds else "replace",
        "rhythm": f"{feed.rhythm} {'workingDays' if feed.working_days else 'd'}" if feed.rhythm else "",
        "operation": f"{feed.operation.heading}: {sorted(feed.operation.codes.items())}" if feed.operation else "",
        "fields": [
            {"name": f.name, "heading": f.heading, "kind": f.kind, "unit": f.unit, "required": f.required,
             "attribute": f.attribute, "codes": dict(f.codes), "severity": f.severity,
             "classification": f.classification, "meaning": f.doc, "format": f.date_format}
            for f in feed.fields
        ],
        "quality": [
            {"rule": r.rule, "fields": list(r.fields), "severity": r.severity} for r in feed.relations
        ],
    }  # fmt: skip


def written(terms: Terms) -> str:
    """The one way to write terms."""
    return json.dumps(terms, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(terms: Terms) -> str:
    """Tells terms apart."""
    return hashlib.sha256(written(terms).encode()).hexdigest()


def unreadable_under(feed: Feed, earlier: Iterable[Terms]) -> list[str]:
    """What the schema of a feed's events cannot read of those written under earlier terms, or the other way round."""
    new, found = feed.avro(), dict[str, None]()
    for terms in earlier:
        old = _feed_of(terms).avro()
        version = terms["version"]
        found |= dict.fromkeys(f"{feed.version} ← {version}: {why}" for why in unreadable(new, old))
        found |= dict.fromkeys(f"{version} ← {feed.version}: {why}" for why in unreadable(old, new))
    return list(found)[:UNREADABLE_SHOWN_MAX]


def _feed_of(terms: Terms) -> Feed:
    """As much of a feed as its schema needs."""
    fields = tuple(
        Field(f["name"], f["heading"], f["kind"], f["required"], f["attribute"], f["codes"], f["severity"],
              f["classification"], f["meaning"], f["format"], f["unit"])
        for f in terms["fields"]
    )  # fmt: skip
    return Feed(
        name=terms["feed"], department=terms["department"], kind=terms["evidence"], version=terms["version"],
        key=terms["key"], fields=fields, operation=None, format="", encoding="", delimiter="", table="",
    )  # fmt: skip
