"""Runs the server: uvicorn with limits on its stop, and a log that holds paths alone."""

from __future__ import annotations

import copy
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import wait
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.config import LOGGING_CONFIG

from server.settings import Settings, load_settings
from server.web.app import create_app
from server.web.connections import WatchedProtocol, take_descriptors

STOP_WITHIN_S = 3  # what is still open then is cut
WORKER_ANSWERS_WITHIN_S = 60  # the default, 5, kills workers on a busy machine before they have read their libraries


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
        "http": WatchedProtocol,
        "proxy_headers": False,  # guards/proxies.py reads them
        "forwarded_allow_ips": settings.trusted_proxies,
        "timeout_graceful_shutdown": STOP_WITHIN_S,
    }
    take_descriptors()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again once it has stopped in order
    if settings.workers == 1:
        uvicorn.run(create_app(settings), **options)
    else:
        options |= {"workers": settings.workers, "timeout_worker_healthcheck": WORKER_ANSWERS_WITHIN_S}
        uvicorn.run("server.web.serving:app", factory=True, **options)


def app() -> FastAPI:
    """The app of one worker process."""
    _end_with_parent()
    return create_app(load_settings())


def _end_with_parent() -> None:
    """Stop when the process that began this worker is gone, however it ended: nobody else would free the port."""
    parent = multiprocessing.parent_process()

    def watch(sentinel: int) -> None:
        wait([sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(2 * STOP_WITHIN_S)
        os._exit(1)  # it hangs in its stopping

    if parent is not None:
        threading.Thread(target=watch, args=(parent.sentinel,), daemon=True, name="parent").start()


def log_config() -> dict[str, Any]:
    config = copy.deepcopy(LOGGING_CONFIG)
    config["filters"] = {"paths_only": {"()": "server.web.serving.PathsOnly"}}
    config["handlers"]["access"]["filters"] = ["paths_only"]
    return config
