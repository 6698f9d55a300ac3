"""The official SDKs through the server, with only base URL and key changed: every answer as without the server.

Starts an upstream that replays a corpus, starts the server on a database of its own, makes one service a format, and asks
for every recording twice: straight from the upstream, and through the server. What the SDK gives must be equal.
The last line reads `N passed, N failed`.
"""

import sys

from bench import Bench, parse_arguments, verdict


def ask_chat(client, model, stream):
    arguments = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    if not stream:
        return client.chat.completions.create(**arguments).model_dump(mode="json")
    # A recording that tells its usage is the answer to a client that asked for it.
    chunks = client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **arguments)
    return [chunk.model_dump(mode="json") for chunk in chunks]


def ask_responses(client, model, stream):
    if not stream:
        return client.responses.create(model=model, input="hi").model_dump(mode="json")
    events = client.responses.create(model=model, input="hi", stream=True)
    return [event.model_dump(mode="json") for event in events]


def ask_messages(client, model, stream):
    arguments = {"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}
    if not stream:
        return client.messages.create(**arguments).model_dump(mode="json")
    events = client.messages.create(stream=True, **arguments)
    return [event.model_dump(mode="json") for event in events]


def ask_gemini(client, model, stream):
    if not stream:
        answers = [client.models.generate_content(model=model, contents="hi")]
    else:
        answers = client.models.generate_content_stream(model=model, contents="hi")
    # The SDK adds the answer's HTTP headers, of which `date` and the like differ.
    return [answer.model_dump(mode="json", exclude={"sdk_http_response"}) for answer in answers]


ASK = {"chat": ask_chat, "responses": ask_responses, "messages": ask_messages, "gemini": ask_gemini}


def outcome(kind, client, model, stream):
    """What the SDK gives, or the error that it raises for an answer that it does not accept."""
    try:
        return ASK[kind](client, model, stream)
    except Exception as error:  # Whatever the SDK raises is part of what it makes of the recording.
        return f"{type(error).__name__}: {error}"


def main():
    passed = failed = 0
    with Bench(parse_arguments(__doc__)) as bench:
        for entry in bench.recordings:
            kind, model, stream = entry["format"], entry["id"], entry["stream"]
            expected = outcome(kind, bench.direct(kind), model, stream)
            got = outcome(kind, bench.through(entry, kind), model, stream)
            if got == expected:
                passed += 1
            else:
                failed += 1
                print(f"{kind} {model}: expected {str(expected)[:300]}\n  got {str(got)[:300]}")
        failed += bool(bench.leaks())
    return verdict(passed, failed)


if __name__ == "__main__":
    sys.exit(main())
