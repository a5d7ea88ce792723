"""A fault-scripting SMTP sink: a process that answers as a script says and writes down what it accepts."""

from tests.support.sink.record import Copy, read_record
from tests.support.sink.running import Sink, running_sink
from tests.support.sink.script import Do, Moment, Rule, Script, bytes_of, text_of
from tests.support.sink.state import Stats

__all__ = [
    "Copy",
    "Do",
    "Moment",
    "Rule",
    "Script",
    "Sink",
    "Stats",
    "bytes_of",
    "read_record",
    "running_sink",
    "text_of",
]
