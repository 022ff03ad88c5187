"""`hub doctor`: whether the stores keep what the hub promises."""

from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from hub.audit.doctor import examine
from hub.checks import Check
from hub.cli.show import emit

FINDINGS, TRY_LATER = 1, 3


@click.command()
@click.option("--deep", is_flag=True, help="read SQLite files whole, indexes too; for the night")
@click.option("--json", "json_", is_flag=True, help="print JSON for machines")
@click.pass_context
def doctor(context: click.Context, deep: bool, json_: bool) -> None:
    """Examine the stores: what would lose events or rows, with its cause, proof and next step.

    Changes nothing and may run beside workers. Ends with 1 on findings, with 3 if a store did not answer.
    """
    checks = examine(context.obj, deep)
    answer = {"ok": all(check.ok for check in checks), "checks": [check._asdict() for check in checks]}
    emit(answer, json_, lambda: show(checks))
    if any(not check.ok and not check.later for check in checks):
        context.exit(FINDINGS)
    if not answer["ok"]:
        context.exit(TRY_LATER)


def show(checks: Sequence[Check]) -> None:
    """One line a check; below, what to do about those that failed."""
    console = Console()
    table = Table(title="doctor", title_justify="left")
    for name in ("", "check", "检查", "read"):
        table.add_column(name, overflow="fold")
    for check in checks:
        table.add_row("[green]✓[/]" if check.ok else "[red]✗[/]", check.title, check.title_zh, check.proof)
    console.print(table)
    failed = [check for check in checks if not check.ok]
    for check in failed:
        console.print(f"\n✗ {check.title} / {check.title_zh} ({check.code})", markup=False)
        for name, said in (("read", check.proof), ("cause", check.cause), ("next", check.next_step)):
            console.print(f"  {name}: {said}", markup=False)
    if not checks:
        console.print("nothing to examine yet: the hub's first start makes its stores")
    elif not failed:
        console.print(f"{len(checks)} checks, all well")
