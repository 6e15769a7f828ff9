"""The HTTP service of `handgrad serve`: answers for images, pages read, explanations, models to download.

`app.py` has the table of its addresses, `guard.py` what every request passes first, `queue.py` the one worker that
answers images. It needs the extra `serve`.
"""
