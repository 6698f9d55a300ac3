"""Agents as people write them with the official SDKs: what the model said goes back as the SDK gave it, with results.

Every other turn it goes back as the SDK's object, and else as a dump of it.
"""

import json
from dataclasses import dataclass

from google.genai import types as genai_types

from script import QUESTION, SYSTEM, TOOLS

MOST_TOKENS = 20_000


@dataclass(frozen=True)
class Asked:
    """A call as the agent sees it."""

    id: str
    name: str
    arguments: object


@dataclass(frozen=True)
class Heard:
    """What the model said, as the agent understands it."""

    thoughts: str
    text: str
    calls: tuple


def given_back(value, turn):
    """What the SDK gave, as it is or dumped."""
    return value if turn % 2 else value.model_dump(mode="json")


class ChatAgent:
    def __init__(self, client, model, stream):
        self.client, self.model, self.stream = client, model, stream
        self.messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
        self.tools = [
            {"type": "function", "function": {"name": name, "description": text, "parameters": schema, "strict": True}}
            for name, (text, schema) in TOOLS.items()
        ]

    def ask(self, turn):
        arguments = {
            "model": self.model,
            "messages": self.messages,
            "tools": self.tools,
            "reasoning_effort": "medium",
            "max_completion_tokens": MOST_TOKENS,
        }
        if self.stream:
            with self.client.chat.completions.stream(**arguments) as events:
                message = events.get_final_completion().choices[0].message
        else:
            message = self.client.chat.completions.create(**arguments).choices[0].message
        self.messages.append(given_back(message, turn))
        calls = message.tool_calls or []
        told = [Asked(call.id, call.function.name, json.loads(call.function.arguments)) for call in calls]
        thoughts = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
        return Heard(thoughts or "", message.content or "", tuple(told))

    def tell(self, answered, more):
        for call, text in answered:
            self.messages.append({"role": "tool", "tool_call_id": call.id, "content": text})
        if more:
            self.messages.append({"role": "user", "content": more})


class ResponsesAgent:
    """An agent that sends all items itself and lets nothing be kept."""

    MORE = {"store": False, "include": ["reasoning.encrypted_content"]}

    def __init__(self, client, model, stream):
        self.client, self.model, self.stream = client, model, stream
        self.input = [{"role": "user", "content": QUESTION}]
        self.tools = [
            {"type": "function", "name": name, "description": text, "parameters": schema, "strict": True}
            for name, (text, schema) in TOOLS.items()
        ]

    def request(self):
        return {
            "model": self.model,
            "instructions": SYSTEM,
            "input": self.input,
            "tools": self.tools,
            "reasoning": {"effort": "medium", "summary": "auto"},
            "max_output_tokens": MOST_TOKENS,
            **self.MORE,
        }

    def ask(self, turn):
        if self.stream:
            output = []
            for event in self.client.responses.create(stream=True, **self.request()):
                if event.type == "response.output_item.done":
                    output.append(event.item)
                elif event.type == "response.completed":
                    response = event.response
            if [item.to_dict() for item in output] != [item.to_dict() for item in response.output]:
                raise ValueError("the items of the stream are not those of its end")
        else:
            response = self.client.responses.create(**self.request())
            output = response.output
        self.take(response, output, turn)
        calls = [item for item in output if item.type == "function_call"]
        told = [Asked(call.call_id, call.name, json.loads(call.arguments)) for call in calls]
        thoughts = [part.text for item in output if item.type == "reasoning" for part in item.summary]
        return Heard("\n\n".join(thoughts), response.output_text, tuple(told))

    def take(self, response, output, turn):
        self.input += [given_back(item, turn) for item in output]

    def tell(self, answered, more):
        for call, text in answered:
            self.input.append({"type": "function_call_output", "call_id": call.id, "output": text})
        if more:
            self.input.append({"role": "user", "content": more})


class GoingOnAgent(ResponsesAgent):
    """An agent that names the answer before and leaves the rest to the server."""

    MORE = {}

    def __init__(self, client, model, stream):
        super().__init__(client, model, stream)
        self.previous = None

    def request(self):
        more = {"previous_response_id": self.previous} if self.previous else {}
        return {**super().request(), **more}

    def take(self, response, output, turn):
        self.previous = response.id
        self.input = []


class MessagesAgent:
    def __init__(self, client, model, stream):
        self.client, self.model, self.stream = client, model, stream
        self.messages = [{"role": "user", "content": QUESTION}]
        self.tools = [
            {"name": name, "description": text, "input_schema": schema} for name, (text, schema) in TOOLS.items()
        ]

    def ask(self, turn):
        arguments = {
            "model": self.model,
            "max_tokens": MOST_TOKENS,
            "system": SYSTEM,
            "messages": self.messages,
            "tools": self.tools,
            "thinking": {"type": "enabled", "budget_tokens": 4096},
        }
        if self.stream:
            with self.client.messages.stream(**arguments) as events:
                message = events.get_final_message()
        else:
            message = self.client.messages.create(**arguments)
        self.messages.append({"role": "assistant", "content": [given_back(block, turn) for block in message.content]})
        calls = [block for block in message.content if block.type == "tool_use"]
        thoughts = "".join(block.thinking for block in message.content if block.type == "thinking")
        text = "".join(block.text for block in message.content if block.type == "text")
        return Heard(thoughts, text, tuple(Asked(call.id, call.name, call.input) for call in calls))

    def tell(self, answered, more):
        content = [{"type": "tool_result", "tool_use_id": call.id, "content": text} for call, text in answered]
        content += [{"type": "text", "text": more}] if more else []
        self.messages.append({"role": "user", "content": content})


class GeminiAgent:
    """Whole answers are kept here, streams by a chat of the SDK's."""

    def __init__(self, client, model, stream):
        self.client, self.model = client, model
        declarations = [
            genai_types.FunctionDeclaration(name=name, description=text, parameters_json_schema=schema)
            for name, (text, schema) in TOOLS.items()
        ]
        self.config = genai_types.GenerateContentConfig(
            system_instruction=SYSTEM,
            tools=[genai_types.Tool(function_declarations=declarations)],
            thinking_config=genai_types.ThinkingConfig(include_thoughts=True, thinking_budget=4096),
            max_output_tokens=MOST_TOKENS,
        )
        self.contents = []
        self.next = [genai_types.Part(text=QUESTION)]
        self.chat = client.chats.create(model=model, config=self.config) if stream else None

    def ask(self, turn):
        if self.chat:
            answers = list(self.chat.send_message_stream(self.next))
            contents = [answer.candidates[0].content for answer in answers]
        else:
            self.contents.append(genai_types.Content(role="user", parts=self.next))
            answer = self.client.models.generate_content(model=self.model, contents=self.contents, config=self.config)
            contents = [answer.candidates[0].content]
            self.contents.append(contents[0] if turn % 2 else contents[0].model_dump())
        parts = [part for content in contents for part in content.parts or []]
        calls = [part.function_call for part in parts if part.function_call]
        # Parts of a stream are pieces, those of a whole answer are paragraphs.
        between = "" if self.chat else "\n\n"
        thoughts = between.join(part.text for part in parts if part.text and part.thought)
        text = "".join(part.text for part in parts if part.text and not part.thought)
        return Heard(thoughts, text, tuple(Asked(call.id, call.name, call.args) for call in calls))

    def tell(self, answered, more):
        self.next = []
        for call, text in answered:
            response = genai_types.FunctionResponse(id=call.id, name=call.name, response=response_of(text))
            self.next.append(genai_types.Part(function_response=response))
        if more:
            self.next.append(genai_types.Part(text=more))


def response_of(text):
    """A tool's answer as the object that the format wants."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"output": text}


AGENTS = {
    "chat": ChatAgent,
    "responses": ResponsesAgent,
    "going on": GoingOnAgent,
    "messages": MessagesAgent,
    "gemini": GeminiAgent,
}
