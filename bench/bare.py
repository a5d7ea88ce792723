"""The least a Python web server can do: answers from memory, made for measuring against.

Started by gunicorn as `bench.bare:app`; the environment names a folder that holds, for each answer, its path
in addresses, its headers and its body.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

_ANSWERS = {
    each["path"]: ([(name, value) for name, value in each["headers"]], each["body"].encode())
    for each in json.loads(Path(os.environ["BENCH_ANSWERS"]).read_text("utf-8"))
}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Give the answer to this path."""
    headers, body = _ANSWERS[environ["PATH_INFO"]]
    start_response("200 OK", headers)
    return [body]
