"""Reading handwriting: one digit on a picture, or all the digits on a page.

`read_digit` and `read_page` take a file's path, the bytes of a file, a Pillow image or a NumPy array of grey levels or
colours. Size, place, light and polarity (dark ink on light paper or the reverse) do not matter. Each `Answer` has the
likeliest digit, its probability and its box in the picture; where the answer is not to be relied on, it also has a
`Refusal`, and its text is then "?"; `likeliest` still names the digit. A punctuation mark has a `sign`. A `Page` holds
the answers line by line: `text` has their digits, `full_text` the punctuation too, and `words` are boxes of other
writing. Answers and pages have a `to_json()`. `region` and `grid` choose a part of the picture and its cells. A TIFF or
PDF may have several pages: `read_pages` reads them all.

>>> from handgrad import load
>>> from handgrad.reading import read_digit, read_page
>>> picture = load("mnist").test.pixels[0]
>>> answer = read_digit(picture)
>>> answer.digit, answer.reason, answer.probability > 0.99
('7', None, True)
>>> read_page(picture, model="cnn").text
'7'

What is no picture raises `handgrad.errors.UserError` with one line that says what to do.
"""

from handgrad.reading.answer import Answer, Page, Refusal
from handgrad.reading.pages import read_pages
from handgrad.reading.reader import read_digit, read_page

__all__ = ["Answer", "Page", "Refusal", "read_digit", "read_page", "read_pages"]
