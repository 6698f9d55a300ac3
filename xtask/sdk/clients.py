"""The official SDKs, each with only base URL and key changed."""

import logging
import warnings

import anthropic
import openai
from google import genai
from google.genai import types as genai_types

from server import TIMEOUT_SECONDS

warnings.filterwarnings("ignore")
logging.getLogger("google_genai").setLevel(logging.ERROR)


def client_of(kind, base, key):
    """The SDK of this format. None repeats a request by itself: what an upstream says is what counts."""
    if kind in ("chat", "responses"):
        return openai.OpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0, timeout=TIMEOUT_SECONDS)
    if kind == "messages":
        return anthropic.Anthropic(base_url=base, api_key=key, max_retries=0, timeout=TIMEOUT_SECONDS)
    options = genai_types.HttpOptions(base_url=base, timeout=TIMEOUT_SECONDS * 1000)
    return genai.Client(api_key=key, http_options=options)
