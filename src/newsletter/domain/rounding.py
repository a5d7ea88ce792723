"""Numbers as one says them."""


def rounded_down(number: int) -> int:
    """A number of people down to its first two digits: 12,345 are more than 12,000."""
    step = int("1" + "0" * max(0, len(str(number)) - 2))
    return number // step * step


def pages_near(page: int, pages: int) -> list[int | None]:
    """The numbers a long list offers: the ends, and those around this one; None where some are left out."""
    shown = sorted({1, pages, *range(max(1, page - 2), min(pages, page + 2) + 1)})
    numbers: list[int | None] = []
    for before, number in zip([0, *shown], shown, strict=False):
        if number - before == 2:
            numbers.append(number - 1)
        elif number - before > 2:
            numbers.append(None)
        numbers.append(number)
    return numbers
