"""Whatever is done to a workspace in the store and to a workspace folder, both hold the same files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from mappings import workspace as folders
from mappings.reviewing import Review
from store import files, reviews, workspaces
from tests.store.papers import review

PATHS = ("layouts/a.yaml", "layouts/b.yaml", "workspace.yaml")
REVIEWS = "reviews/away-2025.yaml"
TEXTS = ("a: 1\n", "a: 2\n", "# nothing\n")


@dataclass(frozen=True)
class Step:
    """What is done: files written (None: removed) and decisions added, or with neither an undo."""

    written: Mapping[str, str | None] = field(default_factory=dict)
    decided: Sequence[Review] = ()

    @property
    def is_undo(self) -> bool:
        """Whether the step takes back the one before."""
        return not self.written and not self.decided

    def changes(self, held: Mapping[str, str]) -> dict[str, str | None]:
        """Return the step as files to write over those that are there."""
        found = {path: text for path, text in self.written.items() if text is not None or path in held}
        if self.decided:
            before = reviews.from_text(held[REVIEWS], REVIEWS) if REVIEWS in held else ()
            found[REVIEWS] = reviews.as_text([*before, *self.decided])
        return found


decision = st.builds(
    lambda by, decided: review(by=by, decision=decided),
    st.sampled_from("xyz"),
    st.sampled_from(["approved", "rejected"]),
)
writes = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(TEXTS) | st.none())
steps = st.lists(st.builds(Step, writes, st.lists(decision, max_size=3)) | st.just(Step()), max_size=8)


def held_in(folder: Path) -> dict[str, str]:
    """The files of a workspace folder, without what it keeps for itself."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.yaml"))
        if path.relative_to(folder).parts[0] != folders.HISTORY
    }


def in_folder(folder: Path, step: Step) -> None:
    """Do a step in a folder, as the command line does it."""
    if step.is_undo:
        folders.undo(folder)
        return
    with folders.locked(folder):
        folders.commit(folder, step.changes(held_in(folder)), "a step")


def in_store(session: Session, key: str, step: Step) -> None:
    """Do the same step in the store."""
    if step.is_undo:
        files.undo(session, key, "anna")
    elif not step.written:
        files.decide(session, key, step.decided, "anna")
    else:
        files.commit(session, key, step.changes(files.read_all(session, key)), "a step", "anna")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=steps)
def test_every_step_leaves_both_alike(store, tmp_path_factory, done):
    """Writing, removing, deciding, undoing and undoing that, in any order."""
    folder = tmp_path_factory.mktemp("folder") / "workspace"
    with store.writing() as session:
        key = workspaces.create(session, f"w{len(workspaces.every(session))}").key
        made = 0
        for step in done:
            if step.is_undo and not made:
                continue
            in_folder(folder, step)
            in_store(session, key, step)
            made += 1
            assert files.read_all(session, key) == held_in(folder)
        assert workspaces.get(session, key).version == made
        numbers = [change.number for change in files.history(session, key).items]
        assert numbers == list(range(made, 0, -1))
