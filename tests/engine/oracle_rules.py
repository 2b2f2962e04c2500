"""A second, plain reading of the rules: what the engine must answer, without any engine.

Tests compare the two. It knows nothing of the engine's nodes, limits or order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any

COMPARE = {"==": eq, "!=": ne, "<=": le, ">=": ge, "<": lt, ">": gt}


def holds(test: Sequence[Any], fact: Mapping[str, Any]) -> bool:
    """Say whether one test holds; a test on a property that the fact lacks never does."""
    name, operator = test[0], test[1]
    if name not in fact:
        return False
    if operator == "ex":
        return True
    if operator == "in":
        return fact[name] in test[2]
    return bool(COMPARE[operator](fact[name], test[2]))


def evaluate(rules: Iterable[Mapping[str, Any]], facts: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return (rule name, fact id) for every rule whose tests all hold on a fact, sorted."""
    return sorted(
        (rule["name"], fact["id"])
        for rule in rules
        for fact in facts
        if all(holds(test, fact) for test in rule["all"])
    )
