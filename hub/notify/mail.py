"""A digest of open cases for each department and town: counts, the oldest, what is due soon; nothing of a person."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from hub.domain.calendar import Calendar
from hub.domain.cases import LEVELS, OPEN
from hub.domain.days import Day, iso
from hub.domain.discrepancies import CATALOGUE
from hub.errors import RetryableError, SettingsError
from hub.notify.webhooks import is_loopback
from hub.projections import case_requests, cases

SOON_WORKING_DAYS = 3
SMTP_SECONDS = 20


class Digest(NamedTuple):
    """What one holder is told of its open cases."""

    department: str
    place: str
    day: Day
    open: int
    overdue: int
    due_soon: int
    escalated: int
    oldest: Day
    kinds: Mapping[str, int]
    questions: int
    """That the department has not answered, wherever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed in."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    ca_file: str | None = None


def digests(db: Connection, today: Day, calendar: Calendar) -> Iterator[Digest]:
    """One digest for each department and town that holds an open case."""
    soon = calendar.working_days_after(today, SOON_WORKING_DAYS)
    holder = (cases.c.department, cases.c.place)
    is_open = cases.c.state.in_(OPEN)
    kinds: dict[tuple[str, str], dict[str, int]] = {}
    counted = select(*holder, cases.c.kind, func.count()).where(is_open).group_by(*holder, cases.c.kind)
    for department, place, kind, count in db.execute(counted.order_by(*holder, cases.c.kind)):
        kinds.setdefault((department, place), {})[kind] = count
    questions = _questions(db)
    late = cases.c.due_on < today
    near = (cases.c.due_on >= today) & (cases.c.due_on <= soon)
    query = select(
        *holder, func.count(), *(func.sum(case((one, 1), else_=0)) for one in (late, near, cases.c.level > 0)),
        func.min(cases.c.raised_on),
    )  # fmt: skip
    rows = db.execute(query.where(is_open).group_by(*holder).order_by(*holder))
    for department, place, count, overdue, due_soon, escalated, oldest in rows:
        yield Digest(
            department, place, today, int(count), int(overdue), int(due_soon), int(escalated), oldest,
            kinds[department, place], questions.get(department, 0),
        )  # fmt: skip


def _questions(db: Connection) -> dict[str, int]:
    """By department, what it was asked and has not answered; a later question takes an earlier one's place."""
    newest = func.max(case_requests.c.number)
    open_ = (
        select(case_requests.c.case_id, case_requests.c.record_id, newest.label("number"))
        .join(cases, cases.c.case_id == case_requests.c.case_id).where(cases.c.state.in_(OPEN))
        .group_by(case_requests.c.case_id, case_requests.c.record_id).subquery()
    )  # fmt: skip
    query = (
        select(case_requests.c.owner, func.count())
        .join(open_, (open_.c.case_id == case_requests.c.case_id) & (open_.c.number == case_requests.c.number))
        .where(case_requests.c.answer.is_(None)).group_by(case_requests.c.owner)
    )  # fmt: skip
    return {owner: int(count) for owner, count in db.execute(query)}


def written(digest: Digest, sender: str, recipient: str) -> EmailMessage:
    """A digest as a message, in Chinese and English."""
    message = EmailMessage()
    message["From"], message["To"] = sender, recipient
    message["Subject"] = f"案件摘要 Cases {iso(digest.day)} · {digest.department} {digest.place}"
    message["X-Hub-Department"], message["X-Hub-Place"] = digest.department, digest.place
    kinds = "\n".join(f"  {CATALOGUE[kind].zh} · {kind}: {count:,}" for kind, count in digest.kinds.items())
    message.set_content(
        f"截至 as of {iso(digest.day)}\n"
        f"部门 department: {digest.department}    辖区 place: {digest.place}\n\n"
        f"未办结 open: {digest.open:,}\n"
        f"逾期 overdue: {digest.overdue:,}\n"
        f"{SOON_WORKING_DAYS}个工作日内到期 due within {SOON_WORKING_DAYS} working days: {digest.due_soon:,}\n"
        f"已升级 escalated ({', '.join(LEVELS[1:])}): {digest.escalated:,}\n"
        f"最早立案 oldest raised on: {iso(digest.oldest)}\n"
        f"待本部门答复 questions to this department: {digest.questions:,}\n\n"
        f"按类型 by kind:\n{kinds}\n\n"
        "查看 to see them: hub cases list --state open · hub cases requests\n"
    )
    return message


def keep(message: EmailMessage, folder: Path, digest: Digest) -> Path:
    """Write a message to a folder as one file, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{iso(digest.day)}-{digest.department}-{digest.place}.eml"
    beside = path.with_suffix(".part")
    beside.write_bytes(message.as_bytes())
    beside.replace(path)
    return path


def send(messages: list[EmailMessage], server: Server) -> None:
    """Hand messages in at a server, encrypted unless it is this very machine."""
    if not messages:
        return
    if server.user and not server.password:
        raise SettingsError("mail.password_file: a user has a password")
    try:
        with smtplib.SMTP(server.host, server.port, timeout=SMTP_SECONDS) as smtp:
            if not is_loopback(server.host):
                smtp.starttls(context=ssl.create_default_context(cafile=server.ca_file))
            if server.user:
                smtp.login(server.user, server.password)
            for message in messages:
                smtp.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise RetryableError(f"the mail server took no mail ({type(error).__name__})") from error
