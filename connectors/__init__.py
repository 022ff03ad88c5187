"""The source systems of the four departments, one page each.

A page says what the system delivers and in which shape; everything else is
the same for all of them and lives in `hub.connect`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from connectors import (
    commerce_business,
    health_birth_certificate,
    health_child_record,
    human_resources_employment,
    public_security_household,
    public_security_residence,
)
from hub.connect import Connector
from hub.connect.contracts import Feed

CONNECTORS: Mapping[str, Callable[[Feed, Path], Connector]] = {
    "commerce.business_registration": commerce_business.connector,
    "health.birth_certificate": health_birth_certificate.connector,
    "health.child_record": health_child_record.connector,
    "human_resources.employment": human_resources_employment.connector,
    "public_security.household_entry": public_security_household.connector,
    "public_security.residence_registration": public_security_residence.connector,
}
