"""One comparison: what it comes to, its findings with filters, how a verdict follows, the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from api.access import needs
from api.findings import Filters
from api.pages.frame import Viewer, page, pager, viewer_of
from api.pages.html import Child, Html, badge, field, link, select, table, tag, words
from api.pages.routing import router
from api.routes.comparisons import read_ready
from api.services import services_of
from api.tables import page_of
from criteria.vocabulary import vocabulary
from engine.findings import SEVERITIES, VERDICTS
from jobs.stored_comparisons import explain, load_case

routes = router()

PER_PAGE = 50
ANY = ("", "any")


@routes.get("/w/{workspace}/comparisons/{comparison}")
@needs("comparison.read")
def show(
    request: Request,
    workspace: str,
    comparison: str,
    verdict: str = "",
    severity: str = "",
    category: str = "",
    q: str = "",
    after: str = "",
) -> Response:
    """Show a comparison with its findings."""
    viewer = viewer_of(request)
    ready = read_ready(services_of(request), workspace, comparison, "own")
    made = ready.plain
    query = {"verdict": verdict, "severity": severity, "category": category, "q": q}
    filters = Filters(verdict=verdict, severity=severity, category=category, q=q)
    fitting = filters.among(ready.rows)
    shown, following = page_of(fitting, after, PER_PAGE, ready.etag)
    return page(
        f"{made['baseline']} × {made['foreign']}",
        tag(
            "p",
            f"As of {made['as_of']}. The verdicts are on the criteria of {made['baseline']}.",
            class_="lead",
        ),
        *(tag("p", text, class_="note") for text in made["warnings"]),
        _cards(made),
        _bar(made["summary"]),
        _actions(viewer, workspace, comparison),
        tag("h2", "Findings", id="findings"),
        _filters(made, query),
        _findings(viewer, comparison, [one.compact for one in shown]),
        pager(viewer, viewer.at("comparisons", comparison), query, following, len(fitting)),
        _prerequisites(made),
        _reverse(made),
        viewer=viewer,
        here="/comparisons",
    )


def _cards(made: Mapping[str, Any]) -> Html:
    conclusion, counts = made["conclusion"], made["summary"]
    cards: list[tuple[Child, str]] = [
        (badge(conclusion["overall"], "overall"), "recommendation for phase 1, no decision"),
        (f"{counts.get('exceeds', 0) + counts.get('meets', 0)} of {counts['total']}", "exceed or meet"),
        (f"{counts.get('partly_meets', 0)} of {counts['total']}", "are partly met"),
        (f"{counts.get('no_counterpart', 0)} of {counts['total']}", "have no counterpart"),
        (f"{counts.get('provisional', 0)} of {counts['total']}", "rest on unverified text"),
    ]
    shown = [tag("div", tag("b", value), tag("span", text), class_="card") for value, text in cards]
    return tag("div", *shown, class_="cards")


def _bar(counts: Mapping[str, int]) -> Html:
    """Return the counts as a bar, and in words beside it."""
    total = counts["total"] or 1
    parts, left = [], 0.0
    for verdict in VERDICTS:
        width = 100 * counts.get(verdict, 0) / total
        if width:
            parts.append(tag("rect", x=f"{left:.2f}", y=0, width=f"{width:.2f}", height=10, class_=verdict))
        left += width
    told = ", ".join(f"{counts[v]} {words(v)}" for v in VERDICTS if counts.get(v))
    bar = tag(
        "svg",
        *parts,
        class_="bar",
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        role="img",
        aria_label=told,
    )
    legend = [
        tag(
            "li",
            tag("svg", tag("rect", width=10, height=10, class_=verdict), class_="key", viewBox="0 0 10 10",
                aria_hidden="true"),
            f"{counts[verdict]} {words(verdict)}",
        )
        for verdict in VERDICTS
        if counts.get(verdict)
    ]  # fmt: skip
    return tag("div", bar, tag("ul", *legend, class_="legend"))


def _actions(viewer: Viewer, workspace: str, comparison: str) -> Html:
    base = f"/api/v1/workspaces/{workspace}/comparisons/{comparison}"
    found = [link("Findings as CSV", f"{base}/findings?format=csv&limit=500", class_="button")]
    if viewer.may("report.read"):
        found = [
            link("Gap report (Excel)", f"{base}/report.xlsx", class_="button main"),
            link("Report for the partner", f"{base}/report.xlsx?audience=partner", class_="button"),
            *found,
        ]
    return tag("p", *found, class_="actions")


def _filters(made: Mapping[str, Any], query: Mapping[str, str]) -> Html:
    names = vocabulary().categories
    categories = [(key, names[key].name) for key in made["categories"]]
    return tag(
        "form",
        field("Verdict", select("verdict", [ANY, *((v, words(v)) for v in VERDICTS)], query["verdict"])),
        field("Severity", select("severity", [ANY, *((s, s) for s in SEVERITIES)], query["severity"])),
        field("Category", select("category", [ANY, *categories], query["category"])),
        field("Words", tag("input", type="search", name="q", value=query["q"], maxlength=200)),
        tag("button", "Filter"),
        method="get", action="#findings", class_="filters",
    )  # fmt: skip


def _findings(viewer: Viewer, comparison: str, rows: Sequence[Mapping[str, Any]]) -> Html:
    if not rows:
        return tag("p", "No finding fits.", class_="soft")
    heads = [
        "Criterion",
        "Verdict",
        "Severity",
        "What is missing",
        "Counterparts",
        "Question to the other side",
    ]
    return table("Findings", heads, [list(_finding(viewer, comparison, one)) for one in rows])


def _finding(viewer: Viewer, comparison: str, one: Mapping[str, Any]) -> Iterator[Child]:
    place = viewer.at("comparisons", comparison, "findings", one["criterion"])
    name = vocabulary().categories[one["category"]].name
    yield tag(
        "th", link(one["criterion"], place), " ", one["title"], tag("br"),
        tag("small", f"{name}, {one['strength']}", class_="soft"), scope="row",
    )  # fmt: skip
    shortfall = tag("small", f" {one['shortfall']}") if one["shortfall"] else None
    provisional = tag("small", " provisional") if one["provisional"] else None
    yield tag("td", badge(one["verdict"], "verdict"), shortfall, provisional)
    absent = tag("small", f" if absent: {one['if_absent']}") if one["if_absent"] else None
    yield tag("td", badge(one["severity"], "severity"), absent)
    yield _list(one["missing"])
    yield _list(one["counterparts"], most=6)
    yield one["question"]


def _list(texts: list[str], most: int = 4) -> Child:
    if not texts:
        return tag("span", "–", class_="none")
    more = [tag("li", f"and {len(texts) - most} more", class_="soft")] if len(texts) > most else []
    return tag("ul", *(tag("li", text) for text in texts[:most]), *more)


def _prerequisites(made: Mapping[str, Any]) -> Html:
    rows = [
        [one["name"], badge(one["verdict"], "overall"), "; ".join(one["reasons"]), one["basis"]]
        for one in made["prerequisites"]
    ]
    heads = ["Prerequisite", "Verdict", "Why", "Basis"]
    return tag("section", tag("h2", "Prerequisites"), table("Prerequisites", heads, rows))


def _reverse(made: Mapping[str, Any]) -> Html | None:
    rows = [
        [tag("td", one["provision"], class_="ref"), one["text"], one["strength"], one["note"]]
        for one in made["reverse"]
        if one["class"] != "background"
    ]
    if not rows:
        return None
    heads = ["Provision", "Text", "Strength", "Note"]
    title = f"Asked by {made['foreign']} only"
    return tag("section", tag("h2", title), table(title, heads, rows[:200]))


@routes.get("/w/{workspace}/comparisons/{comparison}/findings/{criterion:path}")
@needs("comparison.read")
def explanation(request: Request, workspace: str, comparison: str, criterion: str) -> Response:
    """Show how one verdict follows."""
    viewer, services = viewer_of(request), services_of(request)
    case = services.results.get(
        ("case", workspace, comparison), lambda: load_case(services.workshop, workspace, comparison)
    )
    found = explain(case, criterion)
    finding = found["finding"]
    return page(
        f"{criterion} {finding['title']}",
        tag("p", link(f"← {found['baseline']} × {found['foreign']}", viewer.at("comparisons", comparison))),
        tag("p", badge(finding["verdict"], "verdict"), " ", badge(finding["severity"], "severity")),
        tag("pre", "\n".join(found["lines"])),
        viewer=viewer,
        here="/comparisons",
    )
