"""A group whose commands are imported when they are called: whoever asks for one waits for no other.

This table is the one place where a module is named by its path and loaded late. What
a command says of itself in the list of all stands here too, since to ask the command would load it.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Lazy(NamedTuple):
    """Where a command lies, and what the list of commands says of it."""

    module: str
    help: str


class LazyGroup(click.Group):
    """A group of commands by their names; see `Lazy`."""

    def __init__(self, *args: Any, lazy: Mapping[str, Lazy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in order."""
        return sorted(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, its module imported now; None if there is none of that name."""
        if cmd_name not in self.lazy:
            return None
        command: click.Command = getattr(import_module(self.lazy[cmd_name].module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.lazy[name].help) for name in self.list_commands(ctx)])
