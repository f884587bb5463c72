"""Templates: one frozen screen in, one page out. Only this file names Jinja2."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
STATIC = HERE / "static"


class Templates:
    """The page templates. Each takes one `screen`, a frozen dataclass named in the template's first line."""

    def __init__(self, folder: Path = HERE / "templates") -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["static"] = static_url

    def render(self, name: str, screen: Any) -> str:
        return self._environment.get_template(name).render(screen=screen)

    def page(self, name: str, screen: Any, *, status: int = 200) -> HTMLResponse:
        """The page as a response that no cache keeps: it may hold what a visitor wrote."""
        return HTMLResponse(self.render(name, screen), status_code=status, headers={"Cache-Control": "no-store"})


@lru_cache
def static_url(name: str) -> str:
    """The address of a static file, changing with its content so that browsers may keep it."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"
