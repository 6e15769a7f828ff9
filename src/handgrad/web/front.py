"""What people see who open the server's address."""


def front_page() -> str:
    """Return the page.

    Returns
    -------
    str
        HTML.
    """
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>handgrad</title>'
        '<link rel="stylesheet" href="/docs.css"><main><h1>handgrad</h1><p>This server reads handwritten digits. '
        '<a href="/docs">How to ask it</a></p></main></html>'
    )
