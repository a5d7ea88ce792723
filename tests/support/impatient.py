"""A worker whose broker takes a task for lost after a second, though it is still being done.

For `celery -A tests.support.impatient worker`. Each task it is given is written down in `IMPATIENT_LOG`.
"""

import os
from pathlib import Path
from typing import Any

from celery.signals import task_received

from newsletter.worker import app

app.conf.broker_transport_options |= {"visibility_timeout": 1, "unacked_restore_interval": 1}


@task_received.connect(weak=False)
def write_down(request: Any, **_more: object) -> None:
    """Which task came, and by its id: whether it came before."""
    with Path(os.environ["IMPATIENT_LOG"]).open("a") as log:
        log.write(f"{request.name} {request.id}\n")
