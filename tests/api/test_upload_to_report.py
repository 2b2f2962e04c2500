"""The way of an analyst's file through the service: upload, plan, import, review, compare, report."""

from __future__ import annotations

import io
import json
import zipfile

import httpx
import pytest
from openpyxl import load_workbook

from tests.api.serving import Running
from tests.jobs.sheets import criteria_sheet

ALPHA = "/api/v1/workspaces/alpha"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPTIONS = {
    "program": "fd-aeo",
    "edition": "2025",
    "new_program": {"name": "Freedonia AEO", "country": "Freedonia"},
}


def send(client: httpx.Client, data: bytes, name: str = "partner.xlsx") -> dict:
    """Upload a file and return the answer."""
    response = client.post(f"{ALPHA}/uploads", files={"file": (name, data, XLSX)})
    assert response.status_code == 201, response.text
    found: dict = response.json()
    return found


@pytest.fixture(scope="module")
def server(either: Running) -> Running:
    """Everything here is tried on SQLite and on PostgreSQL."""
    return either


@pytest.fixture(scope="module")
def imported(server: Running) -> str:
    """An edition imported by the analyst of `alpha`."""
    analyst = server.client("analyst@alpha")
    upload = send(analyst, criteria_sheet())
    response = analyst.post(f"{ALPHA}/uploads/{upload['id']}/import", json=OPTIONS)
    assert response.status_code == 201, response.text
    return str(response.json()["edition"])


@pytest.fixture(scope="module")
def comparison(server: Running, imported: str) -> str:
    """The imported edition compared with C-TPAT."""
    response = server.client("analyst@alpha").post(f"{ALPHA}/comparisons", json={"foreign": imported})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def test_an_upload_shows_its_layout_a_sample_and_its_problems(server: Running):
    shown = send(server.client("analyst@alpha"), criteria_sheet())
    assert shown["format"] == "xlsx"
    [sheet] = shown["sheets"]
    fields = {column["field"] for column in sheet["layout"]["columns"]}
    assert sheet["sheet"] == "Criteria"
    assert fields >= {"ref", "requirement", "strength"}
    assert sheet["sample"][0]["C"].startswith("Members must carry out")
    listed = server.client("reviewer@alpha").get(f"{ALPHA}/uploads/{shown['id']}/problems").json()
    assert listed["total"] == len(shown["problems"])


def test_a_file_that_is_no_spreadsheet_is_taken_and_its_problem_told(server: Running):
    shown = send(server.client("analyst@alpha"), b"%PDF-1.7 not a sheet", "criteria.pdf")
    assert not shown["sheets"]
    assert next(one["severity"] for one in shown["problems"]) == "error"
    refused = server.client("analyst@alpha").post(f"{ALPHA}/uploads/{shown['id']}/import", json=OPTIONS)
    assert refused.status_code == 422
    assert refused.json()["code"] == "data_problems"
    assert refused.json()["problems"][0]["hint"]


def test_an_upload_comes_back_as_it_came_and_never_under_the_type_it_claims(server: Running):
    analyst = server.client("analyst@alpha")
    data = b"<html><script>alert(1)</script></html>"
    response = analyst.post(f"{ALPHA}/uploads", files={"file": ('../a"b.html', data, "text/html")})
    back = analyst.get(f"{ALPHA}/uploads/{response.json()['id']}/file")
    assert back.content == data
    assert back.headers["content-type"] == "application/octet-stream"
    assert back.headers["content-disposition"].startswith("attachment;")
    again = analyst.get(back.request.url, headers={"if-none-match": back.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_an_annotated_copy_marks_the_problems(server: Running):
    rows = [("1", "Seal security", "Seals are used.", "shuold", "All", "")]
    analyst = server.client("analyst@alpha")
    upload = send(analyst, criteria_sheet(rows))
    copy = analyst.get(f"{ALPHA}/uploads/{upload['id']}/annotated.xlsx")
    assert "Criteria" in load_workbook(io.BytesIO(copy.content)).sheetnames


def test_a_plan_says_what_an_import_would_do_and_writes_nothing(server: Running):
    analyst = server.client("analyst@alpha")
    upload = send(analyst, criteria_sheet())
    before = analyst.get(ALPHA).json()["version"]
    plan = analyst.post(f"{ALPHA}/uploads/{upload['id']}/plan", json={**OPTIONS, "edition": "never"}).json()
    assert (plan["edition"], plan["criteria"], plan["applied"]) == ("fd-aeo-never", 4, False)
    assert analyst.get(ALPHA).json()["version"] == before


def test_an_import_shows_at_once_and_in_its_own_workspace_only(server: Running, imported: str):
    analyst, other = server.client("analyst@alpha"), server.client("analyst@beta")
    assert analyst.get(f"{ALPHA}/editions/{imported}").json()["criteria"] == 4
    assert other.get(f"/api/v1/workspaces/beta/editions/{imported}").status_code == 404
    keys = [one["key"] for one in other.get("/api/v1/workspaces/beta/programs").json()["items"]]
    assert "fd-aeo" not in keys


def test_the_same_edition_is_not_imported_twice(server: Running, imported: str):
    analyst = server.client("analyst@alpha")
    upload = send(analyst, criteria_sheet())
    again = analyst.post(f"{ALPHA}/uploads/{upload['id']}/import", json=OPTIONS)
    assert again.status_code == 422
    assert "exists already" in again.json()["detail"]


def test_the_layout_of_an_import_is_kept_for_the_next_one(server: Running, imported: str):
    analyst = server.client("analyst@alpha")
    upload = send(analyst, criteria_sheet())
    plan = analyst.post(f"{ALPHA}/uploads/{upload['id']}/plan", json={**OPTIONS, "edition": "later"}).json()
    assert [layout["source"] for layout in plan["layouts"]] == ["saved"]


def test_proposals_do_not_count_until_a_reviewer_approves_them(server: Running, imported: str):
    reviewer = server.client("reviewer@alpha")
    rows = reviewer.get(f"{ALPHA}/editions/{imported}/maps", params={"status": "proposed"}).json()["items"]
    row = next(one for one in rows if one["obligation"] == "2.1.a")
    decision = {
        "edition": imported,
        "obligation": row["obligation"],
        "control": row["control"],
        "decision": "approved",
        "rationale": "both ask for ISO 17712 seals",
    }
    assert reviewer.post(f"{ALPHA}/reviews", json=decision).status_code == 428
    stale = reviewer.post(f"{ALPHA}/reviews", json=decision, headers={"if-match": '"r9"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    done = reviewer.post(f"{ALPHA}/reviews", json=decision, headers={"if-match": row["etag"]})
    assert done.status_code == 201, done.text
    twice = reviewer.post(f"{ALPHA}/reviews", json=decision, headers={"if-match": row["etag"]})
    assert twice.status_code == 412
    wanted = {"obligation": "2.1.a", "status": "approved"}
    now = reviewer.get(f"{ALPHA}/editions/{imported}/maps", params=wanted).json()
    assert [one["control"] for one in now["items"]] == [row["control"]]
    assert now["items"][0]["etag"] == done.headers["etag"]
    record = reviewer.get(f"{ALPHA}/reviews", params={"obligation": "2.1.a"}).json()["items"]
    assert (record[0]["by"], record[0]["decision"]) == ("reviewer-alpha", "approved")


def test_a_review_workbook_goes_out_and_its_decisions_come_back(server: Running, imported: str):
    reviewer = server.client("reviewer@alpha")
    book = load_workbook(io.BytesIO(reviewer.get(f"{ALPHA}/editions/{imported}/review.xlsx").content))
    sheet = book["Review"]
    columns = {cell.value: cell.column or 0 for cell in sheet[4]}
    sheet.cell(5, columns["Decision"]).value = "accept"
    sheet.cell(5, columns["Rationale"]).value = "the same objective"
    buffer = io.BytesIO()
    book.save(buffer)
    files = {"file": ("review.xlsx", buffer.getvalue(), XLSX)}
    tried = reviewer.post(f"{ALPHA}/reviews/workbook", files=files, params={"dry_run": True}).json()
    assert (len(tried["changes"]), tried["applied"]) == (1, False)
    done = reviewer.post(f"{ALPHA}/reviews/workbook", files=files).json()
    assert (len(done["changes"]), done["problems"], done["applied"]) == (1, [], True)


def test_a_comparison_is_kept_once_and_read_unchanged(server: Running, comparison: str, imported: str):
    viewer = server.client("viewer@alpha")
    whole = viewer.get(f"{ALPHA}/comparisons/{comparison}")
    assert whole.json()["id"] == comparison
    same = viewer.get(whole.request.url, headers={"if-none-match": f'"other", W/{whole.headers["etag"]}'})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == whole.headers["etag"]
    listed = viewer.get(f"{ALPHA}/comparisons", params={"foreign": imported}).json()
    assert comparison in [one["id"] for one in listed["items"]]


def test_findings_are_narrowed_and_paged_without_a_gap(server: Running, comparison: str):
    viewer = server.client("viewer@alpha")
    place = f"{ALPHA}/comparisons/{comparison}/findings"
    everything = [one["criterion"] for one in viewer.get(place, params={"limit": 500}).json()["items"]]
    paged, after = [], ""
    while True:
        page = viewer.get(place, params={"limit": 40, "after": after}).json()
        paged += [one["criterion"] for one in page["items"]]
        assert page["total"] == len(everything)
        after = page["next"]
        if after is None:
            break
    assert paged == everything
    seals = viewer.get(place, params={"category": "seal", "verdict": "no_counterpart,partly_meets"}).json()
    assert {one["category"] for one in seals["items"]} <= {"seal"}
    assert {one["verdict"] for one in seals["items"]} <= {"no_counterpart", "partly_meets"}
    full = viewer.get(place, params={"limit": 1, "detail": "full"}).json()["items"][0]
    assert "obligations" in full
    assert "obligations" not in viewer.get(place, params={"limit": 1}).json()["items"][0]


def test_a_verdict_is_explained_from_obligation_to_policy(server: Running, comparison: str):
    found = server.client("viewer@alpha").get(f"{ALPHA}/comparisons/{comparison}/findings/6.2").json()
    assert found["finding"]["criterion"] == "6.2"
    assert any(line.startswith("Verdict:") for line in found["lines"])
    missing = server.client("viewer@alpha").get(f"{ALPHA}/comparisons/{comparison}/findings/66")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_name")


def test_the_partner_never_sees_what_is_our_own(server: Running, comparison: str):
    viewer = server.client("viewer@alpha")
    partner = viewer.get(f"{ALPHA}/comparisons/{comparison}", params={"audience": "partner"})
    text = partner.text
    assert partner.json()["conclusion"] == {}
    for word in ("(internal)", '"severity"', '"site_check"', '"if_absent"', '"overall"'):
        assert word not in text
    page = viewer.get(
        f"{ALPHA}/comparisons/{comparison}/findings", params={"audience": "partner", "limit": 500}
    )
    assert "(internal)" not in page.text
    assert '"severity"' not in page.text


def test_what_if_shows_both_worlds_and_keeps_nothing_unless_asked(server: Running, imported: str):
    analyst = server.client("analyst@alpha")
    before = analyst.get(f"{ALPHA}/comparisons").json()["total"]
    added = {
        "text": "Loaded containers are sealed with ISO 17712 seals at once.",
        "category": "seal",
        "control": "seal.affix_high_security",
        "parameters": {"seal_standard": "iso17712_high_security"},
    }
    edits = {"accept_all": True, "add": [added]}
    world = analyst.post(f"{ALPHA}/what-if", json={"foreign": imported, "edits": edits}).json()
    assert world["kept"] is None
    assert world["before"]["id"] != world["after"]["id"]
    assert "better" in {one["change"] for one in world["changes"]}
    assert analyst.get(f"{ALPHA}/comparisons").json()["total"] == before
    kept = analyst.post(f"{ALPHA}/what-if", json={"foreign": imported, "edits": edits, "keep": True}).json()
    assert kept["kept"] == world["after"]["id"]
    row = next(
        one for one in analyst.get(f"{ALPHA}/comparisons").json()["items"] if one["id"] == kept["kept"]
    )
    assert row["request"]["what_if"]["accept_all"] is True
    report = analyst.get(f"{ALPHA}/comparisons/{kept['kept']}/report.xlsx")
    assert report.status_code == 200


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({"remove": ["9.9.z"]}, "unknown_name"),
        ({"accept": [{"obligation": "1.1.a", "control": "no.such"}]}, "refused"),
        (
            {"add": [{"text": "x", "category": "sael", "control": "seal.affix_high_security"}]},
            "data_problems",
        ),
        ({"change": [{"obligation": "1.1.a", "parameters": {"interval": "often"}}]}, "data_problems"),
        ({"policy": {"verdicts": "rows: []"}}, "unknown_name"),
        ({"policy": {"verdict": "rows: ["}}, "data_problems"),
    ],
)
def test_a_world_that_cannot_be_is_refused_with_a_cure(server: Running, imported: str, edits, code):
    made = server.client("analyst@alpha").post(f"{ALPHA}/what-if", json={"foreign": imported, "edits": edits})
    assert made.json()["code"] == code, made.text


def test_a_changed_provision_changes_its_finding_only(server: Running):
    analyst = server.client("analyst@alpha")
    body = {"foreign": "nz-ses", "edits": {}}
    assert analyst.post(f"{ALPHA}/what-if", json=body).json()["changes"] == []


def test_two_comparisons_side_by_side_show_what_became_of_each_finding(server: Running, comparison: str):
    analyst = server.client("analyst@alpha")
    other = analyst.post(f"{ALPHA}/comparisons", json={"foreign": "nz-ses"}).json()["id"]
    place = f"{ALPHA}/comparisons/{comparison}/changes"
    rows = analyst.get(place, params={"since": other, "limit": 500}).json()["items"]
    assert {one["change"] for one in rows} & {"better", "worse"}
    assert analyst.get(place, params={"since": comparison}).json()["total"] == 0


def test_a_report_is_streamed_on_the_spot_or_kept_as_handed_out(server: Running, comparison: str):
    negotiator = server.client("negotiator@alpha")
    query = {"audience": "partner", "marking": "RELEASABLE"}
    spot = negotiator.get(f"{ALPHA}/comparisons/{comparison}/report.xlsx", params=query)
    assert spot.headers["content-type"] == XLSX
    assert "Summary" in load_workbook(io.BytesIO(spot.content)).sheetnames
    kept = negotiator.post(f"{ALPHA}/comparisons/{comparison}/reports", json=query)
    assert kept.status_code == 201, kept.text
    file = negotiator.get(f"{ALPHA}/reports/{kept.json()['id']}/file")
    assert file.content == spot.content
    listed = negotiator.get(f"{ALPHA}/reports", params={"subject": comparison}).json()
    assert kept.json()["id"] in [one["id"] for one in listed["items"]]


def test_a_matrix_comes_as_cells_csv_and_workbook(server: Running):
    viewer = server.client("viewer@alpha")
    cells = viewer.get(f"{ALPHA}/matrix").json()
    assert {cell["baseline"] for cell in cells["items"]} == {"ctpat-2020"}
    csv = viewer.get(f"{ALPHA}/matrix", headers={"accept": "text/csv"})
    assert len(csv.text.strip().splitlines()) == cells["total"] + 1
    book = server.client("negotiator@alpha").get(f"{ALPHA}/matrix.xlsx", params={"marking": "DRAFT"})
    assert zipfile.is_zipfile(io.BytesIO(book.content))


def test_a_workspace_goes_out_as_a_zip_and_into_another_without_loss(server: Running, imported: str):
    data = server.client("admin@alpha").get(f"{ALPHA}/export.zip").content
    target = server.client("admin@beta")
    done = target.post("/api/v1/workspaces/beta/import", files={"file": ("w.zip", data, "application/zip")})
    assert done.status_code == 201, done.text
    assert target.get("/api/v1/workspaces/beta/export.zip").content == data
    assert target.post("/api/v1/workspaces/beta/undo").status_code == 201
    assert target.get(f"/api/v1/workspaces/beta/editions/{imported}").status_code == 404


def test_the_audit_trail_tells_who_did_what_without_a_word_of_criteria(server: Running, comparison: str):
    admin = server.client("admin@alpha")
    row = admin.get(f"{ALPHA}/editions/nz-ses-2024/maps", params={"status": "library"}).json()["items"][0]
    decision = {name: row[name] for name in ("edition", "obligation", "control")}
    body = {**decision, "decision": "approved", "rationale": "Both speak of ISO 17712."}
    assert admin.post(f"{ALPHA}/reviews", json=body, headers={"if-match": row["etag"]}).status_code == 201
    entries = admin.get(f"{ALPHA}/audit", params={"limit": 500}).json()["items"]
    events = {one["event"] for one in entries}
    assert events >= {"upload.created", "upload.imported", "comparison.created", "review.decided"}
    assert "ISO 17712" not in json.dumps(entries)
    assert all(one["request_id"] for one in entries)


def test_history_lists_each_change_and_undo_takes_the_last_one_back(server: Running):
    place = "/api/v1/workspaces/beta"
    analyst, reviewer = server.client("analyst@beta"), server.client("reviewer@beta")
    upload = analyst.post(f"{place}/uploads", files={"file": ("p.xlsx", criteria_sheet(), XLSX)}).json()["id"]
    body = {**OPTIONS, "edition": "taken-back"}
    assert analyst.post(f"{place}/uploads/{upload}/import", json=body).status_code == 201
    last = reviewer.get(f"{place}/history").json()["items"][0]
    assert (last["who"], last["undoes"]) == ("analyst-beta", None)
    undone = reviewer.post(f"{place}/undo").json()
    assert undone["undoes"] == last["number"]
    assert analyst.get(f"{place}/editions/fd-aeo-taken-back").status_code == 404
