"""The settings of a site: what may stand in site.toml."""

from __future__ import annotations

import pytest

from kb.colours import BLACK, LEAST_CONTRAST, WHITE, contrast, hex_of, mix, parse_colour
from kb.sites import SITES, SiteError, load_site, parse_site, readable_accent, render_site

PLAIN = {
    "site": '"a-clinic"',
    "clinic": '"A Clinic"',
    "topic": '"knees"',
    "advocate": '"Pat Cashen"',
    "url": '"/"',
    "zone": '"America/Chicago"',
}


def toml(**changed: str) -> str:
    return "\n".join(f"{name} = {value}" for name, value in {**PLAIN, **changed}.items() if value)


def test_kneecare_publishes_neither_phone_nor_hours():
    site = load_site(SITES / "kneecare")
    assert (site.phone, site.hours, site.zone, site.url) == ("", (), "America/Chicago", "/sites/kneecare")
    assert site.advocate_first_name == "Pat"


def test_a_fixed_reply_gets_the_site_s_names():
    assert parse_site(toml(), "a").fill("{clinic} on {topic}, {advocate}") == "A Clinic on knees, Pat Cashen"


def test_settings_written_and_read_back_are_the_same():
    hours = '[{day = 0, opens = "09:00", closes = "17:00"}]'
    special = '[{date = 2026-12-25}, {date = 2026-12-24, opens = "09:00", closes = "12:00"}]'
    site = parse_site(
        toml(hours=hours, special_days=special, allowed_origins='["https://a.org"]', look='{accent = "#123456"}'), "a"
    )
    assert parse_site(render_site(site), "b") == site


@pytest.mark.parametrize(
    "changed",
    [
        *(
            {"allowed_origins": f'["{bad}"]'}
            for bad in ("*", "a.org", "https://a.org/", "https://*.a.org", "https://u@a.org")
        ),
        *({"zone": f'"{bad}"'} for bad in ("", "Mars/Base", "America", "../etc")),
        {"colour": '"red"'},
        {"site": '"A Clinic"'},
        {"clinic": '""'},
        {"advocate": ""},
        {"look": '{accent = "red"}'},
        {"look": '{accent = "#ffcc00"}'},
        {"hours": '[{day = 7, opens = "09:00", closes = "17:00"}]'},
        {"hours": '[{day = 1, opens = "9 am", closes = "17:00"}]'},
        {"hours": '[{day = 1, opens = "09:00", closes = "25:00"}]'},
        {"special_days": '[{date = 2026-12-24, opens = "09:00"}]'},
        {"special_days": '[{date = "Christmas"}]'},
        {"clinic": "A Clinic"},
    ],
    ids=str,
)
def test_settings_that_cannot_be_used_are_refused_with_the_file_s_name(changed):
    with pytest.raises(SiteError, match=r"a/site\.toml"):
        parse_site(toml(**changed), "a/site.toml")


@pytest.mark.parametrize("accent", ["#ffff00", "#0b6b6b", "#000000", "#ffffff", "#7fd6d0", "#b41ec3"])
def test_an_accent_is_darkened_until_it_can_be_read_light_and_dark(accent):
    colour = parse_colour(readable_accent(accent))
    assert (hex_of(colour) == accent) is (accent in {"#0b6b6b", "#000000", "#b41ec3"})
    in_the_dark = mix(parse_colour("#d8fffb"), colour, 0.4)  # as the widget's style sheet mixes it
    dark = parse_colour("#141c23")
    pairs = [
        *((colour, behind) for behind in (WHITE, mix(WHITE, colour, 0.11), parse_colour("#fff6e8"))),
        *((in_the_dark, behind) for behind in (dark, mix(dark, colour, 0.24), parse_colour("#2d2413"))),
        (parse_colour("#06201f"), in_the_dark),
    ]
    assert [pair for pair in pairs if contrast(*pair) < LEAST_CONTRAST] == []


def test_contrast_is_wcags():
    assert round(contrast(BLACK, WHITE), 2) == 21
    assert round(contrast((118, 118, 118), WHITE), 2) == 4.54


def test_a_folder_without_settings_is_refused(tmp_path):
    with pytest.raises(SiteError, match="advocate init"):
        load_site(tmp_path)
