"""The inbox over HTTP: batches that departments post, signed, and the receipt of each.

    POST /feeds/{feed}/batches           a batch: JSON lines or CSV; answered once it is on disk
    GET  /feeds/{feed}/batches/{batch}   what became of one's own batch: counts and reasons

A request that is not signed by the feed's own department is answered the same whatever is wrong with
it, also where there is no such feed. A body goes to disk piece by piece, and is nobody's until its
signature is known to fit.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.connect.configured import LOOPBACK, feed_of
from hub.connect.contracts import Feed
from hub.connect.inbox import Inbox, Kept, folder_of, in_progress
from hub.connect.reasons import REASONS
from hub.connect.signature import Check, Said, secrets_of
from hub.errors import HubError, SettingsError
from hub.projections import intake
from hub.projections.databases import locked, open_sqlite
from hub.settings import Settings

BODY_SECONDS = 120
UPLOADS_MAX = 16
CONNECTIONS_MAX = 256
HEADER_BYTES_MAX = 16 << 10
GRACE_SECONDS = 10
KINDS: Mapping[str, str] = {
    "application/x-ndjson": ".jsonl", "application/jsonl": ".jsonl", "text/csv": ".csv",
}  # fmt: skip
CHARSETS = ("", "utf-8", "utf8")
WORDS: Mapping[int, tuple[str, str]] = {
    400: ("Idempotency-Key 应与 webhook-id 相同", "the Idempotency-Key has to be there, and the same as webhook-id"),
    401: ("签名未通过", "the request is not signed as agreed"),
    404: ("没有该批次", "there is no such batch"),
    405: ("不支持该方法", "nothing is done here in this way"),
    408: ("传输过慢", "the body took too long; send it again"),
    409: ("该批次正在接收", "the same batch is being taken just now; ask again soon"),
    413: ("批次过大，请拆分", "the batch is larger than is taken at once: split it"),
    415: ("请用UTF-8的JSON Lines或CSV，不压缩", "send JSON lines or CSV in UTF-8, not packed"),
    422: ("该Idempotency-Key已用于其他内容", "another content came under this key before: take a new key"),
    500: ("内部错误", "the hub failed; send it again later"),
    503: ("收件箱已满，请稍后重试", "the inbox has no room just now; send it again later"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Door:
    """One feed that is posted to."""

    feed: Feed
    inbox: Inbox
    secrets_file: Path

    def secrets(self) -> list[bytes]:
        """Read anew for each request: a secret is replaced without stopping anything."""
        return secrets_of(self.secrets_file, f"feeds.{self.feed.name}.secrets_file")


class Service:
    """What answers; one process has the folder to itself."""

    def __init__(self, settings: Settings, body_seconds: float = BODY_SECONDS) -> None:
        self._data, self._said, self._body_seconds = settings.data, settings.inbox, body_seconds
        self._uploads = 0
        self._cleared = datetime.min.replace(tzinfo=UTC)
        self.doors: dict[str, Door] = {}
        for name, said in settings.feeds.items():
            if said.secrets_file and (feed := feed_of(name, said, settings.folder)).in_force:
                inbox = Inbox(feed, folder_of(self._data, name), self._finished)
                self.doors[name] = Door(feed, inbox, settings.folder / said.secrets_file)
                self.doors[name].secrets()
        if not self.doors:
            raise SettingsError(
                "no feed is posted: name a secrets_file in the section of one whose contract is active"
            )
        self.app = Starlette(
            routes=[
                Route("/feeds/{feed}/batches", self.post, methods=["POST"]),
                Route("/feeds/{feed}/batches/{batch}", self.get, methods=["GET"]),
            ],
            exception_handlers={HubError: _failed, HTTPException: _missing, Exception: _broken},
        )

    # --- posting -----------------------------------------------------------------------------

    async def post(self, request: Request) -> Response:
        """Take a batch."""
        said, door = Said.of(request.headers, time.time()), self.doors.get(request.path_params["feed"])
        if said is None or door is None:
            return problem(401)
        suffix = _suffix(request.headers)
        if not suffix:
            return problem(415)
        if _length(request.headers) > self._said.batch_bytes_max:
            return problem(413)
        if self._uploads >= UPLOADS_MAX:
            return problem(503, retry_after=5)
        self._uploads += 1
        try:
            return await self._taken(request, door, said, suffix)
        finally:
            self._uploads -= 1

    async def _taken(self, request: Request, door: Door, said: Said, suffix: str) -> Response:
        check, batch = Check(said, door.secrets()), door.inbox.batch_of(said.id)
        with door.inbox.claim(batch) as alone, ExitStack() as stack:
            upload = await asyncio.to_thread(door.inbox.upload)
            stack.callback(upload.discard)
            try:
                async with asyncio.timeout(self._body_seconds):
                    async for piece in request.stream():
                        if upload.size + len(piece) > self._said.batch_bytes_max:
                            return problem(413)
                        check.add(piece)
                        upload.add(piece)
            except TimeoutError:
                return problem(408)
            except ClientDisconnect:
                return problem(400)
            if not check.ok:
                return problem(401)
            if request.headers.get("idempotency-key", "").strip().strip('"') != said.id:
                return problem(400)
            if not alone:
                raise in_progress()
            moment = datetime.now(UTC)
            await asyncio.to_thread(door.inbox.accept, upload, batch, suffix, moment)
        await self._clear(moment)
        place = f"/feeds/{door.feed.name}/batches/{batch}"
        return JSONResponse({"batch": batch, "receipt": place}, 202, {"Location": place})

    async def _clear(self, now: datetime) -> None:
        """Once a day, take away what was read long ago."""
        if now - self._cleared > timedelta(days=1):
            self._cleared = now
            for door in self.doors.values():
                await asyncio.to_thread(door.inbox.clear, now - timedelta(days=self._said.keep_days))

    # --- receipts ----------------------------------------------------------------------------

    async def get(self, request: Request) -> Response:
        """What became of a batch."""
        said, door = Said.of(request.headers, time.time()), self.doors.get(request.path_params["feed"])
        if said is None or door is None or not Check(said, door.secrets()).ok:
            return problem(401)
        batch = request.path_params["batch"]
        kept = await asyncio.to_thread(door.inbox.kept, batch) if batch.isalnum() else None
        if kept is None or not await asyncio.to_thread(door.inbox.holds, kept):
            return problem(404)
        return JSONResponse({"batch": batch} | await asyncio.to_thread(self._receipt, door.feed.name, kept))

    def _receipt(self, feed: str, kept: Kept) -> dict[str, Any]:
        with self._intake() as db:
            found = intake.reading_of(db, feed, kept.drop) if db is not None else None
        if found is None:
            return {"state": "waiting"}
        reached, taken = found
        reasons = [
            {"code": code, "count": count, "why": REASONS[code].why, "todo": REASONS[code].todo}
            for code, count in sorted(taken.reasons.items())
        ]
        state = {intake.WHOLE: "taken", intake.REFUSED: "refused"}.get(reached, "being-read")
        counts = ("received", "accepted", "unchanged", "quarantined", "warnings")
        return {"state": state, **{name: getattr(taken, name) for name in counts}, "reasons": reasons}

    def _finished(self, feed: str) -> list[str]:
        """The drops of a feed that ingestion is done with."""
        with self._intake() as db:
            found = intake.reached(db, feed) if db is not None else {}
        return [drop for drop, reached in found.items() if reached in (intake.WHOLE, intake.REFUSED)]

    @contextmanager
    def _intake(self) -> Iterator[Connection | None]:
        """What ingestion remembers, without disturbing it; None before it remembers anything."""
        path = self._data / "intake.db"
        if not path.exists():
            yield None
            return
        engine = open_sqlite(path)
        try:
            with engine.connect() as db:
                yield db if intake.exists(db) else None
        finally:
            engine.dispose()


def _suffix(headers: Mapping[str, str]) -> str:
    """The ending that a body's kind has as a file; empty for what is not taken."""
    kind, _, more = headers.get("content-type", "").lower().partition(";")
    charset = more.partition("charset=")[2].strip().strip('"')
    packed = headers.get("content-encoding", "identity").lower() != "identity"
    return "" if packed or charset not in CHARSETS else KINDS.get(kind.strip(), "")


def _length(headers: Mapping[str, str]) -> int:
    said = headers.get("content-length", "0")
    return int(said) if said.isascii() and said.isdigit() else 0


# --- answers ---------------------------------------------------------------------------------


def problem(status: int, code: str = "", retry_after: int = 0) -> Response:
    """What went wrong, as problem+json: never more than its kind."""
    zh, en = WORDS[status]
    said = {"type": code or "about:blank", "status": status, "title": f"{zh} {en}"}
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Webhook-Signature"
    return JSONResponse(said, status, headers, media_type="application/problem+json")


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)
    status = error.http_status if error.http_status in WORDS else 500
    return problem(status, error.code, int(str(error.context.get("retry_after", 0))))


async def _missing(request: Request, error: Exception) -> Response:
    """No such path: it is nobody's business which there are."""
    assert isinstance(error, HTTPException)
    return problem(405 if error.status_code == 405 else 401)


async def _broken(request: Request, error: Exception) -> Response:
    return problem(500)


# --- running ---------------------------------------------------------------------------------


def bound(settings: Settings) -> socket.socket:
    """The socket to answer at; SettingsError for one that would carry records in the clear."""
    said = settings.inbox
    if said.host not in LOOPBACK and not (said.certificate_file or said.behind_proxy):
        raise SettingsError(
            "inbox.host: beyond loopback, name certificate_file and key_file, or set behind_proxy where a proxy has them"
        )
    if bool(said.certificate_file) != bool(said.key_file):
        raise SettingsError("inbox: certificate_file and key_file belong together")
    family = socket.AF_INET6 if ":" in said.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((said.host, said.port))
        # Whoever is told the address finds somebody there, however long the rest takes.
        made.listen(CONNECTIONS_MAX)
    except OSError as error:
        made.close()
        raise SettingsError(
            f"inbox.host, inbox.port: {said.host}:{said.port} cannot be listened at"
        ) from error
    return made


def server_of(settings: Settings, app: Starlette) -> uvicorn.Server:
    """The server over an app, quiet and bounded."""
    said, folder = settings.inbox, settings.folder
    return uvicorn.Server(uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, log_level="error", server_header=False,
        proxy_headers=False, limit_concurrency=CONNECTIONS_MAX, h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        http="h11", ws="none", timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=folder / said.certificate_file if said.certificate_file else None,
        ssl_keyfile=str(folder / said.key_file) if said.key_file else None,
    ))  # fmt: skip


def run(settings: Settings, tell: Callable[[int, Sequence[str]], None]) -> None:
    """Answer until told to stop; `tell` hears the port, and the feeds that are posted."""
    settings.data.mkdir(parents=True, exist_ok=True)
    with locked(settings.data / "inbox.lock", "inbox"):
        service = Service(settings)
        with bound(settings) as listening:
            tell(listening.getsockname()[1], sorted(service.doors))
            server_of(settings, service.app).run(sockets=[listening])
