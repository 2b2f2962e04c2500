"""Settings: where they come from, what is refused, and that each is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.settings import Settings, is_loopback, load_settings
from criteria.problems import DataError

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_has_its_heading_default_and_text_in_the_documentation():
    text = DOCS.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
        assert section, f"{name} has no heading in docs/settings.md"
        assert f"MRA_{name.upper()}" in section[1]
        assert " ".join((field.description or "").split()) in " ".join(section[1].split()), name
        shown = field.default if field.default not in ((), None, "") else "nothing"
        assert f"Default: `{str(shown).lower() if isinstance(shown, bool) else shown}`" in section[1], name


def test_the_documentation_names_no_setting_that_does_not_exist():
    found = re.findall(r"^## (\w+)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert found == list(Settings.model_fields)


def test_given_values_win_over_the_environment_and_that_over_the_file(tmp_path):
    file = tmp_path / "mra.toml"
    file.write_text('port = 1\nhost = "::1"\nsession_hours = 3\n')
    made = load_settings({"MRA_PORT": "2", "MRA_HOST": "localhost"}, file, port=3)
    assert (made.port, made.host, made.session_hours) == (3, "localhost", 3)


def test_a_list_in_the_environment_is_separated_by_commas():
    made = load_settings({"MRA_ALLOWED_HOSTS": "a.example, b.example"})
    assert made.allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"MRA_PROT": "8000"}, "Did you mean port"),
        ({"MRA_PORT": "many"}, "docs/settings.md, port"),
        ({"MRA_BASE_URL": "mra.example"}, "docs/settings.md, base_url"),
        ({"MRA_AUTH": "none"}, "docs/settings.md, auth"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_to_do(environment, told):
    with pytest.raises(DataError, match=re.escape(told)):
        load_settings(environment)


def test_a_settings_file_that_is_named_must_be_there_and_be_toml(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        load_settings({"MRA_CONFIG": str(tmp_path / "none.toml")})
    broken = tmp_path / "broken.toml"
    broken.write_text("port = ")
    with pytest.raises(DataError, match="cannot be read"):
        load_settings({}, broken)


def test_the_database_address_with_its_password_is_in_no_repr_and_no_message():
    made = load_settings({"MRA_DATABASE_URL": "postgresql://u:hidden@h/n"})
    assert "hidden" not in repr(made)


def test_the_policy_of_a_settings_file_lies_beside_it(tmp_path):
    file = tmp_path / "mra.toml"
    file.write_text('policy = "mine"\n')
    assert load_settings({}, file).policy == tmp_path / "mine"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("LOCALHOST", True), ("0.0.0.0", False),
     ("::", False), ("10.0.0.1", False), ("mra.example", False)],
)  # fmt: skip
def test_loopback_is_what_only_this_machine_reaches(host, loopback):
    assert is_loopback(host) is loopback
