"""Accounts, roles, sessions, tokens, sign-in links: who may come in, and that secrets are not kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from store import accounts, retention, tokens, workspaces
from store.errors import AlreadyExists, BadName, NotFound
from store.types import utc_now

DAY, PASSWORD = timedelta(days=1), "correct horse battery"


@pytest.fixture
def anna(store) -> int:
    """An account."""
    with store.writing() as session:
        return accounts.create(session, "Anna", display="Anna A.").id


def dump(store) -> str:
    """Everything that stands in the tables of secrets, as text."""
    with store.reading() as session:
        return "".join(
            str(row)
            for table in ("account", "web_session", "api_token", "sign_in_link")
            for row in session.execute(text(f"SELECT * FROM {table}"))
        )


def test_names_are_told_apart_without_upper_and_lower_case(store, anna):
    with store.writing() as session:
        assert accounts.named(session, "ANNA").id == anna
        with pytest.raises(AlreadyExists):
            accounts.create(session, "anna")
        for name in ("", "a b", "<script>", "a" * 101, "a\0"):
            with pytest.raises(BadName):
                accounts.create(session, name)


def test_a_password_opens_only_its_own_active_account(store, monkeypatch):
    monkeypatch.setattr(accounts, "_N", 2**10)  # as strong as in use would take seconds
    with store.writing() as session:
        key = accounts.create(session, "otto", password=PASSWORD).id
        accounts.create(session, "nopass")
        found = accounts.check_password(session, "Otto", PASSWORD)
        assert found is not None
        assert found.id == key
        for name, password in (("otto", PASSWORD + "x"), ("nopass", ""), ("nobody", PASSWORD), ("otto", "")):
            assert accounts.check_password(session, name, password) is None
        accounts.change(session, key, active=False)
        assert accounts.check_password(session, "otto", PASSWORD) is None
        accounts.change(session, key, active=True, password="another long one")
        assert accounts.check_password(session, "otto", PASSWORD) is None
    assert PASSWORD not in dump(store)


def test_a_password_must_be_long_enough(store):
    with store.writing() as session, pytest.raises(BadName, match="12"):
        accounts.create(session, "otto", password="short")


def test_a_role_holds_in_its_workspace_only_and_one_at_a_time(store, home, away, anna):
    with store.writing() as session:
        accounts.set_role(session, home, anna, "viewer")
        accounts.set_role(session, home, anna, "reviewer")
        assert accounts.role_in(session, home, anna) == "reviewer"
        assert accounts.role_in(session, away, anna) is None
        assert accounts.roles_of(session, anna) == {home: "reviewer"}
        assert [(one.name, one.role) for one in accounts.members(session, home)] == [("anna", "reviewer")]
        accounts.remove_role(session, home, anna)
        assert accounts.roles_of(session, anna) == {}


def test_only_known_roles_accounts_and_workspaces_go_together(store, home, anna):
    with store.writing() as session:
        with pytest.raises(BadName, match="viewer, analyst"):
            accounts.set_role(session, home, anna, "king")
        for workspace, account in (("nowhere", anna), (home, anna + 1), (home, 2**70)):
            with pytest.raises(NotFound):
                accounts.set_role(session, workspace, account, "viewer")


def test_a_session_lasts_until_it_ends_or_is_closed(store, anna):
    now = utc_now()
    with store.writing() as session:
        secret, signed = tokens.open_session(session, anna, DAY, now)
        assert tokens.session_of(session, secret, now) == signed
        assert tokens.session_of(session, secret, now + DAY) is None
        assert tokens.session_of(session, secret + "x", now) is None
        tokens.close_session(session, secret)
        assert tokens.session_of(session, secret, now) is None


def test_an_inactive_account_is_out_at_once(store, anna):
    with store.writing() as session:
        secret, _ = tokens.open_session(session, anna, DAY)
        token, _ = tokens.issue(session, anna, "dashboard", ["read"], DAY)
        link = tokens.make_link(session, anna, DAY)
        accounts.change(session, anna, active=False)
        assert tokens.session_of(session, secret) is None
        assert tokens.token_of(session, token) is None
        assert tokens.use_link(session, link) is None


def test_a_token_opens_until_it_ends_or_is_revoked(store, home, anna):
    now = utc_now()
    with store.writing() as session:
        secret, token = tokens.issue(
            session, anna, "dashboard", ["comparisons:read", "matrix:read"], DAY, workspace=home, at=now
        )
        found = tokens.token_of(session, secret, now)
        assert found is not None
        assert (found[0], found[1].id) == (token, anna)
        assert (token.scopes, token.workspace) == (("comparisons:read", "matrix:read"), home)
        assert tokens.token_of(session, secret, now + DAY) is None
        assert tokens.token_of(session, "mra_" + "x" * 43, now) is None
        with pytest.raises(NotFound):
            tokens.revoke(session, token.id, account=anna + 1)
        tokens.revoke(session, token.id, account=anna)
        assert tokens.token_of(session, secret, now) is None
        assert [one.id for one in tokens.listing(session, account=anna)] == [token.id]
        assert tokens.listing(session, workspace="other") == ()


def test_a_token_must_end(store, anna):
    with store.writing() as session, pytest.raises(BadName):
        tokens.issue(session, anna, "for ever", [], timedelta(0))


def test_the_last_use_is_noted_once_a_minute(store, anna):
    now = utc_now()
    with store.writing() as session:
        _, token = tokens.issue(session, anna, "dashboard", [], DAY, at=now)
        for seconds in (0, 30, 90):
            tokens.used(session, token.id, now + timedelta(seconds=seconds))
    with store.reading() as session:
        (found,) = tokens.listing(session, account=anna)
        assert found.used == now + timedelta(seconds=90)


def test_a_link_works_once_and_not_after_its_time(store, anna):
    now = utc_now()
    with store.writing() as session:
        link, late = (tokens.make_link(session, anna, DAY, now) for _ in range(2))
        account = tokens.use_link(session, link, now)
        assert account is not None
        assert account.id == anna
        assert tokens.use_link(session, link, now) is None
        assert tokens.use_link(session, late, now + DAY) is None


def test_no_secret_stands_in_the_database(store, anna):
    with store.writing() as session:
        secrets = (
            tokens.open_session(session, anna, DAY)[0],
            tokens.issue(session, anna, "dashboard", [], DAY)[0],
            tokens.make_link(session, anna, DAY),
        )
    everything = dump(store)
    assert not [secret for secret in secrets if secret in everything]


def test_what_has_ended_is_swept_and_what_has_not_stays(store, anna):
    now = utc_now()
    with store.writing() as session:
        tokens.open_session(session, anna, DAY, now - 2 * DAY)
        kept, _ = tokens.open_session(session, anna, DAY, now)
        tokens.make_link(session, anna, DAY, now - 2 * DAY)
        tokens.issue(session, anna, "old", [], DAY, at=now - 100 * DAY)
        tokens.issue(session, anna, "new", [], DAY, at=now)
        swept = retention.sweep(session, now=now)
        assert (swept.sessions, swept.links, swept.tokens) == (1, 1, 1)
        assert tokens.session_of(session, kept, now) is not None


def test_a_workspace_takes_its_roles_and_tokens_with_it(store, home, anna):
    with store.writing() as session:
        accounts.set_role(session, home, anna, "analyst")
        secret, _ = tokens.issue(session, anna, "dashboard", [], DAY, workspace=home)
        workspaces.delete(session, home)
        assert accounts.roles_of(session, anna) == {}
        assert tokens.token_of(session, secret) is None
