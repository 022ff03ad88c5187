"""Receipts as they are issued: canonical JSON, signed, the same bytes whenever they are made from the log again.

Canonical means: keys in order, no blanks, UTF-8, and nothing but texts, whole
numbers, lists and objects. A file that reads the same but is written otherwise
was changed by somebody, and that is told. Whoever holds a receipt verifies it
with the hub's public key and nothing else.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hub.domain.days import iso
from hub.projections.receipts import ReceiptRow, SetAside
from hub.signing import Signer, Verifier

KIND = "county-hub/receipt/v1"
SIGNED_AS = b"county-hub/receipt/v1\n"
"""Stands before what is signed, so that no signature of another kind of document fits a receipt."""
FILE_BYTES_MAX = 16 << 20


class Verified(NamedTuple):
    """A receipt that was looked at, and what is wrong with it, in Chinese and English; nothing: all is well."""

    receipt: Mapping[str, Any]
    problems: tuple[str, ...]


def canonical(document: Any) -> bytes:
    """The one way to write a document."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def receipt_of(
    row: ReceiptRow, set_aside: Iterable[SetAside], hub: str, county: str, key_id: str
) -> dict[str, Any]:
    """What a receipt says: rows, fields and reasons, never a value."""
    cited = [each for each in row.cites.split(",") if each]
    return {
        "kind": KIND, "hub": hub, "county": county, "key": key_id,
        "department": row.department, "feed": row.feed, "batch": row.batch_id, "drop": row.drop,
        "attempt": row.attempt, "day": iso(row.published_on), "after": row.after, "reached": row.reached,
        "counts": row.counts, "reasons": row.reasons,
        "set_aside": [{"row": each.row, "reasons": each.reasons} for each in set_aside],
        "columns": {"ignored": row.ignored_columns, "refused": row.refused_columns},
        "contract": next((each for each in cited if "@" not in each), ""),
        "agreements": [each for each in cited if "@" in each],
        "log": {"event": row.event_id, "partition": row.partition, "offset": row.offset},
    }  # fmt: skip


def issued(receipt: Mapping[str, Any], signer: Signer) -> bytes:
    """A receipt as a file, signed."""
    return _file(receipt, signer.sign(SIGNED_AS + canonical(receipt)))


def verified(content: bytes, verifier: Verifier) -> Verified:
    """What a file says, and whether the hub of this key issued exactly this."""
    if len(content) > FILE_BYTES_MAX:
        return Verified({}, ("文件过大 the file is larger than a receipt can be",))
    try:
        document = json.loads(content)
        receipt, signature = document["receipt"], base64.b64decode(document["signature"], validate=True)
        written, message = _file(receipt, signature), SIGNED_AS + canonical(receipt)
        named, counts = str(receipt["key"]), receipt["counts"]
        balanced = counts["received"] == counts["accepted"] + counts["unchanged"] + counts["quarantined"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Verified({}, ("不是回执文件 the file is no receipt",))
    problems = []
    if written.rstrip() != content.rstrip(b"\r\n"):
        problems.append("文件写法被改动 the file is not written as it was issued")
    if named != verifier.key_id:
        problems.append(f"由另一密钥签署 it names another key: {named[:64]}, not {verifier.key_id}")
    if not verifier.fits(signature, message):
        problems.append(
            "签名不符：内容被改动或非本机构签发 the signature does not fit: changed, or not issued by this hub"
        )
    if receipt.get("kind") != KIND or not balanced:
        problems.append("数目不平 it does not balance, or is of another kind")
    return Verified(receipt, tuple(problems))


def _file(receipt: Mapping[str, Any], signature: bytes) -> bytes:
    return canonical({"receipt": receipt, "signature": base64.b64encode(signature).decode()}) + b"\n"
