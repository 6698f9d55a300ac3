"""A conversation of five turns with reasoning and tools, as the upstream of each format tells its side of it.

All formats say and call the same; what they think, how they seal it and where the seals stand is each format's own. A
seal is what an upstream wants to have back byte for byte. Those of one conversation stand in no other.
"""

import base64
import hashlib
import json
from dataclasses import dataclass

SYSTEM = "You plan walks. Never guess the weather: look it up."
QUESTION = "Is it a day for a walk in Zürich? I pack \"light\"."
# Told with the results of this turn.
AFTERTHOUGHT = "And take the dog into account."
AFTERTHOUGHT_TURN = 2
TURNS = 5
# Stands for the id of a call to which the upstream gave none.
UNNAMED = "unnamed-"

TOOLS = {
    "weather": ("Tells the weather of a place.", {
        "type": "object",
        "properties": {"place": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["place", "days"],
        "additionalProperties": False,
    }),
    "note": ("Keeps a note.", {
        "type": "object",
        "properties": {"text": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
        "required": ["text", "tags"],
        "additionalProperties": False,
    }),
}

# What every upstream says and calls, turn by turn, and what the tools answer.
SAID = [
    "I look it up first.",
    None,
    "Now the weekend – \"just\" to be sure.",
    "Two notes for later.",
    "Go, and take water.",
]
CALLED = [
    [("weather", {"place": "Zürich", "days": 1})],
    [("weather", {"place": "Uetliberg", "days": 2}), ("note", {"text": "path: C:\\walks\n\"steep\"", "tags": []})],
    [("weather", {"place": "Zürich", "days": 7})],
    [("note", {"text": "🐕 needs water", "tags": ["dog", "été"]}), ("note", {"text": "", "tags": ["none"]})],
    [],
]
ANSWERED = [
    ["21 °C, dry"],
    ['{"celsius": 18.5, "rain": false}', "kept"],
    ["dry, then \"storms\"\nfrom Sunday"],
    ["kept", "nothing to keep"],
    [],
]


@dataclass(frozen=True)
class Told:
    """What the system or the user says."""

    role: str
    text: str


@dataclass(frozen=True)
class Thought:
    """A piece of reasoning."""

    sections: tuple = ()
    seal: object = None
    # The id of the item, where the format has one.
    item_id: str | None = None
    is_redacted: bool = False


@dataclass(frozen=True)
class Words:
    """A text of the model's."""

    text: str
    seal: object = None


@dataclass(frozen=True)
class Call:
    """A call of a tool."""

    id: str
    name: str
    arguments: object
    seal: object = None
    # The arguments as they are written, where they are a text.
    written: str | None = None


@dataclass(frozen=True)
class Result:
    """What a tool answered."""

    call_id: str
    text: str


class Script:
    """What the upstreams of one conversation say. `name` is what tells its seals and ids from those of others."""

    def __init__(self, name, stream):
        self.name = name
        self.stream = stream
        self.tag = hashlib.sha256(name.encode()).hexdigest()[:8]

    def answer(self, form, turn):
        """The pieces of a turn as the upstream of this format tells them."""
        return ARRANGED[form](self, turn)

    def calls(self, form, turn):
        return [piece for piece in self.answer(form, turn) if isinstance(piece, Call)]

    def results(self, form, turn):
        answered = zip(self.calls(form, turn), ANSWERED[turn])
        return [Result(call.id, text) for call, text in answered]

    def seals(self, form):
        """Every text that only the upstream of this format may see again."""
        pieces = [piece for turn in range(TURNS) for piece in self.answer(form, turn)]
        seals = [piece.seal for piece in pieces if getattr(piece, "seal", None) is not None]
        return {text for seal in seals for text in sealed_texts(seal)}

    def seal(self, form, turn, number, size=90):
        """Bytes that look random, in standard base64 with `+`, `/` and `=`."""
        seed = f"{self.name} {form} {turn} {number}".encode()
        data = hashlib.shake_256(seed).digest(size)
        return base64.b64encode(b"\xfb\xef\xff" + data + b"\x3e").decode()


def sealed_texts(seal):
    """The texts of a seal that is JSON, or the seal itself."""
    if isinstance(seal, str):
        return [seal]
    values = seal.values() if isinstance(seal, dict) else seal
    nested = [sealed_texts(value) for value in values if isinstance(value, (str, dict, list))]
    return [text for texts in nested for text in texts if len(text) > 60]


def words(turn, seal=None):
    return [Words(SAID[turn], seal)] if SAID[turn] else []


def named(script, prefix, turn, seals=()):
    """The calls of a turn, the first ones with these seals."""
    seals = list(seals) + [None] * len(CALLED[turn])
    return [
        Call(f"{prefix}{script.tag}{turn}_{number}", name, arguments, seals[number])
        for number, (name, arguments) in enumerate(CALLED[turn])
    ]


def thoughts(turn):
    return f"Turn {turn}: what do I know?\nNot \"enough\" – été."


def of_messages(script, turn):
    """Signed thoughts, hidden ones, thoughts whose text is not shown, and thoughts between text and calls."""
    def seal(number, size=90):
        return script.seal("messages", turn, number, size)

    hidden = Thought((), seal(9), is_redacted=True)
    calls = named(script, "toolu_", turn)
    if turn == 1:
        return [Thought((), seal(0)), hidden, *calls]
    if turn == 2:
        return [hidden, *words(turn), *calls]
    if turn == 3:
        return [Thought((thoughts(turn),), seal(0)), *words(turn), Thought(("And the dog?",), seal(1)), *calls]
    return [Thought((thoughts(turn),), seal(0, 9000 if turn == 0 else 90)), *words(turn), *calls]


def of_responses(script, turn):
    """Items with an id, with and without a summary, one of them between two calls."""
    def item(number, *sections):
        seal = script.seal("responses", turn, number, 700).replace("+", "-").replace("/", "_")
        return Thought(sections, "gAAAAA" + seal, f"rs_{script.tag}{turn}{number}")

    calls = named(script, "call_r", turn)
    if turn == 1:
        return [item(0), *calls]
    if turn == 2:
        return [item(0, thoughts(turn), "**Second**\n\nthought"), *words(turn), *calls]
    if turn == 3:
        return [item(0, thoughts(turn)), *words(turn), calls[0], item(1), calls[1]]
    return [item(0, thoughts(turn)), *words(turn), *calls]


def of_gemini(script, turn):
    """Signatures on the first call of a step, on text, and no ids of calls in one turn."""
    def seal(number):
        return script.seal("gemini", turn, number)

    calls = named(script, UNNAMED if turn == 1 else "fc-", turn, [seal(0)])
    thought = [Thought((thoughts(turn),))]
    if turn == 2:
        return [*words(turn, seal(1)), *calls]
    if turn == 3:
        return [*words(turn), *calls]
    if turn == 4:
        return [*thought, *words(turn, seal(0))]
    return [*thought, *words(turn), *calls]


def of_chat(script, turn):
    """The details of a relay, the signature on a call as Google's server of this format gives it, and bare thoughts."""
    def seal(number):
        return script.seal("chat", turn, number)

    calls = named(script, "call_c", turn)
    if turn == 0:
        detail = {"type": "reasoning.text", "text": thoughts(turn), "signature": seal(0), "format": "a-v1", "index": 0}
        return [Thought((thoughts(turn),), [detail]), *words(turn), *calls]
    if turn == 1:
        details = [{"type": "reasoning.encrypted", "data": seal(number), "id": f"r{number}"} for number in (0, 1)]
        if script.stream:
            # Pieces need a number, whole details have one or not.
            details = [{**detail, "index": index} for index, detail in enumerate(details)]
        return [Thought((), details), *calls]
    if turn == 2:
        calls = named(script, "call_c", turn, [{"google": {"thought_signature": seal(0)}}])
        return [*words(turn), *calls]
    if turn == 3:
        return [Thought((thoughts(turn),)), *words(turn), *calls]
    return words(turn)


ARRANGED = {"chat": of_chat, "responses": of_responses, "messages": of_messages, "gemini": of_gemini}


def json_of(arguments):
    """Arguments as a model writes them, which is not how this program's JSON would be."""
    return json.dumps(arguments, ensure_ascii=False, separators=(" ,", ": "))
