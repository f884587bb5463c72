"""Find a Chromium for the browser tests, or bring one: `python tests/browser/bring_chromium.py`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class NoChromium(RuntimeError):
    """There is no Chromium here, and how to get one."""


def find_chromium() -> Path:
    """The Chromium to test with: ADVOCATE_CHROMIUM, one on the PATH, or Playwright's own. Raises NoChromium."""
    named = os.environ.get("ADVOCATE_CHROMIUM")
    if named:
        if os.access(named, os.X_OK):
            return Path(named)
        raise NoChromium(
            f"ADVOCATE_CHROMIUM is {named}, which is no program. Set it to the path of a Chromium, or unset it."
        )
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    if found_own := _playwrights_own():
        return found_own
    raise NoChromium(
        "No Chromium was found. Run `python tests/browser/bring_chromium.py`, install your system's chromium package, "
        "or set ADVOCATE_CHROMIUM to the path of one."
    )


def bring_chromium() -> Path:
    """Install a Chromium: Debian's or Ubuntu's package for root, else Playwright's. Raises NoChromium."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        _run(["apt-get", "install", "-y", "chromium"]) or (
            _run(["apt-get", "update"]) and _run(["apt-get", "install", "-y", "chromium"])
        )
        if found := shutil.which("chromium"):
            return Path(found)
    _run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"]) or _run(
        [sys.executable, "-m", "playwright", "install", "chromium"]  # without root: the browser alone
    )
    return find_chromium()


def _playwrights_own() -> Path | None:
    from playwright.sync_api import sync_playwright  # slow, and seldom needed

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() else None


def _run(command: Sequence[str]) -> bool:
    print("$", *command, flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, check=False, env=environment).returncode == 0


def main() -> int:
    try:
        print(f"Browser tests use {find_chromium()}")
        return 0
    except NoChromium as error:
        if "ADVOCATE_CHROMIUM" in os.environ:
            print(error, file=sys.stderr)
            return 1
        print("No Chromium yet; bringing one.")
    try:
        print(f"Browser tests use {bring_chromium()}")
        return 0
    except NoChromium:
        print(
            "Chromium could not be installed. Install it yourself (Debian, Ubuntu: `sudo apt-get install chromium`; "
            "elsewhere: `python -m playwright install chromium`), or set ADVOCATE_CHROMIUM to the path of one.",
            file=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    sys.exit(main())
