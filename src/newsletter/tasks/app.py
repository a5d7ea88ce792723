"""The Celery app. A task is a wake-up: it carries ids, and what it finds in the database decides."""

import os
import socket
from mmap import mmap
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_process_shutdown, worker_shutting_down

from newsletter.jobs import Job, broker_options
from newsletter.logs import configure_logs
from newsletter.settings import Settings
from newsletter.tasks.shift import Shift
from newsletter.tasks.sweeper import Sweeper
from newsletter.wiring import House


def create_worker(settings: Settings) -> Celery:
    """Make the app that `celery -A worker worker` and `newsletter worker` run."""
    app = Celery("newsletter", broker=settings.broker_url)
    app.conf.update(_configuration(settings))
    # One byte shared by the parent and its children: set once, it asks them to stop after this letter.
    stopping = mmap(-1, 1)
    shift = Shift(_house(app, settings, pooled=True), lambda: stopping[0] != 0)
    _name_tasks(app, shift)
    _follow_worker(app, settings, shift, stopping)
    return app


def _configuration(settings: Settings) -> dict[str, Any]:
    url = settings.broker_url
    return {
        "broker_transport_options": broker_options(url),
        # Acknowledge when done: a task whose worker is killed comes back; doing it twice is harmless.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        # Take one task at a time: what is prefetched hides in a dead worker.
        "worker_prefetch_multiplier": 1,
        # Nobody reads results; storing them costs a quarter of the throughput.
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        # Wait for the broker as long as it takes, at the start and later.
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # A lost broker must not make us cut a conversation with a relay.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.2, "interval_max": 0.2},
        "task_default_queue": "newsletter",
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_concurrency": 1 if settings.sqlalchemy_url.startswith("sqlite") else os.cpu_count(),
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
    }


def _house(app: Celery, settings: Settings, *, pooled: bool) -> House:
    def ring(job: Job, ids: tuple[int, ...]) -> None:
        app.send_task(job, args=ids, expires=60, ignore_result=True)

    return House(settings, ring, pooled=pooled)


def _name_tasks(app: Celery, shift: Shift) -> None:
    @app.task(name=Job.FREEZE)
    def freeze(campaign_id: int) -> None:
        shift.freeze(campaign_id)

    @app.task(name=Job.SEND)
    def send() -> None:
        shift.send()

    @app.task(name=Job.NOTICES)
    def notices() -> None:
        shift.send_notices()


def _follow_worker(app: Celery, settings: Settings, shift: Shift, stopping: mmap) -> None:
    """Sweep in the parent; start clean and hang up politely in the children."""
    # Connections of its own, opened for each sweep: children are forked from this process.
    house = _house(app, settings, pooled=False)
    alone = Shift(house, lambda: stopping[0] != 0)
    sweeper = Sweeper(house, alone, f"{socket.gethostname()}:{os.getpid()}")

    def on_start(**_kwargs: object) -> None:
        sweeper.start()  # before there is a broker, for it may never come

    def on_stop(**_kwargs: object) -> None:
        stopping[0] = 1
        sweeper.stop()

    def on_child(**_kwargs: object) -> None:
        configure_logs(settings.log_format)
        shift.begin()

    def on_child_end(**_kwargs: object) -> None:
        shift.end()

    worker_init.connect(on_start, weak=False)
    worker_shutting_down.connect(on_stop, weak=False)
    worker_process_init.connect(on_child, weak=False)
    worker_process_shutdown.connect(on_child_end, weak=False)
