"""What is left of HTML: all words, none of the markup, and no two words of two blocks as one."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.text.plain.html import html_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Soft &amp; warm</p>", "Soft & warm"),
        ("<ul><li>Wool</li><li>Size M</li></ul>", "Wool .\nSize M"),
        ("<ul><li>Wool<li>Size M</ul>After", "Wool .\nSize M .\nAfter"),
        ("<h2>Care:</h2><p>Wash cold.</p><p>Really?</p><div>Yes</div>", "Care:\nWash cold.\nReally?\nYes"),
        ("one<br>two<br/>three", "one two three"),
        ("<b>Un</b>believ<i>able</i>", "Unbelievable"),
        ("<table><tr><th>Size</th><td>M</td></tr><tr><td>Fit<td>slim</table>", "Size M .\nFit slim"),
        ("a<script>var x = '<p>b';</script>c<style>p{}</style>d", "acd"),
        ("<SCRIPT>x</sCrIpT >a", "a"),
        ("a<script>never closed <p>b", "a"),
        ("<svg><style>x</style><text>y</text></svg>", "y"),
        ("a<!-- b --><!doctype c><?php d ?>e", "ae"),
        ("<template>a</template><p>b", "b"),
        ("caf&eacute; &#x1F600;&nbsp;x &copy 2020 &lt;b&gt; &#128; &unknown;", "café 😀 x © 2020 <b> € &unknown;"),
        ("a < b & 3<5, R&D", "a < b & 3<5, R&D"),
        ("<meta charset=latin1>é😀", "é😀"),
        ("Woll&shy;socken", "Wollsocken"),
        ("  plain \n\t text ", "plain text"),
        ("x</body>y</html>z", "x .\ny .\nz"),
        ("<p></p><br>&nbsp;<img alt=a src=b>", ""),
        ("", ""),
        (" ", ""),
        ("<a href='x>y'>in</a> <x-y on=1>own</x-y>", "in own"),
        ("<p title='a\"b'>t</p", "t"),
    ],
)
def test_what_a_person_would_read(source: str, text: str) -> None:
    assert html_text(source) == text


WORDS = st.text(st.sampled_from("abcß&<>\"'é"), min_size=1, max_size=6)
INLINE = st.sampled_from(["b", "i", "span", "a", "font"])
BLOCK = st.sampled_from(["p", "div", "li", "td", "h1", "dd", "tr", "section", "blockquote", "option"])


@given(st.lists(st.tuples(BLOCK, st.lists(st.tuples(INLINE, WORDS), min_size=1, max_size=3)), min_size=1, max_size=5))
def test_words_of_two_blocks_never_join(blocks: list[tuple[str, list[tuple[str, str]]]]) -> None:
    source = "".join(
        f"<{block}>" + "".join(f"<{tag}>{html.escape(word)}</{tag}>" for tag, word in words) + f"</{block}>"
        for block, words in blocks
    )
    expected = ["".join(word for _, word in words) for _, words in blocks]
    assert [word for word in html_text(source).split() if word != "."] == expected


@given(st.text(st.sampled_from("ab<>&/!-=\"' \n;#x")) | st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_read(source: str) -> None:
    text = html_text(source)
    assert text == text.strip()
    if not re.search(r"[<&\xad\0]|\s", source):
        assert text == source


HOSTILE = {
    "nested": "<div>", "inline": "<b>", "re-opened": "<b><p>", "tables": "<table><tr><td>", "anchors": "<a><p>",
    "comments": "<!--", "tags in tags": "<a ", "ampersands": "&", "entities": "&am", "brackets": "<", "ends": "</",
    "closed": "</p>", "cdata": "<![CDATA[", "quotes": '<a b="', "items": "<li>", "numbers": "&#99999999999;",
    "attributes": "<a a=1 b=2 ", "scripts": "<script>", "selects": "<select><b>", "svg": "<svg><style>",
}  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=list(HOSTILE))
def test_a_megabyte_of_markup_ends(unit: str) -> None:
    html_text(unit * ((1 << 20) // len(unit)))


def test_what_is_nested_too_deep_for_a_tree_is_read() -> None:
    assert html_text("<div>" * 100_000 + "inside" + "</div>" * 100_000 + "<p>after") == "inside .\nafter"
