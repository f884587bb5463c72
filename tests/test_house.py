"""The house: who may import whom, read from every source file of the packages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("kb", "index", "server", "widget")
# Lowest first; a module stands on the floor of the longest name here that it begins with, and imports only its own
# floor and those below.
FLOORS = (
    ("kb", "widget"),
    ("index",),
    ("server.core",),
    ("server.storage",),
    ("server",),
    ("server.web", "server.web.parts", "server.web.rendering", "server.web.limits", "server.web.measures"),
    ("server.web.words",),
    ("server.web.guards",),
    ("server.web.visitor", "server.web.staff", "server.web.desk", "server.web.editor"),
    ("server.web.health",),
    ("server.web.app", "server.web.stopping"),
    ("server.web.serving",),
)
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
ROOMS = FLOORS[8]
DOORSTEPS = {("server.cli", "server.web.serving")}  # the command starts the server


def modules() -> list[str]:
    found = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(found)


def imports_of(module: str) -> Iterator[str]:
    path = ROOT / Path(*module.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def home_of(name: str) -> str:
    parts = name.split(".")
    return next((home for size in range(len(parts), 0, -1) if (home := ".".join(parts[:size])) in FLOOR_OF), "")


def ours(module: str) -> set[str]:
    return {name for name in imports_of(module) if name.split(".")[0] in PACKAGES}


def test_the_walk_finds_the_whole_house():
    assert len(modules()) > 150
    assert "kb.pages.Page" in ours("server.core.quoting")


@pytest.mark.parametrize("package", [*PACKAGES])
def test_imports_never_point_upwards(package):
    upwards = [
        (module, name)
        for module in modules()
        if module.split(".")[0] == package
        for name in ours(module)
        if FLOOR_OF[home_of(name)] > FLOOR_OF[home_of(module)]
        if not any(module == inner and name.startswith(outer) for inner, outer in DOORSTEPS)
    ]
    assert not upwards


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_another(room):
    others = tuple(one for one in ROOMS if one != room)
    assert not [
        (module, name)
        for module in modules()
        if home_of(module) == room
        for name in ours(module)
        if home_of(name) in others
    ]


def test_a_server_part_outside_web_knows_no_framework():
    speakers = {"fastapi", "starlette", "uvicorn"}
    found = [
        (module, name)
        for module in modules()
        if module.startswith("server") and not module.startswith("server.web")
        for name in imports_of(module)
        if name.split(".")[0] in speakers
    ]
    assert not found
