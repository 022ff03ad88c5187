"""A real PostgreSQL for the tests: Docker where an engine answers, else the machine's own package."""

import contextlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

ROOT = Path(__file__).parent.parent


def load_server() -> Any:
    """The module that `make postgres` runs."""
    spec = importlib.util.spec_from_file_location("postgres_server", ROOT / "deploy/postgres/server.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def running_postgres() -> Iterator[Any]:
    """A server that tests may stop, kill and start again; none at all is a failure in CI."""
    module = load_server()
    # The server runs under another account, which may not enter pytest's folders.
    folder = Path(tempfile.mkdtemp(prefix="hub-postgres-"))
    server = module.Server(folder)
    try:
        server.start()
    except module.ServerError as error:
        shutil.rmtree(folder, ignore_errors=True)
        if os.environ.get("CI"):
            pytest.fail(f"no PostgreSQL: {error}")
        pytest.skip(f"no PostgreSQL: {error}")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def new_database(server: Any) -> str:
    """The URL of an empty database."""
    name = f"t{uuid4().hex[:12]}"
    with psycopg.connect(server.url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    return server.url.rpartition("/")[0] + f"/{name}"
