"""Runs the server: uvicorn with limits on its stop, and a log that holds paths alone."""

from __future__ import annotations

import copy
import logging
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.config import LOGGING_CONFIG

from server.settings import Settings, load_settings
from server.web.app import create_app

STOP_WITHIN_S = 3  # what is still open then is cut


class PathsOnly(logging.Filter):
    """Drops the query from uvicorn's access lines: an address may hold what nobody meant to log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, version, status = record.args
            record.args = (client, method, str(path).partition("?")[0], version, status)
        return True


def run(settings: Settings) -> None:
    """Serve until told to stop. More than one worker reads its settings from the environment."""
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_config": log_config(),
        "server_header": False,
        "timeout_graceful_shutdown": STOP_WITHIN_S,
    }
    if settings.workers == 1:
        uvicorn.run(create_app(settings), **options)
    else:
        uvicorn.run("server.web.serving:app", factory=True, workers=settings.workers, **options)


def app() -> FastAPI:
    """The app of one worker process."""
    return create_app(load_settings())


def log_config() -> dict[str, Any]:
    config = copy.deepcopy(LOGGING_CONFIG)
    config["filters"] = {"paths_only": {"()": "server.web.serving.PathsOnly"}}
    config["handlers"]["access"]["filters"] = ["paths_only"]
    return config
