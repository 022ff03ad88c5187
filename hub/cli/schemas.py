"""`hub schemas …`: the catalogue of events, checked before a version is released."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from hub.cli.show import emit, table
from hub.errors import SettingsError
from hub.log.codec import load_schema
from hub.log.compatibility import incompatible, lint
from hub.log.registry import HttpRegistry
from hub.settings import Settings

FINDINGS = 1
FILE = re.compile(r"(?P<subject>.+)\.v(?P<version>[1-9]\d*)\.avsc")
Versions = dict[str, list[tuple[str, Any]]]


def catalogue(folder: Path) -> Versions:
    """Every schema of a folder by subject, oldest version first; its name is `v` and a number."""
    found: dict[str, dict[int, Any]] = {}
    for path in folder.glob("*.avsc"):
        name = FILE.fullmatch(path.name)
        if name is None:
            raise SettingsError(f"{path.name}: expected <event or feed>.v<number>.avsc")
        try:
            found.setdefault(name["subject"], {})[int(name["version"])] = json.loads(path.read_text("utf-8"))
        except ValueError:
            raise SettingsError(f"{path.name}: not JSON") from None
    return {
        subject: [(f"v{number}", versions[number]) for number in sorted(versions)]
        for subject, versions in sorted(found.items())
    }


def findings(catalogued: Versions, registry: HttpRegistry | None) -> list[tuple[str, str]]:
    """Subject and what is wrong with it."""
    found: list[tuple[str, str]] = []
    for subject, versions in catalogued.items():
        newest = versions[-1][1]
        found += [(subject, f"{name}: {why}") for name, schema in versions for why in lint(schema)]
        found += [(subject, why) for why in incompatible(versions, full=bool(newest.get("feed")))]
        if registry is not None:
            text = json.dumps(newest, ensure_ascii=False)
            found += [
                (subject, f"registry: {why}") for why in registry.refusals(load_schema(text).subject, text)
            ]
    return found


@click.group("schemas")
def schemas() -> None:
    """The schemas of all events."""


@schemas.command()
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True, file_okay=False), help="default: the hub's own"
)
@click.option("--json", "json_", is_flag=True, help="print JSON for machines")
@click.pass_context
def check(context: click.Context, folder: Path | None, json_: bool) -> None:
    """Check that every version reads all earlier ones, and what the hub asks of a schema.

    With [log] registry set, the registry is asked as well. Exit code 1 where something is wrong.
    """
    settings: Settings = context.obj
    registry = HttpRegistry(settings.log.registry) if settings.log.registry else None
    catalogued = catalogue(folder or Path(str(files("schemas"))) / "events")
    found = findings(catalogued, registry)
    report = {
        "ok": not found,
        "subjects": len(catalogued),
        "versions": sum(map(len, catalogued.values())),
        "findings": [{"subject": subject, "finding": why} for subject, why in found],
    }
    shown = {**report, "findings": len(found)} | {
        f"{subject} #{n}": why for n, (subject, why) in enumerate(found, 1)
    }
    emit(report, json_, lambda: table("schemas", shown))
    if found:
        context.exit(FINDINGS)
