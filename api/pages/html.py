"""HTML as values: every text is escaped, unless it is HTML already."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


Child: TypeAlias = "str | int | float | Iterable[Child] | None"
Attribute: TypeAlias = "str | int | float | bool | None"
VOID = frozenset({"input", "link", "meta", "br", "hr", "img"})


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """Return an element; `class_` and `for_` name attributes that are words of Python, `_` is a hyphen."""
    opened = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    if name in VOID:
        return Html(opened)
    return Html(f"{opened}{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Html:
    """Return children one after the other; None is nothing."""
    return Html("".join(_text(child) for child in children))


def _text(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return escape(child, quote=False)
    if isinstance(child, int | float):
        return str(child)
    return join(child)


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def words(code: str | None) -> str:
    """Return a code as people read it: `partly_meets` as "partly meets"."""
    return (code or "").replace("_", " ")


def table(
    caption: str, heads: Iterable[str | Html], rows: Iterable[Iterable[Child]], *, class_: str = ""
) -> Html:
    """Return a table with a caption for screen readers; what is no cell yet becomes a `td`."""
    body = [tag("tr", *(cell if _is_cell(cell) else tag("td", cell) for cell in row)) for row in rows]
    head = tag("tr", *(one if _is_cell(one) else tag("th", one, scope="col") for one in heads))
    made = tag(
        "table", tag("caption", caption), tag("thead", head), tag("tbody", *body), class_=class_ or None
    )
    return tag("div", made, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _is_cell(child: Child) -> bool:
    return isinstance(child, Html) and child.startswith(("<td", "<th"))


def link(text: Child, href: str, **attributes: Attribute) -> Html:
    """Return a link."""
    return tag("a", text, href=href, **attributes)


def badge(code: str | None, kind: str) -> Html:
    """Return a code as a coloured label; the words say the same as the colour."""
    if not code:
        return tag("span", "–", class_="none")
    return tag("span", words(code), class_=f"badge {kind}-{code.replace('_', '-')}")


def field(label: str, control: Html, hint: str = "") -> Html:
    """Return a form control with its label."""
    return tag("label", tag("span", label), control, tag("small", hint) if hint else None, class_="field")


def select(name: str, options: Iterable[tuple[str, str]], chosen: str = "") -> Html:
    """Return a list to choose from: pairs of value and text."""
    made = [tag("option", text, value=value, selected=value == chosen) for value, text in options]
    return tag("select", *made, name=name)


def hidden(name: str, value: str) -> Html:
    """Return a hidden field."""
    return tag("input", type="hidden", name=name, value=value)
