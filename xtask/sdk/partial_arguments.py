"""Arguments of a call that Gemini tells in pieces, each with the place that it belongs to: `$.city.names[0]`."""

import re

STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\['([^']*)'\]")


class PartialArguments:
    """What has come of a call's arguments so far."""

    def __init__(self, arguments):
        self.value = dict(arguments or {})

    def add(self, piece):
        steps = [int(index) if index else name or quoted for name, index, quoted in STEP.findall(piece.json_path or "")]
        if not steps:
            return
        holder = self.value
        for step, following in zip(steps, steps[1:]):
            holder = member(holder, step, [] if isinstance(following, int) else {})
        last = steps[-1]
        if piece.string_value is not None:
            put(holder, last, member(holder, last, "") + piece.string_value)
        elif piece.number_value is not None:
            put(holder, last, piece.number_value)
        elif piece.bool_value is not None:
            put(holder, last, piece.bool_value)
        elif piece.null_value is not None:
            put(holder, last, None)


def member(holder, step, fresh):
    """The member of an object or a list; a fresh one where there is none yet."""
    if isinstance(holder, list):
        holder.extend([None] * (step + 1 - len(holder)))
        if holder[step] is None:
            holder[step] = fresh
        return holder[step]
    return holder.setdefault(step, fresh)


def put(holder, step, value):
    if isinstance(holder, list):
        holder.extend([None] * (step + 1 - len(holder)))
    holder[step] = value
