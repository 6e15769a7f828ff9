"""The page put together from its modules."""

import pytest

from handgrad.web import bundle


def test_an_import_of_what_no_line_exports_is_told(monkeypatch) -> None:
    modules = {"main.js": 'import { A, B as C } from "./parts/a.js";', "parts/a.js": "export const A = 1, B = 2;"}
    monkeypatch.setattr(bundle, "_source", modules.__getitem__)
    with pytest.raises(ValueError, match=r"main.js: parts/a.js exports no B; a line exports one name"):
        bundle.script()
    modules["parts/a.js"] = "export const A = 1;\nexport const B = 2;"
    assert 'const { A, B: C } = modules["parts/a.js"];' in bundle.script()
