"""The catalogue of discrepancies: what each kind means, who owns it, how it ends.

A discrepancy is about records. Its follow-up goes to the department that owns
the record, or to a registrar who offers a service; it says nothing of a person.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of discrepancy. Deadlines are in working days."""

    code: str
    zh: str
    en: str
    owner: str
    severity: str
    deadline_days: int
    closes: str


PUBLIC_SECURITY, HEALTH = "public_security", "health"

KINDS = (
    Kind("birth-unregistered", "出生未登记户口", "born here, not in the household register",
         PUBLIC_SECURITY, "high", 10, "a household entry of the birth arrives"),
    Kind("birth-without-certificate", "户口出生登记无出生证", "registered birth without a birth certificate",
         HEALTH, "medium", 10, "a certificate of the birth arrives, or the entry is corrected"),
    Kind("birth-date-differs", "出生日期不一致", "records state different birth dates",
         PUBLIC_SECURITY, "medium", 10, "the records state one birth date"),
    Kind("number-invalid", "公民身份号码校验错误", "a number fails its check",
         PUBLIC_SECURITY, "medium", 10, "the record states a valid number"),
    Kind("number-shared", "一号多人", "one number stated for two people",
         PUBLIC_SECURITY, "high", 5, "only one person's records state the number"),
    Kind("number-conflict", "一人多号", "two valid numbers stated for one person",
         PUBLIC_SECURITY, "high", 5, "the person's records state one number"),
    Kind("certificate-duplicate", "出生证重复", "two live certificates for one child",
         HEALTH, "medium", 10, "one of the certificates is voided or withdrawn"),
    Kind("certificate-void-used", "使用已作废出生证", "household entry cites a void certificate",
         PUBLIC_SECURITY, "medium", 10, "the entry cites the certificate in force"),
    Kind("residence-two-places", "两地同时居住登记", "residence open in two towns",
         PUBLIC_SECURITY, "medium", 10, "one of the registrations is ended"),
    Kind("residence-expired", "居住登记到期未续未注销", "residence registration expired, neither renewed nor ended",
         PUBLIC_SECURITY, "low", 15, "the registration is renewed or ended"),
    Kind("employment-without-residence", "在业未登记居住", "works here, no residence registration: offer one",
         PUBLIC_SECURITY, "low", 15, "a registration arrives, or the work ends"),
    Kind("name-differs", "姓名不一致", "records state different names",
         PUBLIC_SECURITY, "low", 15, "the records state one name"),
)  # fmt: skip

CATALOGUE: Mapping[str, Kind] = {kind.code: kind for kind in KINDS}
