"""How large a YAML text grows when all its aliases are written out.

A few hundred bytes of nested aliases make a billion values for whoever walks them, and every reader
here walks all of them. The events of the parser tell the size without building anything.
"""

from __future__ import annotations

import yaml


def expanded_nodes(text: str, most: int) -> int:
    """Return the number of nodes of a YAML text with every alias written out, or more than `most` at once.

    A text without aliases, or one that is not YAML, counts 0: the loader has its own word on it.
    """
    if "*" not in text or "&" not in text:
        return 0
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str, int]] = [("", 0)]  # anchor and size so far, from the outside in
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            _count(event, sizes, open_nodes)
            if open_nodes[0][1] > most or any(size > most for size in sizes.values()):
                return most + 1
    except yaml.YAMLError:
        return 0
    return open_nodes[0][1]


def _count(event: yaml.Event, sizes: dict[str, int], open_nodes: list[tuple[str, int]]) -> None:
    if isinstance(event, yaml.AliasEvent):
        _add(open_nodes, sizes.get(event.anchor, 1))
    elif isinstance(event, yaml.ScalarEvent):
        if event.anchor:
            sizes[event.anchor] = 1
        _add(open_nodes, 1)
    elif isinstance(event, yaml.CollectionStartEvent):
        open_nodes.append((event.anchor or "", 1))
    elif isinstance(event, yaml.CollectionEndEvent):
        anchor, size = open_nodes.pop()
        if anchor:
            sizes[anchor] = size
        _add(open_nodes, size)


def _add(open_nodes: list[tuple[str, int]], size: int) -> None:
    anchor, before = open_nodes[-1]
    open_nodes[-1] = (anchor, before + size)
