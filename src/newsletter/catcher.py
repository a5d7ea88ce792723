"""The mail catcher as a process of its own: `python -m newsletter.catcher`."""

import signal
import threading
from pathlib import Path

import click
from werkzeug.serving import make_server

from newsletter.domain.errors import NewsletterError
from newsletter.mail.catcher import Spool, start_catching
from newsletter.web.inbox.app import create_inbox


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="Where messages are kept.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--smtp-port", type=int, default=1025, show_default=True)
@click.option("--http-port", type=int, default=8025, show_default=True)
def run(folder: Path, host: str, smtp_port: int, http_port: int) -> None:
    """Catch all mail, and show it in a browser. For trying out only."""
    spool = Spool(folder)
    try:
        server = make_server(host, http_port, create_inbox(spool), threaded=True)
        controller = start_catching(spool, host, smtp_port)
    except (NewsletterError, OSError, SystemExit) as error:
        raise click.ClickException(
            f"The catcher cannot start on {host}:{http_port} and {smtp_port}: {error}"
        ) from error
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    threading.Thread(target=server.serve_forever, name="inbox", daemon=True).start()
    stopped.wait()
    controller.stop()
    server.shutdown()


if __name__ == "__main__":
    run()
