"""A workspace goes out as a folder or zip and comes back equal; what is hostile never comes in."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.library import load_library
from mappings.workspace import WorkspaceError
from mappings.workspace import commit as folder_commit
from mappings.workspace import locked as folder_locked
from store import exchange, files, reviews, workspaces
from store.errors import BadArchive, ReviewsAreAppendOnly, VersionConflict
from store.paths import path_fault
from store.types import utc_now
from store.yaml_safety import yaml_fault
from tests.store.papers import edition_files, review

SETTINGS = "workspace.yaml"

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=30).filter(
    str.strip
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)
# Folded: names that differ in case only do not go together.
names = (
    st.from_regex(r"[a-zé運_][\w .()-]{0,20}\w", fullmatch=True)
    .map(str.casefold)
    .filter(lambda name: path_fault(f"layouts/{name}.yaml") == "")
)
decisions = st.builds(
    lambda obligation, decision, why, by: review(
        *obligation, decision=decision, why=why, by=by, rationale=by
    ),
    st.sampled_from([("A6.a", "staff.vetting"), ("A5.a", "it.accounts"), ("X5.a", "")]),
    st.sampled_from(["approved", "rejected", "proposed"]),
    texts,
    words,
)


@st.composite
def workspace_files(draw) -> dict[str, str]:
    """The files of a workspace: editions, layouts of any text, decisions, settings."""
    found: dict[str, str | None] = {}
    for label in draw(st.sets(st.sampled_from(["2026", "2027-01", "2028"]))):
        found |= edition_files(label, draw(words))
    layouts = draw(st.dictionaries(names, texts, max_size=3))
    found |= {f"layouts/{name}.yaml": text for name, text in layouts.items()}
    recorded = draw(st.lists(decisions, max_size=4))
    if recorded:
        found["reviews/away-2025.yaml"] = reviews.as_text(recorded)
    if draw(st.booleans()):
        found[SETTINGS] = "require_local_approval: true\r\n"
    return {path: text for path, text in found.items() if text is not None and not yaml_fault(text)}


def fresh(session) -> str:
    """A new workspace of its own for one example."""
    return workspaces.create(session, f"w{len(workspaces.every(session))}").key


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=workspace_files())
def test_out_and_in_again_is_the_same_workspace(store, small, tmp_path_factory, held):
    """As a zip and as a folder, to the byte, with every decision in its order, and equal as a Library."""
    with store.writing() as session:
        first, second, third = (fresh(session) for _ in range(3))
        files.commit(session, first, held, "made", "anna")
        assert files.read_all(session, first) == held
        packed = exchange.as_zip(session, first)
        exchange.import_zip(session, second, packed, "otto")
        folder = tmp_path_factory.mktemp("out") / "workspace"
        exchange.as_folder(session, first, folder)
        exchange.import_folder(session, third, folder, "otto")
        for other in (second, third):
            assert files.read_all(session, other) == held
            assert reviews.in_files(session, other) == reviews.in_files(session, first)
            assert exchange.as_zip(session, other) == packed


def test_a_workspace_folder_of_the_command_line_comes_in_whole(store, home, small, tmp_path):
    """Its lock and its history stay outside; everything else reads the same in both."""
    folder = tmp_path / "workspace"
    with folder_locked(folder):
        folder_commit(folder, edition_files(), "import")
        folder_commit(folder, {"reviews/away-2025.yaml": reviews.as_text([review()])}, "review")
    with store.writing() as session:
        done = exchange.import_folder(session, home, folder, "anna")
        assert done.notes == ()
        exchange.as_folder(session, home, tmp_path / "out" / "workspace")
    before, after = load_library(folder), load_library(tmp_path / "out" / "workspace")
    assert (before.digest, before.reviews, before.maps) == (after.digest, after.reviews, after.maps)


def test_an_import_lies_over_what_is_there_and_replaces_it_when_asked(store, home, small):
    with store.writing() as session:
        files.commit(session, home, {"layouts/a.yaml": "a: 1\n", "layouts/b.yaml": "b: 1\n"}, "x", "anna")
        files.decide(session, home, [review()], "rita")
        packed = zipped({"layouts/b.yaml": "b: 2\n"})
        exchange.import_zip(session, home, packed, "anna")
        assert set(files.read_all(session, home)) == {
            "layouts/a.yaml", "layouts/b.yaml", "reviews/away-2025.yaml",
        }  # fmt: skip
        exchange.import_zip(session, home, packed, "anna", replace=True)
        assert files.read_all(session, home) == {"layouts/b.yaml": "b: 2\n"}
        assert len(reviews.listing(session, home).items) == 1  # still on record
        files.undo(session, home, "anna")
        assert files.read(session, home, "layouts/a.yaml") == "a: 1\n"
        assert reviews.standing(session, home) == (review(),)


def test_an_import_that_drops_decisions_is_refused_unless_it_replaces(store, home, small):
    with store.writing() as session:
        files.decide(session, home, [review()], "rita")
        other = reviews.as_text([review(decision="rejected")])
        with pytest.raises(ReviewsAreAppendOnly):
            exchange.import_zip(session, home, zipped({"reviews/away-2025.yaml": other}), "eve")


def test_an_import_that_would_not_load_changes_nothing(store, home, small):
    broken = zipped({"maps/x.yaml": "edition: nowhere-1\nmethod: by hand\nmaps: {}\n"})
    with store.writing() as session:
        with pytest.raises(BadArchive, match="nowhere-1"):
            exchange.import_zip(session, home, broken, "anna")
        assert workspaces.get(session, home).version == 0


def test_an_import_into_a_workspace_that_changed_is_refused(store, home, small):
    with store.writing() as session:
        files.commit(session, home, {"layouts/a.yaml": "a: 1\n"}, "x", "anna")
        with pytest.raises(VersionConflict):
            exchange.import_zip(session, home, zipped({"layouts/b.yaml": "b: 1\n"}), "anna", expected=0)


def test_a_zip_of_the_folder_itself_is_understood(store, home, small):
    names = {f"my work/{name}": text for name, text in edition_files().items() if text}
    junk = {"my work/.DS_Store": "x", "my work/history/000001/manifest.json": "{}", "my work/.lock": ""}
    parcel = exchange.read_zip(zipped(names | junk))
    assert (set(parcel.texts), parcel.errors) == (set(edition_files()), [])
    assert [problem.file for problem in parcel.problems] == [".DS_Store"]


def test_letters_composed_elsewhere_are_the_same_name():
    """Some systems write é as e and an accent."""
    parcel = exchange.read_zip(zipped({"layouts/e\u0301.yaml": "a: 1\n"}))
    assert set(parcel.texts) == {"layouts/\u00e9.yaml"}


def test_a_preview_tells_what_an_import_would_do():
    parcel = exchange.read_zip(zipped({"maps/a.yaml": "1", "maps/b.yaml": "2", "maps/c.yaml": "3"}))
    present = {"maps/a.yaml": "1", "maps/b.yaml": "0", "maps/z.yaml": "9"}
    assert list(exchange.preview(parcel, present).values()) == ["unchanged", "changed", "added", "kept"]


def test_a_folder_that_is_not_empty_is_not_written_into(store, home, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with store.reading() as session, pytest.raises(WorkspaceError, match="not an empty folder"):
        exchange.as_folder(session, home, tmp_path)


# What is hostile


def zipped(held: dict[str, str]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in held.items():
            archive.writestr(zipfile.ZipInfo(name), text.encode())
    return out.getvalue()


def codes(data: bytes) -> set[str]:
    """The codes of what a zip is refused for."""
    parcel = exchange.read_zip(data)
    return {problem.code for problem in parcel.errors}


@pytest.mark.parametrize(
    "name",
    [
        "../maps/x.yaml", "maps/../../x.yaml", "/maps/x.yaml", "maps\\..\\x.yaml", "C:/maps/x.yaml",
        "maps/./x.yaml", "..",
    ],
)  # fmt: skip
def test_a_name_that_leads_out_is_refused(name):
    assert "hostile-file" in codes(zipped({name: "a: 1\n", "maps/ok.yaml": "a: 1\n"}))


def test_a_link_is_refused():
    entry = zipfile.ZipInfo("maps/x.yaml")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert codes(out.getvalue()) == {"hostile-file"}


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # the very thing that is tested
def test_a_name_given_twice_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("maps/x.yaml", "a: 1\n")
        archive.writestr("maps/x.yaml", "a: 2\n")
    assert codes(out.getvalue()) == {"hostile-file"}


def test_names_alike_but_for_case_are_refused():
    assert codes(zipped({"maps/x.yaml": "a: 1\n", "maps/X.yaml": "a: 1\n"})) == {"bad-path"}


def test_a_bomb_is_refused_without_being_unpacked(monkeypatch):
    """A file that says it is large, one that lies about it, and many that are large together."""
    monkeypatch.setattr(exchange, "LARGEST_FILE", 100_000)
    monkeypatch.setattr(exchange, "LARGEST_WHOLE", 250_000)
    assert codes(zipped({"maps/x.yaml": "a" * 100_001})) == {"hostile-file"}
    many = {f"maps/{n}.yaml": "# " + "a" * 90_000 for n in range(4)}
    assert codes(zipped(many)) == {"too-large"}
    lying = bytearray(zipped({"maps/x.yaml": "a" * 200_000}))
    for header, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", lying, lying.index(header) + offset, 10)
    assert codes(bytes(lying)) == {"bad-zip"}


def test_too_many_files_are_refused():
    assert codes(zipped({f"maps/{n}.yaml": "" for n in range(exchange.MOST_FILES + 1)})) == {"too-many-files"}


def test_yaml_that_grows_beyond_measure_is_refused():
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 10))
    bomb = f"l0: &l0 [lol, lol]\n{levels}"
    deep = "a: " + "[" * 500 + "]" * 500
    loop = "a: &a {b: *a}\n"
    for text in (bomb, deep, loop):
        assert codes(zipped({"maps/x.yaml": text})) == {"hostile-file"}
    assert codes(zipped({"maps/x.yaml": "a: &a [1, 2]\nb: *a\n"})) == set()


@pytest.mark.parametrize("data", [b"\xff\xfe\x00a", b"a: \0\n"])
def test_text_that_is_none_is_refused(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("maps/x.yaml", data)
    assert codes(out.getvalue()) == {"not-utf8"}


def test_what_is_no_zip_is_refused():
    whole = zipped({"maps/x.yaml": "a: 1\n" * 100})
    for data in (b"", b"PK", b"hello", whole[:-30], whole[: len(whole) // 2]):
        assert codes(data) == {"bad-zip"}


def test_an_encrypted_file_is_refused():
    locked = bytearray(zipped({"maps/x.yaml": "a: 1\n"}))
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(header) + offset] |= 1
    assert codes(bytes(locked)) == {"hostile-file"}


def test_a_damaged_file_is_refused_wherever_the_damage_is():
    """Every byte in turn: the text is read as it was, or not at all."""
    whole = zipped({"maps/x.yaml": "a: 1\n" * 50})
    for place in range(len(whole)):
        for flip in (0xFF, 0x01, 0x80):
            damaged = bytearray(whole)
            damaged[place] ^= flip
            assert set(exchange.read_zip(bytes(damaged)).texts.values()) <= {"a: 1\n" * 50}


@settings(max_examples=150)
@given(
    data=st.binary(max_size=300)
    | st.builds(
        lambda a, b: zipped({"maps/x.yaml": "a: 1"})[:-a] + b, st.integers(1, 60), st.binary(max_size=60)
    )
)
def test_no_bytes_whatever_raise(data):
    """A zip is refused with problems or read; it never ends in an exception."""
    assert exchange.read_zip(data).texts.keys() <= {"maps/x.yaml"}


def test_links_in_a_folder_are_not_followed(tmp_path: Path):
    (tmp_path / "maps").mkdir()
    (tmp_path / "secret").write_text("a: 1\n")
    (tmp_path / "maps" / "x.yaml").symlink_to(tmp_path / "secret")
    (tmp_path / "direct").symlink_to("/etc", target_is_directory=True)
    parcel = exchange.read_folder(tmp_path)
    assert parcel.texts == {}
    assert {problem.file for problem in parcel.problems} == {"maps/x.yaml", "direct", "secret"}


def test_a_zip_tells_no_times(store, home):
    """Equal workspaces are equal bytes, so that an export can be compared by its hash."""
    with store.writing() as session:
        files.commit(session, home, {"layouts/a.yaml": "a: 1\n"}, "x", "anna", at=utc_now())
        with zipfile.ZipFile(io.BytesIO(exchange.as_zip(session, home))) as archive:
            assert [entry.date_time for entry in archive.infolist()] == [(1980, 1, 1, 0, 0, 0)]
