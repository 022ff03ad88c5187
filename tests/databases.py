"""A real PostgreSQL and a real MariaDB for the tests, from the machine's own packages."""

import contextlib
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pymysql
import pytest


def load_server(name: str = "postgres") -> Any:
    """The module that `make postgres` or `make mariadb` runs."""
    return importlib.import_module(f"deploy.{name}.server")


@contextlib.contextmanager
def running(name: str) -> Iterator[Any]:
    """A server that tests may stop, kill and start again; none at all is a failure in CI."""
    module = load_server(name)
    # The server runs under another account, which may not enter pytest's folders.
    folder = Path(tempfile.mkdtemp(prefix=f"hub-{name}-"))
    server = module.Server(folder)
    try:
        server.start()
    except module.ServerError as error:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        if os.environ.get("CI"):
            pytest.fail(f"no {name}: {error}")
        pytest.skip(f"no {name}: {error}")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def running_postgres() -> contextlib.AbstractContextManager[Any]:
    """A PostgreSQL."""
    return running("postgres")


def running_mariadb() -> contextlib.AbstractContextManager[Any]:
    """A MariaDB."""
    return running("mariadb")


def new_database(server: Any) -> str:
    """The URL of an empty database."""
    name = f"t{uuid4().hex[:12]}"
    with psycopg.connect(server.url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    return server.url.rpartition("/")[0] + f"/{name}"


def new_mariadb(server: Any) -> tuple[Any, str]:
    """A connection of the owner of an empty database of a department, and its URL for a reader."""
    name = f"t{uuid4().hex[:12]}"
    db = pymysql.connect(host="127.0.0.1", port=server.port, user="department", autocommit=True)
    with db.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    db.select_db(name)
    return db, server.url(name)
