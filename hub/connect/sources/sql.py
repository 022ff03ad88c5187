"""SQL: a table or view, read in one pass through SQLAlchemy without locking its owner out."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, MetaData, Table, create_engine, select
from sqlalchemy.exc import SQLAlchemyError

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.errors import UnreadableSourceError

ROWS_PER_FETCH = 5_000


def read_view(path: Path, feed: Feed, view: str) -> tuple[HeadingReport, Iterator[Row]]:
    """Rows of one view of an SQLite file, opened read-only."""
    engine = create_engine(f"sqlite:///file:{path.absolute()}?mode=ro&uri=true")
    try:
        table = Table(view, MetaData(), autoload_with=engine)
        report = check_headings(feed, [column.name for column in table.columns])
    except UnreadableSourceError:
        engine.dispose()
        raise
    except SQLAlchemyError as error:
        engine.dispose()
        raise UnreadableSourceError(f"{path.name}: {view} cannot be read") from error
    return report, _rows(engine, table, feed)


def _rows(engine: Engine, table: Table, feed: Feed) -> Iterator[Row]:
    names = [column.name for column in table.columns if column.name in wanted(feed)]
    query = select(*(table.c[name] for name in names))
    try:
        with engine.connect() as db:
            result = db.execution_options(yield_per=ROWS_PER_FETCH).execute(query)
            for number, values in enumerate(result, start=1):
                yield Row(number, dict(zip(names, values, strict=True)))
    finally:
        engine.dispose()
