"""YAML from outside that would hurt whoever reads it: nested aliases, endless nesting, loops.

A few hundred bytes of nested aliases make a billion values for whoever walks them, and every reader
here walks all of them. The events of the parser tell the size without building anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

MOST_NODES = 500_000  # of a file with all its aliases written out; the largest shipped one has some 10,000
DEEPEST = 60  # the shipped files are 8 deep


@dataclass(slots=True)
class _Size:
    """How much has been seen: sizes by anchor, and the open nodes from the outside in."""

    anchors: dict[str, int] = field(default_factory=dict)
    open: list[tuple[str, int]] = field(default_factory=lambda: [("", 0)])
    fault: str = ""

    def add(self, nodes: int) -> None:
        anchor, before = self.open[-1]
        self.open[-1] = (anchor, before + nodes)
        if before + nodes > MOST_NODES:
            self.fault = "its aliases would grow beyond all measure"

    def see(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                self.fault = "an alias in it stands for what contains it"
            self.add(self.anchors.get(event.anchor or "", 1))
        elif isinstance(event, yaml.ScalarEvent):
            self.anchors |= {event.anchor: 1} if event.anchor else {}
            self.add(1)
        elif isinstance(event, yaml.CollectionStartEvent):
            self.open.append((event.anchor or "", 1))
            if len(self.open) > DEEPEST:
                self.fault = f"it is nested more than {DEEPEST} deep"
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = self.open.pop()
            self.anchors |= {anchor: size} if anchor else {}
            self.add(size)


def yaml_fault(text: str) -> str:
    """Return why a YAML text must not be read, or an empty text.

    One that is not YAML at all is left to the loader, which names the line.
    """
    size = _Size()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            size.see(event)
            if size.fault:
                return size.fault
    except yaml.YAMLError:
        return ""
    return ""
