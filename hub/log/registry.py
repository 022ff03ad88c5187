"""A schema registry over HTTP, by the interface that Confluent, Apicurio and Karapace share.

Only asked for what is new: numbers once learnt stay in the codec, and the Kafka
log keeps them beside the schemas, so a registry that is down stops nobody who
writes and reads what was written before.
"""

import http.client
import json
from typing import Any
from urllib.parse import quote, urlsplit

from hub.errors import HubError, RegistryUnavailableError, SchemaUnknownError, SettingsError

WAIT_SECONDS = 10
ANSWER_BYTES_MAX = 4 << 20
CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
CONNECTIONS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class HttpRegistry:
    """One registry; see `hub.log.codec.Registry`."""

    def __init__(self, url: str, wait_seconds: float = WAIT_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in CONNECTIONS or not parts.hostname or parts.username or parts.query:
            raise SettingsError("log.registry: expected http[s]://host[:port][/path]")
        self._connection, self._host, self._port = CONNECTIONS[parts.scheme], parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._wait_seconds = wait_seconds

    def number_of(self, subject: str, text: str) -> int:
        """Register under a subject; SettingsError with the registry's reasons when it refuses the schema."""
        body = {"schema": text, "schemaType": "AVRO"}
        status, answer = self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", body)
        if status != http.HTTPStatus.OK:
            raise SettingsError(
                f"the registry refuses the schema of {subject}: {answer.get('message', status)}"
            )
        return number(answer)

    def text_of(self, number: int) -> str:
        """The schema of a number; SchemaUnknownError when the registry has none."""
        status, answer = self._ask("GET", f"/schemas/ids/{number}")
        if status == http.HTTPStatus.NOT_FOUND:
            raise SchemaUnknownError(f"the registry knows no schema {number}")
        return text(self._ok(status, answer))

    def latest(self, subject: str) -> str | None:
        """The newest schema of a subject; None where the registry has none."""
        status, answer = self._ask("GET", f"/subjects/{quote(subject, safe='')}/versions/latest")
        if status == http.HTTPStatus.NOT_FOUND:
            return None
        return text(self._ok(status, answer))

    def refusals(self, subject: str, schema: str) -> list[str]:
        """Why the registry would not take this as the next version of a subject; empty: it would."""
        path = f"/compatibility/subjects/{quote(subject, safe='')}/versions/latest?verbose=true"
        status, answer = self._ask("POST", path, {"schema": schema, "schemaType": "AVRO"})
        if status == http.HTTPStatus.NOT_FOUND or self._ok(status, answer).get("is_compatible"):
            return []
        said = answer.get("messages") or answer.get("reason") or "incompatible"
        return [said] if isinstance(said, str) else [str(item) for item in said]

    def _ok(self, status: int, answer: dict[str, Any]) -> dict[str, Any]:
        if status != http.HTTPStatus.OK:
            raise SettingsError(f"log.registry answers {status}: {answer.get('message', 'no reason given')}")
        return answer

    def _ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """Status and answer; RegistryUnavailableError when there is none within the wait, or a server error."""
        connection = self._connection(self._host, self._port, timeout=self._wait_seconds)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, self._path + path, sent, {"Content-Type": CONTENT_TYPE})
            response = connection.getresponse()
            raw = response.read(ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            raise RegistryUnavailableError("the schema registry did not answer") from error
        finally:
            connection.close()
        if response.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RegistryUnavailableError(f"the schema registry failed with status {response.status}")
        return response.status, answered(raw)


def answered(raw: bytes) -> dict[str, Any]:
    """A registry's answer; SettingsError when it is none."""
    try:
        answer = json.loads(raw)
    except ValueError as error:
        raise not_a_registry() from error
    if not isinstance(answer, dict):
        raise not_a_registry()
    return answer


def number(answer: dict[str, Any]) -> int:
    """The number in an answer."""
    found = answer.get("id")
    if type(found) is not int or not 0 <= found < 1 << 32:
        raise not_a_registry()
    return found


def text(answer: dict[str, Any]) -> str:
    """The schema in an answer."""
    found = answer.get("schema")
    if not isinstance(found, str):
        raise not_a_registry()
    return found


def not_a_registry() -> HubError:
    """What is said when something else answers."""
    return SettingsError("log.registry: what answers there is not a schema registry")
