"""A report is put in its place whole or not at all, and an impossible place is named before the work."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path

import openpyxl
import pytest

from criteria.problems import MraError
from tests.builders import small_comparison
from workbooks.report import NotWritable, check_writable, write_report


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/report.xlsx", "does not exist"),
        ("report.pdf", "must end in .xlsx"),
        ("folder.xlsx", "is a folder"),
    ],
)
def test_an_impossible_place_is_named_with_its_cure(tmp_path, name, message):
    (tmp_path / "folder.xlsx").mkdir()
    with pytest.raises(NotWritable, match=message):
        check_writable(tmp_path / name)
    assert issubclass(NotWritable, MraError)


def test_a_possible_place_leaves_no_trace_of_the_check(tmp_path):
    assert check_writable(tmp_path / "report.xlsx") == tmp_path / "report.xlsx"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_is_named(tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.raises(NotWritable, match=r"Nothing can be written in .*Permission denied"):
        check_writable(tmp_path / "report.xlsx")


def test_a_report_is_written_with_the_permissions_of_any_new_file(tmp_path):
    library, comparison = small_comparison()
    target = tmp_path / "report.xlsx"
    write_report(comparison, library, target)
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain", "report.xlsx"]
    assert openpyxl.load_workbook(target).sheetnames[0] == "Summary"


def test_a_failure_leaves_the_earlier_report_and_no_half_written_file(tmp_path, monkeypatch):
    library, comparison = small_comparison()
    target = tmp_path / "report.xlsx"
    target.write_bytes(b"earlier")

    def fail(self, goal):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(NotWritable, match="No space left"):
        write_report(comparison, library, target)
    assert target.read_bytes() == b"earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["report.xlsx"]


def test_a_bad_path_stops_before_any_sheet_is_written(tmp_path):
    library, comparison = small_comparison()
    seen: list[str] = []
    with pytest.raises(NotWritable):
        write_report(
            comparison, library, tmp_path / "no" / "r.xlsx", progress=lambda name, n, total: seen.append(name)
        )
    assert seen == []


def test_an_unknown_audience_and_too_long_a_marking_are_refused(tmp_path):
    library, comparison = small_comparison()
    with pytest.raises(MraError, match="Use own or partner"):
        write_report(comparison, library, tmp_path / "r.xlsx", audience="public")
    with pytest.raises(MraError, match="at most 100"):
        write_report(comparison, library, tmp_path / "r.xlsx", marking="X" * 101)
    assert list(tmp_path.iterdir()) == []
