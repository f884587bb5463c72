"""What the whole suite shares: one real build of the KneeCare site, made once by the command a user would type."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Two busy cores: a slow example is not a wrong one.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).parent.parent
# Encoders, vectors and the last build are kept between runs, as they are between a user's builds: what did not change
# is not embedded or taught again. Each file is checked by digest when it is read.
KEPT_MODELS = ROOT / "var" / "test-models"
KEPT_BUILD = ROOT / "var" / "test-build"


@pytest.fixture(scope="session")
def models() -> Path:
    KEPT_MODELS.mkdir(parents=True, exist_ok=True)
    return KEPT_MODELS


@pytest.fixture(scope="session")
def kneecare_data_dir(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A data folder in which KneeCare is built and published. Copy it before you change it (`copy_data_dir`)."""
    data_dir = tmp_path_factory.mktemp("kneecare")
    with (KEPT_MODELS / "lock").open("w") as lock:  # the suite runs in several processes: only the first embeds
        fcntl.flock(lock, fcntl.LOCK_EX)
        build_kneecare(data_dir, models)
    return data_dir


def build_kneecare(data_dir: Path, models: Path) -> None:
    """Build and publish KneeCare in a data folder, with what is kept between runs."""
    (data_dir / "models").symlink_to(models)
    builds = data_dir / "sites" / "kneecare" / "builds"
    if KEPT_BUILD.exists():
        shutil.copytree(KEPT_BUILD, builds / f"0-{KEPT_BUILD.name}")
    command = [sys.executable, "-m", "server.cli", "build", "--site", "kneecare", "--progress", "json"]
    environment = {**os.environ, "ADVOCATE_DATA_DIR": str(data_dir), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=3000, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    shutil.rmtree(builds / f"0-{KEPT_BUILD.name}", ignore_errors=True)
    shutil.rmtree(KEPT_BUILD, ignore_errors=True)
    shutil.copytree(builds / done.stdout.split()[-1], KEPT_BUILD)


@pytest.fixture
def copy_of_kneecare(kneecare_data_dir: Path, tmp_path: Path) -> Path:
    """A data folder of one's own with the same database and builds."""
    copy = tmp_path / "data"
    subprocess.run(["cp", "-r", str(kneecare_data_dir), str(copy)], check=True)
    return copy
