"""The settings are the table of README.md, each with its default."""

import re
from pathlib import Path

import pytest

from server.settings import Settings, SettingsError, load_settings

README = Path(__file__).parents[2] / "README.md"
NOTHING = {"SQLite in the data folder", "as asked", "none"}  # how an empty default is told


def rows() -> dict[str, str]:
    """Each setting of the table and the default it tells, as they are written."""
    table = README.read_text(encoding="utf-8").split("| Setting | Default |")[1].split("\n\n")[0]
    told: dict[str, str] = {}
    for line in table.splitlines()[2:]:
        names, defaults, _ = (cell.strip() for cell in line.strip("|").split("|"))
        told |= dict(zip(re.findall(r"`(\w+)`", names), defaults.split(", "), strict=True))
    return told


def test_the_table_of_the_readme_names_every_setting_and_no_other():
    assert set(rows()) == {f"ADVOCATE_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_table_tells_each_default(name):
    told, default = rows()[f"ADVOCATE_{name.upper()}"], Settings.model_fields[name].default
    if default == "":
        assert told in NOTHING
    else:
        assert type(default)(told.strip("`")) == default


def test_every_setting_is_read_from_its_variable(monkeypatch):
    monkeypatch.setenv("ADVOCATE_PORT", "9000")
    monkeypatch.setenv("ADVOCATE_RATE_LIMIT", "off")
    assert (load_settings().port, load_settings().rate_limit) == (9000, "off")


def test_a_setting_that_cannot_be_used_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setenv("ADVOCATE_WORKERS", "many")
    with pytest.raises(SettingsError, match=r"ADVOCATE_WORKERS: .*README\.md"):
        load_settings()


@pytest.mark.parametrize(
    ("set_to", "told"),
    [
        ({"SMTP_URL": "mail.example:25", "ALERT_TO": "pat@a.example"}, "ADVOCATE_SMTP_URL: .*expected smtp://"),
        ({"SMTP_URL": "smtp://u:hunter2@m.example", "ALERT_TO": "pat"}, "ADVOCATE_ALERT_TO: .*no email address"),
        ({"SMTP_URL": "smtp://u:hunter2@m.example"}, "ADVOCATE_SMTP_URL and ADVOCATE_ALERT_TO: set both"),
        ({"ALERT_TO": "pat@a.example"}, "ADVOCATE_SMTP_URL and ADVOCATE_ALERT_TO: set both"),
        ({"WEBHOOK_URL": "hooks.example/hunter2"}, "ADVOCATE_WEBHOOK_URL: .*https?://"),
        ({"WEBHOOK_URL": "https://h.example", "WEBHOOK_SECRET": "hunter2!"}, "ADVOCATE_WEBHOOK_SECRET: .*whsec_"),
        ({"WEBHOOK_SECRET": "whsec_aHVudGVyMg=="}, "ADVOCATE_WEBHOOK_SECRET: signs nothing"),
    ],
)
def test_alert_settings_that_cannot_work_are_refused_without_their_secrets(monkeypatch, set_to, told):
    for name, value in set_to.items():
        monkeypatch.setenv(f"ADVOCATE_{name}", value)
    with pytest.raises(SettingsError, match=told) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)
