import click


@click.command("help")
@click.argument("command", nargs=-1)
@click.pass_context
def help(ctx: click.Context, command: tuple[str, ...]) -> None:
    """Show how a command is used: its arguments and options.

    `handgrad help` alone lists the commands; `handgrad help train --recipe mlp` shows the values of that recipe.
    """
    root = ctx.find_root()
    root.command.main([*command, "--help"], prog_name=root.info_name, standalone_mode=False)
