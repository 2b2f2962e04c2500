"""Benchmarks: `make bench`. Figures stand beside a reference in the same run; nothing asserts a time."""

from __future__ import annotations

from datetime import date

import pytest

from engine.matching import DirectMatcher, default_matcher
from engine.policy import load_policy
from mappings.library import load_library
from tests.engine.oracle_rules import evaluate

DAY = date(2026, 1, 1)


class OracleMatcher:
    """Matches with the plain-Python evaluator of the tests: the reference the rule engine is held against."""

    def match(self, batches):
        """Return per batch which rule fired on which fact."""
        return [evaluate(batch.rules, batch.facts) for batch in batches]


@pytest.fixture(scope="session")
def library():
    return load_library()


@pytest.fixture(scope="session", params=["process", "direct", "oracle"])
def matcher(request):
    return {"process": default_matcher, "direct": DirectMatcher, "oracle": OracleMatcher}[request.param]()


@pytest.fixture(scope="session")
def policy():
    return load_policy(DirectMatcher())


def pytest_terminal_summary(terminalreporter, config):
    """Print the medians with what each benchmark noted, and the ratio of the engine to the oracle."""
    found = getattr(config, "_benchmarksession", None)
    if found is None:
        return
    medians = {}
    terminalreporter.section("figures")
    for one in found.benchmarks:
        if one.stats.data:
            medians[one.name] = one.stats.median
            noted = ", ".join(f"{key} {value}" for key, value in one.extra_info.items())
            terminalreporter.write_line(f"{one.name}: median {one.stats.median * 1000:.1f} ms; {noted}")
    reference = medians.get("test_one_warm_comparison[oracle]")
    for name in ("process", "direct"):
        median = medians.get(f"test_one_warm_comparison[{name}]")
        if median and reference:
            terminalreporter.write_line(
                f"comparison, {name} matcher / plain-Python oracle: {median / reference:.2f}"
            )
