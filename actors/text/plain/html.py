"""The text of HTML, as a person would read it on the page.

lxml's parser calls `_Text` for each element and builds no tree: its time and memory are in proportion to the text,
whatever is nested in it, which is not so of the parsers that build one (`infra/decisions/0009-html.md`).
"""

from __future__ import annotations

import re

from lxml import etree

_UNSEEN = frozenset({"script", "style", "template"})

# "Rendering", HTML Standard, sections 15.3.3 to 15.3.8 and 15.3.10 (display: block, list-item, table, table-row).
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir"),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hgroup", "hr", "html", "legend", "li", "listing", "main", "menu", "nav", "ol", "optgroup", "p"),
        *("plaintext", "pre", "search", "section", "summary", "table", "tbody", "tfoot", "thead", "title", "tr", "ul"),
        "xmp",
    }
)
_APART = frozenset(["br", "button", "input", "img", "option", "select", "td", "textarea", "th"])

_BLANKS = re.compile(r"\s+")
_SENTENCE_ENDS = (".", "!", "?", "…", ":", ";", "。", "！", "？")
_SOFT_HYPHEN = "\xad"


def html_text(html: str) -> str:
    """The text of HTML without tags, comments, scripts and styles, with its entities resolved.

    A sentence ends where a block does (` .` is put between two of them unless the first has its own punctuation), and
    words are apart that a line break, a table's cell or a control separates. Whitespace runs are one space.
    """
    parser = etree.HTMLParser(target=_Text(), encoding="utf-8")  # which goes before what a `meta` element says
    parser.feed(html.encode("utf-8"))
    return parser.close()  # type: ignore[no-any-return]


class _Text:
    """The parser's target: collects the text between the tags."""

    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._open: list[str] = []
        self._unseen = 0

    def start(self, tag: str, attributes: object) -> None:
        self._unseen += tag in _UNSEEN
        self._break(tag)

    def end(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN
        self._break(tag)

    def data(self, text: str) -> None:
        if not self._unseen:
            self._open.append(text)

    def close(self) -> str:
        self._end_sentence()
        *before, last = self._sentences or [""]
        return "\n".join([*(text if text.endswith(_SENTENCE_ENDS) else f"{text} ." for text in before), last])

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_sentence()
        elif tag in _APART:
            self._open.append(" ")

    def _end_sentence(self) -> None:
        if self._open:
            text = _BLANKS.sub(" ", "".join(self._open).replace(_SOFT_HYPHEN, "")).strip()
            self._open.clear()
            if text:
                self._sentences.append(text)
