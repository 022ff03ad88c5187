"""Cases over HTTP: what the command line does, for whoever holds a token of a department.

    GET  /cases                     a page; ?kind= &state= &department= &place= &level= &overdue=true &limit= &after=
    GET  /cases/{case}              one case with its records and requests
    GET  /cases/{case}/timeline     everything on record of it
    POST /cases/{case}/actions      {"action", "seen", "outcome", "note", "details"}: asked; a worker decides
    GET  /requests                  what the token's department was asked

A token is known by its SHA-256 in a file, with the department, role, area and purpose it stands for, and
if it is to run out, `until` which day it counts.
Without one nothing is answered, not even whether a path exists. It answers on this machine only: a
proxy with a certificate stands before it where others are to reach it.
"""

import asyncio
import hashlib
import hmac
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.app import Hub
from hub.casework import Acting, Chosen, Reading, Wanted
from hub.domain.disclosures import Reader
from hub.errors import HubError, SettingsError

LOOPBACK = "127.0.0.1"
BODY_BYTES_MAX = 64 << 10
BODY_SECONDS = 10
TOKENS_MAX = 1_000
CONNECTIONS_MAX = 64
PAGE_MAX = 200
BROKEN = "内部错误，请联系管理员 the hub failed: tell whoever runs it"
IN_CHINESE = {"not-found": "未找到", "disclosure-refused": "无权查看", "settings": "请求有误"}
"""What goes before the words of an error that has none of its own in Chinese."""
log = structlog.get_logger()
FIELDS = ("department", "role", "jurisdiction", "purpose")
REFUSALS = {
    404: (
        "no-such-path",
        "无此路径 there is no such path: /cases, /cases/CASE and what lies below, /requests",
    ),
    405: (
        "no-such-method",
        "此路径不支持该方法 read with GET; ask for something with POST /cases/CASE/actions",
    ),
    413: ("too-large", f"请求体过大 the body is larger than {BODY_BYTES_MAX:,} bytes"),
}
"""Of HTTP itself, by status: code and words."""


class Token(NamedTuple):
    """What a token stands for; the token itself is nowhere."""

    sha256: str
    reader: Reader
    until: date | None = None
    """The last day on which it counts, in the time of this machine; None: for good."""


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request to do something with a case."""

    action: str
    seen: int = 0
    outcome: str | None = None
    note: str | None = None
    details: dict[str, str] = {}


def read_tokens(path: Path) -> list[Token]:
    """The tokens of a file: [[token]] with sha256, department, role, jurisdiction and purpose each."""
    try:
        tables: Sequence[Mapping[str, Any]] = tomllib.loads(path.read_text("utf-8")).get("token", [])
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name}: cannot be read as TOML") from error
    if not 0 < len(tables) <= TOKENS_MAX:
        raise SettingsError(f"{path.name}: expected 1 to {TOKENS_MAX} sections [[token]]")
    return [_token(path.name, number, table) for number, table in enumerate(tables, 1)]


def _token(name: str, number: int, table: Mapping[str, Any]) -> Token:
    until = table.get("until")
    said = {key: text for key, text in table.items() if key != "until"}
    if said.keys() != {"sha256", *FIELDS} or not all(
        isinstance(text, str) and text for text in said.values()
    ):
        raise SettingsError(
            f"{name}: token {number} needs sha256, {', '.join(FIELDS)}, may have until, and nothing else"
        )
    if until is not None and type(until) is not date:
        raise SettingsError(f"{name}: token {number}: until is a day, written 2027-01-31 without quotes")
    digest = table["sha256"].lower()
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise SettingsError(f"{name}: token {number}: sha256 is 64 hexadecimal digits")
    return Token(digest, Reader(*(table[field] for field in FIELDS)), until)


Answer = Callable[[Request, Reading, Acting], Awaitable[Any]]


class Service:
    """What answers, one request at a time: it reads and asks, and decides nothing."""

    def __init__(self, hub: Hub, tokens: Sequence[Token]) -> None:
        self._hub, self._tokens = hub, tokens
        self.app = Starlette(
            routes=[
                self._route("/cases", "GET", _page),
                self._route("/cases/{case}", "GET", _show),
                self._route("/cases/{case}/timeline", "GET", _timeline),
                self._route("/cases/{case}/actions", "POST", _ask, 202),
                self._route("/requests", "GET", _requests),
            ],
            exception_handlers={HubError: _failed, HTTPException: self._refused, Exception: _broken},
        )

    def _route(self, path: str, method: str, answer: Answer, status: int = 200) -> Route:
        async def endpoint(request: Request) -> Response:
            token = self._token(request)
            if token is None:
                return problem(401, "unauthorized", "令牌无效 a valid bearer token is needed")
            if token.until is not None and datetime.now().date() > token.until:
                return problem(
                    401, "token-expired", f"令牌已过期 the token ran out on {token.until}: ask for another"
                )
            try:
                with self._hub.projection() as db:
                    return JSONResponse(await answer(request, *self._hub.casework(db, token.reader)), status)
            except (HubError, HTTPException):
                raise
            except Exception as error:
                # Caught here: what escapes is told of with a traceback, which may hold what a person's record says.
                log.error("request_failed", error_type=type(error).__name__)
                return problem(500, "hub-error", BROKEN)

        return Route(path, endpoint, methods=[method])

    def _token(self, request: Request) -> Token | None:
        """The request's token, run out or not; every token is compared, however early one fits."""
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(said.strip().encode()).hexdigest()
        fitting = [token for token in self._tokens if hmac.compare_digest(token.sha256, digest)]
        return fitting[0] if fitting and scheme.lower() == "bearer" else None

    async def _refused(self, request: Request, error: Exception) -> Response:
        """No such path or method, or a body too large; without a token, nobody learns which there are."""
        assert isinstance(error, HTTPException)
        if self._token(request) is None:
            return problem(401, "unauthorized", "令牌无效 a valid bearer token is needed")
        code, title = REFUSALS.get(error.status_code, ("refused", error.detail))
        return problem(error.status_code, code, title)


async def _page(request: Request, reading: Reading, acting: Acting) -> Any:
    said = dict(request.query_params)
    limit, after = said.pop("limit", "20"), said.pop("after", "")
    if not (limit.isascii() and limit.isdigit() and 0 < int(limit[:9]) <= PAGE_MAX):
        raise SettingsError(f"条数有误 limit: a number from 1 to {PAGE_MAX}")
    known = Chosen.__dataclass_fields__.keys()
    if unknown := sorted(said.keys() - known):
        raise SettingsError(
            f"没有此筛选项 unknown {unknown[0]}; known: {', '.join(sorted((*known, 'limit', 'after')))}"
        )
    flags = {name: _flag(name, said.pop(name)) for name in ("overdue", "offered") if name in said}
    return reading.page(Chosen(**said, **flags), int(limit), after)  # type: ignore[arg-type]


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise SettingsError(f"只能为 true 或 false {name}: true or false")
    return text == "true"


async def _show(request: Request, reading: Reading, acting: Acting) -> Any:
    return reading.show(request.path_params["case"])


async def _timeline(request: Request, reading: Reading, acting: Acting) -> Any:
    return reading.timeline(request.path_params["case"])


async def _requests(request: Request, reading: Reading, acting: Acting) -> Any:
    return reading.questions(PAGE_MAX)


async def _ask(request: Request, reading: Reading, acting: Acting) -> Any:
    try:
        said = msgspec.json.decode(await _body(request), type=Ask)
    except msgspec.MsgspecError as error:
        # Its words name a field and a type, never a value.
        raise SettingsError(f"请求体不符合要求 the body is not what is expected: {error}") from None
    wanted = Wanted(action=said.action, outcome=said.outcome, note=said.note, details=said.details)
    return acting.ask(request.path_params["case"], said.seen, wanted).shown()


async def _body(request: Request) -> bytes:
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > BODY_BYTES_MAX:
                    raise HTTPException(413)
    except TimeoutError:
        raise SettingsError("请求体传输超时 the body took too long") from None
    return body


def problem(status: int, code: str, title: str) -> Response:
    """What went wrong, as problem+json."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    said = {"type": code, "status": status, "title": title}
    return JSONResponse(said, status, headers, media_type="application/problem+json")


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)
    # What an operator would change in a file, a caller changes in the request.
    status = 400 if isinstance(error, SettingsError) else error.http_status
    said = str(error) if not str(error).isascii() else f"{IN_CHINESE.get(error.code, '请求被拒绝')} {error}"
    return problem(status, error.code, said if status < 500 else "稍后重试 try again later")


async def _broken(request: Request, error: Exception) -> Response:
    return problem(500, "hub-error", BROKEN)


def server(hub: Hub, tokens: Sequence[Token], port: int) -> uvicorn.Server:
    """The server on this machine, not started yet; port 0: any that is free."""
    return uvicorn.Server(uvicorn.Config(
        Service(hub, tokens).app, host=LOOPBACK, port=port, log_config=None, access_log=False,
        server_header=False, limit_concurrency=CONNECTIONS_MAX, timeout_keep_alive=5, lifespan="off",
    ))  # fmt: skip
