"""Every error the hub raises, grouped by what the caller should do.

Messages are lower case, say what failed and what was expected, and carry no
personal data; what a log line needs goes into the keyword context.
"""


class HubError(Exception):
    """The base of all errors the hub raises on purpose."""

    code = "hub-error"
    http_status = 500
    exit_code = 1

    def __init__(self, message: str, **context: object) -> None:
        super().__init__(message)
        self.context = context


class SettingsError(HubError):
    """The operator must change a setting, a contract or an argument."""

    code = "settings"
    exit_code = 2


class RejectedError(HubError):
    """This input is wrong: set it aside and go on with the rest."""

    code = "rejected"
    http_status = 422


class UnreadableSourceError(RejectedError):
    """A file or table cannot be read as what its contract says it is."""

    code = "source-unreadable"


class SchemaMismatchError(RejectedError):
    """An event does not fit the schema it names, or names one nobody knows."""

    code = "schema-mismatch"


class SchemaUnknownError(SchemaMismatchError):
    """An event names a schema that is neither in the catalogue, nor in the log, nor in the registry."""

    code = "schema-unknown"


class RetryableError(HubError):
    """Nothing is wrong with the input: try again later."""

    code = "try-later"
    http_status = 503
    exit_code = 3


class AbsentError(RetryableError):
    """A worker whose word is needed is gone or silent."""

    code = "worker-absent"


class LogUnavailableError(RetryableError):
    """The log did not take or give events."""

    code = "log-unavailable"


class ProjectionUnavailableError(RetryableError):
    """The database of a projection did not answer, or broke off."""

    code = "projection-unavailable"


class RegistryUnavailableError(RetryableError):
    """The schema registry did not answer; schemas seen before keep working."""

    code = "registry-unavailable"


class SourceUnavailableError(RetryableError):
    """A source system did not answer, or somebody else is writing to it."""

    code = "source-unavailable"


class InboxFullError(RetryableError):
    """There is no room for what a department posts."""

    code = "inbox-full"


class InProgressError(RetryableError):
    """The same batch is being taken just now."""

    code = "in-progress"
    http_status = 409


class BusyError(RetryableError):
    """Another process holds what this one needs."""

    code = "busy"


class RefusedError(HubError):
    """Asked for something that is not allowed, not there, or out of date."""

    code = "refused"
    http_status = 403


class KeyReusedError(RefusedError):
    """Another content came under the same idempotency key before."""

    code = "idempotency-key-reused"
    http_status = 422


class NotFoundError(RefusedError):
    """There is no such thing, or the reader may not know of it."""

    code = "not-found"
    http_status = 404


class DisclosureRefusedError(RefusedError):
    """The reader's purpose or jurisdiction does not cover this."""

    code = "disclosure-refused"


class UndecidedError(HubError):
    """Rules failed on more than can be set aside: a bug of ours, so stop."""

    code = "undecided"


class IntegrityError(HubError):
    """The log or a projection contradicts itself: stop and look."""

    code = "integrity"


class BrokenOrderError(IntegrityError):
    """Two barriers cross: no order of the log agrees with all its partitions."""

    code = "broken-order"
