"""Five turns with reasoning and tools between the official SDKs and upstreams of every format, through the server.

The upstream looks at each request: what it sealed before must be back byte for byte and in its place, and calls, results,
texts, tools and instructions must be there, but nothing that another upstream sealed. In some conversations the upstream
is down for two turns, and one of another format steps in. The last line reads `N passed, N failed`.
"""

import argparse
import os
import sys
import tempfile
import warnings

from agents import AGENTS, Asked, Heard
from clients import client_of
from issuers import MODELS
from script import AFTERTHOUGHT, AFTERTHOUGHT_TURN, ANSWERED, TURNS, UNNAMED, Thought, Words
from scripted_upstream import Conversation, Upstream
from server import FORMATS, UPSTREAM_KEY, Server

warnings.filterwarnings("ignore")

# The turns that the second upstream answers: one in the middle, and the last, for which it wants its own back.
STEPS_IN = (2, 4)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the server's binary")
    parser.add_argument("--only", default="", help="only conversations whose names hold this")
    arguments = parser.parse_args()

    upstream = Upstream()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(os.path.abspath(arguments.server), folder)
        try:
            create_services(server, upstream)
            for agent, issuers, stream in conversations():
                name = name_of(agent, issuers, stream)
                if arguments.only not in name:
                    continue
                conversation = Conversation(name, kind_of(agent), issuers, stream)
                have(server, upstream, conversation, agent, stream)
                if conversation.violations:
                    failed += 1
                else:
                    passed += 1
                for violation in conversation.violations:
                    print(f"{name}: {violation}")
        finally:
            server.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def conversations():
    """Who asks, who answers turn by turn, and whether in events."""
    for stream in (False, True):
        for agent in AGENTS:
            for first in FORMATS:
                yield agent, (first,) * TURNS, stream
                for second in FORMATS:
                    # Who goes on from an answer that the upstream keeps itself can do so only there.
                    is_kept_elsewhere = agent == "going on" and first == "responses"
                    if second != first and not is_kept_elsewhere:
                        turns = range(TURNS)
                        yield agent, tuple(second if turn in STEPS_IN else first for turn in turns), stream


def kind_of(agent):
    return "responses" if agent == "going on" else agent


def name_of(agent, issuers, stream):
    upstreams = " and ".join(dict.fromkeys(issuers))
    return f"{agent} at {upstreams}, {'streamed' if stream else 'whole'}"


def create_services(server, upstream):
    """One service a format, and one for each two of them, of which the second steps in."""
    for kind in FORMATS:
        create(server, upstream, kind, kind)
    for first in FORMATS:
        for second in FORMATS:
            if first != second:
                fallback = [{"slug": second, "models": {MODELS[first]: MODELS[second]}}]
                # One that breaks the connection is left at once.
                more = {"fallback": fallback, "retry_after_send": True, "max_attempts": 1}
                create(server, upstream, first, f"{first}-{second}", **more)


def create(server, upstream, kind, slug, **more):
    api_format, path = FORMATS[kind]
    server.call("POST", "proxy-configs", {
        "name": slug,
        "slug": slug,
        "config_type": "LLM",
        "api_format": api_format,
        "output_format": "auto",
        "target_base_url": upstream.base + path,
        "api_keys": [UPSTREAM_KEY],
        **more,
    })


def have(server, upstream, conversation, agent, stream):
    """Has a conversation; what is wrong stands in it then."""
    upstream.conversation = conversation
    slug = "-".join(dict.fromkeys(conversation.issuers))
    client = client_of(conversation.client, f"{server.base}/llm/{slug}", server.client_key)
    asking = AGENTS[agent](client, MODELS[conversation.issuers[0]], stream)
    for turn, issuer in enumerate(conversation.issuers):
        conversation.turn, conversation.asked = turn, 0
        try:
            heard = asking.ask(turn)
        except Exception as error:  # Whatever the SDK raises ends the conversation.
            conversation.blame(f"{type(error).__name__}: {error}")
            return
        check_heard(conversation, issuer, heard)
        if conversation.asked != 1:
            conversation.blame(f"{conversation.asked} requests were answered")
        asking.tell(list(zip(heard.calls, ANSWERED[turn])), AFTERTHOUGHT if turn == AFTERTHOUGHT_TURN else None)


def check_heard(conversation, issuer, heard):
    """The client must hear what was said, whoever said it."""
    script = conversation.script
    pieces = script.answer(issuer, conversation.turn)
    text = "".join(piece.text for piece in pieces if isinstance(piece, Words))
    thoughts = thoughts_of(pieces, heard.thoughts)
    calls = script.calls(issuer, conversation.turn)
    # What has no id gets one from the server, or from nobody.
    ids = [own.id if call.id.startswith(UNNAMED) else call.id for call, own in zip(calls, heard.calls)]
    expected = Heard(thoughts, text, tuple(Asked(own, call.name, call.arguments) for own, call in zip(ids, calls)))
    if heard != expected:
        conversation.blame(f"the client heard {heard}\n  and not {expected}")


def thoughts_of(pieces, heard):
    """The text of all thoughts. A blank line is between their sections; formats differ in what is between thoughts."""
    texts = ["\n\n".join(piece.sections) for piece in pieces if isinstance(piece, Thought) and piece.sections]
    apart = "\n\n".join(texts)
    return apart if heard == apart else "".join(texts)


if __name__ == "__main__":
    sys.exit(main())
