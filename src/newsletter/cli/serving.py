"""`newsletter up`, `web`, `worker`, `catcher`: run it."""

import os
import sys
from pathlib import Path

import click

from newsletter.cli import stack as stacks
from newsletter.cli.house import open_house
from newsletter.cli.processes import PORT, Processes, require_free_port
from newsletter.cli.stack import Ports, Stack
from newsletter.domain.errors import BadSetting
from newsletter.publishing.publications import ensure_publication
from newsletter.settings import load_settings
from newsletter.wiring import wire


@click.command()
@click.option("--port", default=8000, type=PORT, show_default=True, help="The site's port.")
@click.option("--smtp-port", default=1025, type=PORT, show_default=True, help="The mail catcher's port.")
@click.option("--inbox-port", default=8025, type=PORT, show_default=True, help="The inbox page's port.")
def up(port: int, smtp_port: int, inbox_port: int) -> None:
    """Run site, worker and broker on this machine until Ctrl-C, with a catcher until SMTP_URL is set.

    \b
    Example: newsletter up
             SMTP_URL=smtp://user:password@mail.example.org:587 newsletter up --port 8080
    """
    settings = load_settings()
    if settings.environment == "production":
        raise BadSetting(
            "`up` is the quick start. In production run `newsletter web` and `newsletter worker`."
        )
    ports = Ports(port, smtp_port, inbox_port)
    with stacks.run_folder() as folder, Processes() as processes:
        catches = not settings.smtp_url.get_secret_value()
        stack = Stack(stacks.complete(settings, ports, Path(folder), catches=catches), ports, catches)
        house = wire(stack.settings)
        house.upgrade()
        with house.database.writing() as session:
            ensure_publication(session, "letters@example.org", house.now())
        stacks.start(stack, processes)
        click.echo(f"Site     {stack.settings.site_url}")
        click.echo(
            f"Studio   {stack.settings.site_url}/studio/   (first: newsletter account add you@example.org)"
        )
        if stack.catches:
            click.echo(f"Inbox    http://localhost:{ports.inbox}   (mail is caught, not delivered)")
        click.echo("Stop with Ctrl-C.")
        processes.watch()
        click.echo("Stopping.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, type=PORT, show_default=True)
def web(host: str, port: int) -> None:
    """Run the web server.

    \b
    Example: newsletter web --host 0.0.0.0 --port 8000
    """
    require_free_port(host, port, "the site")
    with open_house() as house:
        command = stacks.web_command(house.settings, host, port)
    os.execv(command[0], command)


@click.command()
def worker() -> None:
    """Run a worker: one process a core that sends, and one that sweeps.

    \b
    Example: newsletter worker
             celery -A worker worker        (the same, from a clone)
    """
    with open_house() as house:
        if not house.settings.smtp_url.get_secret_value():
            house.relays()  # says what is missing
    command = stacks.worker_command()
    os.execv(command[0], command)


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/inbox"), show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--smtp-port", default=1025, type=PORT, show_default=True)
@click.option("--inbox-port", default=8025, type=PORT, show_default=True)
def catcher(folder: Path, host: str, smtp_port: int, inbox_port: int) -> None:
    """Run the mail catcher alone: it takes all mail and delivers none. For trying out only.

    \b
    Example: newsletter catcher --smtp-port 1025 --inbox-port 8025
    """
    if load_settings().environment == "production":
        raise BadSetting("The mail catcher delivers nothing, so it does not run in production. Set SMTP_URL.")
    require_free_port(host, smtp_port, "the mail catcher")
    require_free_port(host, inbox_port, "the inbox")
    command = [sys.executable, "-m", "newsletter.catcher", "--folder", str(folder), "--host", host]
    command += ["--smtp-port", str(smtp_port), "--http-port", str(inbox_port)]
    os.execv(command[0], command)
