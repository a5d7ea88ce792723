"""What sending processes note while they live. Recovery never looks at it: it may change at any moment."""

from newsletter.delivery.black_box import Boxes, Remains, remains_in


def notes_of_the_living(boxes: Boxes) -> list[Remains]:
    """The notes of all processes, living and dead."""
    return [remains_in(path.read_bytes()) for path in boxes.folder.iterdir()]
