import click

SHAPE, CLASSES = (28, 28, 1), 10  # of MNIST, by which weights are counted


@click.command()
@click.argument("name", required=False)
def recipes(name: str | None) -> None:
    """List the recipes: network, weights, passes over the images; or print recipe NAME as TOML.

    A file made of it, with other values, is a recipe too: `handgrad recipes mlp > mine.toml`, then
    `handgrad train --recipe mine.toml`.
    """
    from handgrad.nn.network import Network
    from handgrad.training.recipes import RECIPES, recipe

    if name:
        click.echo(recipe(name).to_toml(), nl=False)
        return
    click.echo(f"{'recipe':<12}{'weights':>10}{'epochs':>8}  network")
    for each in RECIPES.values():
        outputs = CLASSES + bool(each.outliers)  # one more for what is no digit
        weights = Network(each.layers(outputs), SHAPE).layout.count
        layers = ", ".join([*each.features, *map(str, each.hidden)])
        members = f"{each.members} members of " if each.members > 1 else ""
        click.echo(f"{each.name:<12}{weights:>10,}{each.epochs:>8}  {members}{layers}")
