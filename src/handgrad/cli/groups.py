"""Groups of commands whose help reads well."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from handgrad.errors import UserError


class Group(click.Group):
    """A group that shows its help when called alone, whole summaries in it, and knows what a slip was meant to be."""

    def sections(self, ctx: click.Context) -> Mapping[str, Sequence[str]]:
        """The names of the commands, under the headings of the help."""
        return {"Commands": self.list_commands(ctx)}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        from difflib import get_close_matches

        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = get_close_matches(args[0], self.list_commands(ctx), 1)
            hint = f"did you mean '{near[0]}'?" if near else f"'{ctx.command_path} --help' lists the commands"
            raise UserError(f"no command '{args[0]}': {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, names in self.sections(ctx).items():
            with formatter.section(heading):
                found = [(name, self.get_command(ctx, name)) for name in names]
                formatter.write_dl([(name, _summary(command)) for name, command in found if command])


def _summary(command: click.Command) -> str:
    """The first paragraph of a command's help."""
    return " ".join((command.help or "").split("\n\n")[0].split())
