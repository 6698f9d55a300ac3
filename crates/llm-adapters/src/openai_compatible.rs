//! The providers that speak OpenAI's Chat Completions format, as a table.

use rotator_domain::{Format, Reading};

use crate::dialect::Dialect;
use crate::openai_errors::{
    CEREBRAS, COMPATIBLE, FIREWORKS, MISTRAL, MOONSHOT, OPENAI, QWEN, SAMBANOVA, SILICONFLOW, TOGETHER, XAI, ZHIPU,
};
use crate::openrouter::OPENROUTER;
use crate::{Adapter, Answer, KeyHeader};

/// One row of the table.
#[derive(Debug)]
pub(crate) struct OpenAiCompatible {
    name: &'static str,
    base_url: Option<&'static str>,
    documentation: &'static str,
    probe_path: &'static str,
    dialect: &'static Dialect,
}

/// The list of models, which needs a key almost everywhere.
const MODELS: &str = "models";

/// The row for every server that is not in the table.
pub(crate) static UNNAMED: OpenAiCompatible =
    row("openai_compatible", None, "https://platform.openai.com/docs/api-reference/chat");

/// Each provider with its base URL and the page that names it. Servers at `localhost` mostly take any key, and NVIDIA lists
/// its models to everybody: a probe there shows that the server answers, no more.
pub(crate) static PROVIDERS: [OpenAiCompatible; 21] = [
    row("openai", Some("https://api.openai.com/v1"), "https://platform.openai.com/docs/api-reference").read_as(&OPENAI),
    // Its list of models is public and would call a revoked key good.
    row("openrouter", Some("https://openrouter.ai/api/v1"), "https://openrouter.ai/docs/api-reference/overview")
        .probed_at("key")
        .read_as(&OPENROUTER),
    row("xai", Some("https://api.x.ai/v1"), "https://docs.x.ai/docs/api-reference").read_as(&XAI),
    row("groq", Some("https://api.groq.com/openai/v1"), "https://console.groq.com/docs/openai"),
    row("deepseek", Some("https://api.deepseek.com/v1"), "https://api-docs.deepseek.com"),
    row("mistral", Some("https://api.mistral.ai/v1"), "https://docs.mistral.ai/api").read_as(&MISTRAL),
    row("together", Some("https://api.together.xyz/v1"), "https://docs.together.ai/docs/openai-api-compatibility")
        .read_as(&TOGETHER),
    row("moonshot", Some("https://api.moonshot.cn/v1"), "https://platform.moonshot.cn/docs/api/chat")
        .read_as(&MOONSHOT),
    row("fireworks", Some("https://api.fireworks.ai/inference/v1"), "https://docs.fireworks.ai/api-reference")
        .read_as(&FIREWORKS),
    row("cerebras", Some("https://api.cerebras.ai/v1"), "https://inference-docs.cerebras.ai/resources/openai")
        .read_as(&CEREBRAS),
    row("perplexity", Some("https://api.perplexity.ai"), "https://docs.perplexity.ai/api-reference"),
    row("zhipu", Some("https://open.bigmodel.cn/api/paas/v4"), "https://docs.bigmodel.cn").read_as(&ZHIPU),
    row("qwen", Some("https://dashscope.aliyuncs.com/compatible-mode/v1"), "https://help.aliyun.com/zh/model-studio")
        .read_as(&QWEN),
    row("siliconflow", Some("https://api.siliconflow.cn/v1"), "https://docs.siliconflow.cn/api-reference")
        .read_as(&SILICONFLOW),
    row("nvidia", Some("https://integrate.api.nvidia.com/v1"), "https://docs.api.nvidia.com/nim/reference"),
    row("deepinfra", Some("https://api.deepinfra.com/v1/openai"), "https://deepinfra.com/docs/openai_api"),
    row("sambanova", Some("https://api.sambanova.ai/v1"), "https://docs.sambanova.ai").read_as(&SAMBANOVA),
    row("ollama", Some("http://localhost:11434/v1"), "https://docs.ollama.com/openai"),
    row("lm_studio", Some("http://localhost:1234/v1"), "https://lmstudio.ai/docs/app/api/endpoints/openai"),
    row(
        "vllm",
        Some("http://localhost:8000/v1"),
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    ),
    row(
        "llama_cpp",
        Some("http://localhost:8080/v1"),
        "https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    ),
];

const fn row(name: &'static str, base_url: Option<&'static str>, documentation: &'static str) -> OpenAiCompatible {
    OpenAiCompatible { name, base_url, documentation, probe_path: MODELS, dialect: &COMPATIBLE }
}

// === impl OpenAiCompatible ===

impl OpenAiCompatible {
    const fn probed_at(mut self, path: &'static str) -> Self {
        self.probe_path = path;
        self
    }

    const fn read_as(mut self, dialect: &'static Dialect) -> Self {
        self.dialect = dialect;
        self
    }
}

impl Adapter for OpenAiCompatible {
    fn name(&self) -> &'static str {
        self.name
    }

    fn format(&self) -> Format {
        Format::OpenAi
    }

    fn default_base_url(&self) -> Option<&'static str> {
        self.base_url
    }

    fn documentation(&self) -> &'static str {
        self.documentation
    }

    fn key_header(&self) -> KeyHeader {
        KeyHeader { name: http::header::AUTHORIZATION, prefix: "Bearer " }
    }

    fn probe_path(&self) -> &'static str {
        self.probe_path
    }

    fn read(&self, answer: &Answer<'_>) -> Reading {
        self.dialect.read(answer)
    }
}
