"""SQL: a table or view, read in one pass through SQLAlchemy without locking its owner out."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, MetaData, Table, create_engine, select
from sqlalchemy.exc import SQLAlchemyError

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.connect.sources import CELL_CHARACTERS_MAX
from hub.errors import UnreadableSourceError

ROWS_PER_FETCH = 5_000


def read_view(path: Path, feed: Feed, view: str) -> tuple[HeadingReport, Iterator[Row]]:
    """Rows of one view of an SQLite file, opened read-only."""
    engine = create_engine(f"sqlite:///file:{quote(str(path.absolute()))}?mode=ro&uri=true")
    try:
        table = Table(view, MetaData(), autoload_with=engine)
        report = check_headings(feed, [column.name for column in table.columns])
    except UnreadableSourceError:
        engine.dispose()
        raise
    except SQLAlchemyError as error:
        engine.dispose()
        raise UnreadableSourceError(f"{path.name}: {view} cannot be read") from error
    return report, _rows(path, engine, table, feed)


def _rows(path: Path, engine: Engine, table: Table, feed: Feed) -> Iterator[Row]:
    names = [column.name for column in table.columns if column.name in wanted(feed)]
    query = select(*(table.c[name] for name in names))
    try:
        with engine.connect() as db:
            driver = db.connection.driver_connection
            assert driver is not None, "a connection that was just opened has its driver's"
            driver.text_factory = _text
            result = db.execution_options(yield_per=ROWS_PER_FETCH).execute(query)
            for number, values in enumerate(result, start=1):
                yield _row(number, dict(zip(names, values, strict=True)))
    except SQLAlchemyError:
        # Not chained: the driver quotes the cell it stumbled over, and that is personal data.
        raise UnreadableSourceError(f"{path.name}: {table.name} breaks off") from None
    finally:
        engine.dispose()


def _text(raw: bytes) -> str | bytes:
    """SQLite promises no encoding: what is not UTF-8 stays bytes, and its row is set aside."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _row(number: int, cells: dict[str, object]) -> Row:
    for cell in cells.values():
        if isinstance(cell, bytes):
            kept = {name: value for name, value in cells.items() if not isinstance(value, bytes)}
            return Row(number, kept, "binary-cell")
        if isinstance(cell, str) and len(cell) > CELL_CHARACTERS_MAX:
            return Row(number, {}, "cell-too-large")
    return Row(number, cells)
