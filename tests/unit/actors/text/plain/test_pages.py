from __future__ import annotations

import pytest

from actors.text.plain.pages import pages


@pytest.mark.parametrize(
    ("texts", "cut"),
    [
        ([], []),
        ([""], [[""]]),
        (["aaa"], [["aaa"]]),
        (["aaaa", "b"], [["aaaa"], ["b"]]),
        (["aa", "bb", "c", "", "d"], [["aa", "bb"], ["c", "", "d"]]),
        (["a", "bbbbbbbb", "c"], [["a", "bbbbbbbb"], ["c"]]),
    ],
)
def test_a_page_ends_with_the_text_that_fills_it(texts: list[str], cut: list[list[str]]) -> None:
    assert list(pages(texts, 4)) == cut
