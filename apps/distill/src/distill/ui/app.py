"""The page: `distill` without a command.

Last step of the flow: audio -> models -> codes -> inference -> **ui**. Everything that it needs
is in the package; it talks to no other host. Heavy imports wait inside the functions, so that a
bad address is told in one line before anything loads.
"""

import threading
from typing import TYPE_CHECKING

from distill.ui.address import choose_address, end

if TYPE_CHECKING:
    import gradio as gr

    from distill.ui.workshop import Workshop

_MAX_UPLOAD = "400mb"


def create_app(workshop: "Workshop | None" = None) -> "gr.Blocks":
    """The page over one workshop (models, examples, sessions, training); a default one if none
    is given. Launch it with `page.theme()` and the page's style, as `main` does."""
    from distill.ui.page import build_page
    from distill.ui.setup import create_workshop

    return build_page(workshop or create_workshop())


def main(host: str | None = None, port: int | None = None, open_browser: bool = True) -> None:
    """Serve the page until Ctrl-C, then let `KeyboardInterrupt` through.

    - `host`, `port`: flags; without them `GRADIO_SERVER_NAME` and `GRADIO_SERVER_PORT`, else
      127.0.0.1 and the first free port from 7860 on.
    - `open_browser`: show the page in the user's browser.

    Exits with one line: 2 for a port that is no port, 1 for one that is taken.
    """
    where = choose_address(host, port)
    import torch

    from distill.ui.assets_loader import read_asset
    from distill.ui.origin_guard import own_requests_only
    from distill.ui.page import build_page, theme
    from distill.ui.setup import create_workshop

    # One thread decodes a short span faster than two that wait for each other.
    torch.set_num_threads(1)
    workshop = create_workshop(only_here=where.only_here)
    threading.Thread(target=workshop.warm_up, name="distill-warm-up", daemon=True).start()
    demo = build_page(workshop)
    try:
        demo.launch(
            server_name=where.host,
            server_port=where.port,
            inbrowser=open_browser,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            max_file_size=_MAX_UPLOAD,
            app_kwargs={"middleware": own_requests_only(where.only_here)},
            theme=theme(),
            css=read_asset("shared/page.css"),
            footer_links=[],
            # Without this Gradio asks its own page and gives up after three seconds, which a busy
            # machine or a proxy in the environment turns into an error at the start.
            _frontend=False,
        )
    except OSError:
        end(1, f"no port on {where.host} can be had any more; choose one with --port")
    else:
        print(f"distill: {demo.local_url}  (Ctrl-C ends it)", flush=True)
        threading.Event().wait()
    finally:
        demo.close(verbose=False)
        workshop.desk.close()
