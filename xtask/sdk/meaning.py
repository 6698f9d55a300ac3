"""What an SDK makes of an answer, in words that belong to no format.

Streams go through the SDKs' own accumulators where they have one, so that a fault of grammar raises.
"""

import json
from dataclasses import dataclass, field

import anthropic
import openai
from google.genai import errors as genai_errors

from partial_arguments import PartialArguments

# Why an answer ended. What is not here has no counterpart in every format.
CHAT_STOPS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tools",
    "function_call": "tools",
    "content_filter": "filter",
}
RESPONSES_STOPS = {"max_output_tokens": "length", "content_filter": "filter"}
MESSAGES_STOPS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tools",
    "refusal": "filter",
}
GEMINI_STOPS = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "filter",
    "RECITATION": "filter",
    "BLOCKLIST": "filter",
    "PROHIBITED_CONTENT": "filter",
    "SPII": "filter",
    "LANGUAGE": "filter",
    "IMAGE_SAFETY": "filter",
}
# OpenAI tells reasoning in sections; other formats have one text, in which an empty line stands between them.
BETWEEN_SECTIONS = "\n\n"


@dataclass
class Usage:
    """Tokens: the whole prompt, what of it came from a cache, the whole answer, what of it was reasoning."""

    input: int
    cached: int
    output: int
    reasoning: int


@dataclass
class Meaning:
    """What an answer says."""

    text: str = ""
    refusal: str = ""
    reasoning: str = ""
    # Names and arguments of the client's tools, in order.
    calls: list = field(default_factory=list)
    # The addresses that the text names as its sources.
    sources: set = field(default_factory=set)
    stop: str | None = None
    usage: Usage | None = None
    # Whether the end of a stream lacks what was told before it, so that clients that read the end alone see nothing.
    is_scattered: bool = False

    def call(self, name, arguments):
        self.calls.append((name, arguments))


@dataclass(frozen=True)
class Fault:
    """Why there is no answer."""

    # `told` by the upstream; `short`, where the stream ended and told nothing; `unreadable` to the SDK.
    how: str
    message: str
    # The HTTP status, where there was no answer at all.
    status: int | None = None


class Told(Exception):
    """An error that a stream tells by an event that its SDK does not raise."""


class Short(Exception):
    """A stream that ended without saying why."""


class Ungrammatical(Exception):
    """A stream that contradicts itself, of which its SDK makes something all the same."""


# === chat ===


def ask_chat(client, model, stream):
    arguments = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    if not stream:
        completion = client.chat.completions.create(**arguments)
        return of_chat(completion, completion.usage)
    completion = usage = None
    with client.chat.completions.stream(stream_options={"include_usage": True}, **arguments) as events:
        for event in events:
            if event.type == "chunk":
                # The accumulator keeps what the last chunk says, which may be nothing.
                usage = event.chunk.usage or usage
                completion = event.snapshot
    if not completion or not completion.choices or not completion.choices[0].finish_reason:
        raise Short
    return of_chat(completion, usage)


def of_chat(completion, usage):
    meaning = Meaning(usage=usage and usage_of_chat(usage))
    if not completion.choices:
        return meaning
    choice = completion.choices[0]
    message = choice.message
    meaning.text = message.content or ""
    meaning.refusal = message.refusal or ""
    # The vendor has no place for reasoning; those who speak its format agree on these two.
    extra = message.model_extra or {}
    meaning.reasoning = extra.get("reasoning_content") or extra.get("reasoning") or ""
    for call in message.tool_calls or []:
        if call.type == "custom":
            # Streams leave it as a plain object.
            custom = call.custom if isinstance(call.custom, dict) else call.custom.model_dump()
            meaning.call(custom["name"], {"input": custom["input"]})
        else:
            meaning.call(call.function.name, parsed(call.function.arguments))
    if message.function_call:
        meaning.call(message.function_call.name, parsed(message.function_call.arguments))
    for annotation in message.annotations or []:
        # Streams leave it as a plain object.
        annotation = annotation if isinstance(annotation, dict) else annotation.model_dump()
        citation = annotation.get("url_citation") or annotation
        meaning.sources.update(filter(None, [citation.get("url")]))
    meaning.stop = CHAT_STOPS.get(choice.finish_reason)
    return meaning


def usage_of_chat(usage):
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input=usage.prompt_tokens or 0,
        cached=(prompt and prompt.cached_tokens) or 0,
        output=usage.completion_tokens or 0,
        reasoning=(completion and completion.reasoning_tokens) or 0,
    )


# === responses ===


def ask_responses(client, model, stream):
    if not stream:
        response = client.responses.create(model=model, input="hi")
        return of_responses(response, response.output)
    response, items, pieces = None, {}, Pieces()
    with client.responses.stream(model=model, input="hi") as events:
        for event in events:
            if event.type == "error":
                raise Told(event.message)
            pieces.add(event)
            if event.type == "response.output_item.done":
                items[event.output_index] = event.item
                pieces.compare(event.output_index, event.item)
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                response = event.response
    if response is None:
        raise Short
    if response.output or not items:
        return of_responses(response, response.output)
    # Some upstreams leave the list of the last event empty; every item was told whole before.
    meaning = of_responses(response, [items[index] for index in sorted(items)])
    meaning.is_scattered = True
    return meaning


class Pieces:
    """What a stream tells piece by piece, which must be what it tells whole in the end."""

    def __init__(self):
        self.texts = {}

    def add(self, event):
        if event.type.endswith(".delta") and isinstance(event.delta, str):
            place = getattr(event, "content_index", getattr(event, "summary_index", 0))
            key = (event.output_index, event.type.removesuffix(".delta"), place)
            self.texts[key] = self.texts.get(key, "") + event.delta

    def compare(self, output_index, item):
        for (index, name, place), text in self.texts.items():
            if index != output_index:
                continue
            whole = {
                "response.output_text": lambda: item.content[place].text,
                "response.refusal": lambda: item.content[place].refusal,
                "response.reasoning_text": lambda: item.content[place].text,
                "response.reasoning_summary_text": lambda: item.summary[place].text,
                "response.function_call_arguments": lambda: item.arguments,
                "response.custom_tool_call_input": lambda: item.input,
            }.get(name)
            if whole and whole() != text:
                raise Ungrammatical(f"{name} told {text!r} in pieces and {whole()!r} whole")


def of_responses(response, output):
    if response.status in ("failed", "cancelled"):
        raise Told(response.error.message if response.error else response.status)
    meaning = Meaning()
    for item in output:
        if item.type == "message":
            for part in item.content:
                if part.type == "refusal":
                    meaning.refusal += part.refusal
                else:
                    meaning.text += part.text
                    addresses = (getattr(annotation, "url", None) for annotation in part.annotations or [])
                    meaning.sources.update(filter(None, addresses))
        elif item.type == "function_call":
            meaning.call(item.name, parsed(item.arguments))
        elif item.type == "custom_tool_call":
            meaning.call(item.name, {"input": item.input})
        elif item.type == "reasoning":
            sections = item.summary or item.content or []
            meaning.reasoning += BETWEEN_SECTIONS.join(section.text for section in sections)
    if response.status == "incomplete":
        meaning.stop = RESPONSES_STOPS.get(response.incomplete_details and response.incomplete_details.reason)
    else:
        # The format has no word for calls: they are there.
        meaning.stop = "tools" if meaning.calls else "stop"
    meaning.usage = response.usage and usage_of_responses(response.usage)
    return meaning


def usage_of_responses(usage):
    prompt, answer = usage.input_tokens_details, usage.output_tokens_details
    return Usage(
        input=usage.input_tokens,
        cached=(prompt and prompt.cached_tokens) or 0,
        output=usage.output_tokens,
        reasoning=(answer and answer.reasoning_tokens) or 0,
    )


# === messages ===


def ask_messages(client, model, stream):
    arguments = {"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}
    if not stream:
        return of_messages(client.messages.create(**arguments))
    started, inputs = [], {}
    with client.messages.stream(**arguments) as events:
        for event in events:
            if event.type in ("message_start", "content_block_start"):
                started.append(event.type)
            if event.type == "content_block_start" and event.index != len(started) - 2:
                raise Ungrammatical(f"block {event.index} begins as number {len(started) - 2}")
            if event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                inputs[event.index] = inputs.get(event.index, "") + event.delta.partial_json
        message = events.get_final_message() if started else None
    if not message or message.stop_reason is None:
        raise Short
    return of_messages(message, inputs)


def of_messages(message, inputs=()):
    meaning = Meaning()
    for index, block in enumerate(message.content):
        if block.type == "text":
            meaning.text += block.text
            addresses = (getattr(citation, "url", None) for citation in block.citations or [])
            meaning.sources.update(filter(None, addresses))
        elif block.type == "thinking":
            meaning.reasoning += block.thinking
        elif block.type == "tool_use":
            # The accumulator completes arguments that break off; what was said counts.
            meaning.call(block.name, parsed(inputs[index]) if index in inputs else block.input)
    meaning.stop = MESSAGES_STOPS.get(message.stop_reason)
    usage, details = message.usage, message.usage.output_tokens_details
    cached = usage.cache_read_input_tokens or 0
    meaning.usage = Usage(
        # What was read from and written to the cache is counted beside the rest of the prompt.
        input=(usage.input_tokens or 0) + cached + (usage.cache_creation_input_tokens or 0),
        cached=cached,
        output=usage.output_tokens or 0,
        reasoning=(details and details.thinking_tokens) or 0,
    )
    return meaning


# === gemini ===


def ask_gemini(client, model, stream):
    if not stream:
        return of_gemini([client.models.generate_content(model=model, contents="hi")])
    return of_gemini(client.models.generate_content_stream(model=model, contents="hi"))


def of_gemini(answers):
    meaning = Meaning()
    reason = blocked = usage = open_call = None
    for answer in answers:
        blocked = (answer.prompt_feedback and answer.prompt_feedback.block_reason) or blocked
        usage = answer.usage_metadata or usage
        for candidate in answer.candidates or []:
            if candidate.index:
                # Another answer to the same request.
                continue
            reason = candidate.finish_reason or reason
            meaning.sources.update(sources_of_gemini(candidate))
            for part in (candidate.content and candidate.content.parts) or []:
                if part.function_call:
                    open_call = called(meaning, part.function_call, open_call)
                elif part.thought:
                    meaning.reasoning += part.text or ""
                else:
                    meaning.text += part.text or ""
    if not reason and not blocked:
        raise Short
    meaning.stop = GEMINI_STOPS.get(reason.name) if reason else "filter"
    if meaning.stop == "stop" and meaning.calls:
        # The format has no word for calls: they are there.
        meaning.stop = "tools"
    meaning.usage = usage and usage_of_gemini(usage)
    return meaning


def called(meaning, call, open_call):
    """Adds a call or a piece of one, and gives the one that is not whole."""
    if call.name:
        open_call = PartialArguments(call.args)
        meaning.call(call.name, open_call.value)
    if open_call is None:
        return None
    for piece in call.partial_args or []:
        open_call.add(piece)
    return open_call if call.will_continue else None


def sources_of_gemini(candidate):
    grounding, citations = candidate.grounding_metadata, candidate.citation_metadata
    for citation in (citations and citations.citations) or []:
        yield citation.uri
    if not grounding:
        return
    chunks = grounding.grounding_chunks or []
    if grounding.grounding_supports is not None:
        # Pages that were found but support nothing are no sources of the text.
        named = [support.grounding_chunk_indices or [] for support in grounding.grounding_supports]
        chunks = [chunk for index, chunk in enumerate(chunks) if any(index in indices for indices in named)]
    for chunk in chunks:
        source = chunk.web or chunk.retrieved_context or chunk.maps
        if source and source.uri:
            yield source.uri


def usage_of_gemini(usage):
    thoughts = usage.thoughts_token_count or 0
    return Usage(
        # What tools of the vendor's own added to the prompt is counted beside it, and so are the thoughts.
        input=(usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
        cached=usage.cached_content_token_count or 0,
        output=(usage.candidates_token_count or 0) + thoughts,
        reasoning=thoughts,
    )


# === all ===


ASK = {"chat": ask_chat, "responses": ask_responses, "messages": ask_messages, "gemini": ask_gemini}


def parsed(arguments):
    """Arguments as they mean; those that are no JSON, since the answer ended within them, stay a text."""
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def outcome(kind, client, model, stream):
    """What the SDK of a format makes of a model's answer."""
    try:
        return ASK[kind](client, model, stream)
    except Told as error:
        return Fault("told", str(error))
    except Short:
        return Fault("short", "the stream ended without saying why")
    except (openai.APIConnectionError, anthropic.APIConnectionError) as error:
        return Fault("unreadable", f"{type(error).__name__}: {error}")
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        # The SDK of Anthropic raises what a stream tells with the status of the stream, 200.
        return Fault("told", str(error), error.status_code if error.status_code >= 400 else None)
    except openai.APIError as error:
        return Fault("told", str(error))
    except genai_errors.APIError as error:
        return Fault("told", str(error), error.code)
    except Exception as error:  # Whatever else the SDK raises says that it cannot read the answer.
        return Fault("unreadable", f"{type(error).__name__}: {error}")
