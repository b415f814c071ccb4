"""Serving the page on this machine only: address, port, Ctrl-C. No share link, no telemetry."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

import gradio as gr

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.assets import read_asset
from rq_vae_explorer.ui.origin_guard import own_requests_only
from rq_vae_explorer.ui.theme import page_theme

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_MAX_UPLOAD = "256mb"  # the largest run that can be exported has 200 MB


def serve(
    make_trainer: Callable[[], Trainer],
    make_page: Callable[[Trainer], gr.Blocks],
    host: str | None = None,
    port: int | None = None,
    open_browser: bool = True,
) -> None:
    """Serve until Ctrl-C, then close server and trainer and let `KeyboardInterrupt` through.

    `host` and `port` win over `GRADIO_SERVER_NAME` and `GRADIO_SERVER_PORT`; the default is
    127.0.0.1 and the first free port from 7860. A port that was asked for and is taken ends the
    program with one line and exit code 1, a bad port with code 2.
    """
    address = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    number = _choose_port(address, port)
    trainer = make_trainer()
    page = make_page(trainer)
    try:
        page.launch(
            server_name=address,
            server_port=number,
            inbrowser=open_browser,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            max_file_size=_MAX_UPLOAD,
            app_kwargs={"middleware": own_requests_only(address in _HERE)},
            theme=page_theme(),
            css=read_asset("page.css"),
            footer_links=[],
            # Without this Gradio asks its own page and gives up after three seconds, which a busy
            # machine or a proxy in the environment turns into an error at the start.
            _frontend=False,
        )
    except OSError:
        _end(1, f"no port on {address} can be had any more; choose one with --port")
    else:
        print(f"RQ-VAE Explorer: {page.local_url}  (Ctrl-C ends it)", flush=True)
        threading.Thread(target=_prepare, args=(trainer,), daemon=True).start()
        threading.Event().wait()
    finally:
        page.close(verbose=False)
        trainer.close()


def _prepare(trainer: Trainer) -> None:
    """Load the data and build the network now, so that the page shows the untrained state."""
    # A closed trainer or missing data is told by the page, not by this thread.
    with contextlib.suppress(Exception):
        _ = trainer.params


def _choose_port(address: str, port: int | None) -> int | None:
    """None leaves it to Gradio, which looks for a free one from 7860 on when the page is ready:
    one that is free now may have gone to another page by then."""
    named = port if port is not None else os.environ.get("GRADIO_SERVER_PORT")
    if not named and port is None:
        if not _is_free(address, 0):
            reason = "it is no address of this machine; choose another with --host"
            _end(1, f"cannot serve on {address}: {reason}")
        return None
    try:
        number = int(named or 0)
    except ValueError:
        _end(2, f"GRADIO_SERVER_PORT is a number, not {named!r}")
    if not 0 <= number < 65536:
        _end(2, f"a port lies between 0 (any free one) and 65535, not {number}")
    if not _is_free(address, number):
        _end(1, f"cannot serve on {address}, port {number}; choose another with --host or --port")
    return number or _any_port(address)


def _is_free(address: str, port: int) -> bool:
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError:
        return False
    return True


def _any_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def _end(code: int, line: str) -> NoReturn:
    print(f"rq-vae-explorer: {line}", file=sys.stderr)
    raise SystemExit(code)
