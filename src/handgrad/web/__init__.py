"""The web page, alone in a file or served, and the HTTP service of `handgrad serve` behind it.

`bundle.py` puts the page together, `export.py` writes it with models inside. `app.py` has the table of the service's
addresses, `guard.py` what every request passes first, `queue.py` the one worker that answers images; the service needs
the extra `serve`.
"""
