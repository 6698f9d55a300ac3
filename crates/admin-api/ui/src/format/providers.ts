// Presets for a new service: where each provider is and what it speaks. The providers that the server knows by their address
// need no more; `provider` is named only where another address is usual as well.
export interface Preset {
  name: string
  /** What is proposed as the service's slug. */
  slug: string
  type: 'LLM' | 'GENERIC'
  address: string
  apiFormat?: string
  provider?: string
  /** Whether keys are kept on the same machine or need none. */
  isLocal?: boolean
}

const chat = (name: string, slug: string, address: string): Preset => ({ name, slug, type: 'LLM', address, apiFormat: 'openai_compatible' })
const local = (name: string, slug: string, address: string): Preset => ({ ...chat(name, slug, address), isLocal: true })

export const PRESETS: Preset[] = [
  chat('OpenAI', 'openai', 'https://api.openai.com/v1'),
  { name: 'OpenAI Responses', slug: 'openai-responses', type: 'LLM', address: 'https://api.openai.com/v1', apiFormat: 'openai_responses' },
  { name: 'Anthropic', slug: 'anthropic', type: 'LLM', address: 'https://api.anthropic.com', apiFormat: 'anthropic_native' },
  { name: 'Google Gemini', slug: 'gemini', type: 'LLM', address: 'https://generativelanguage.googleapis.com', apiFormat: 'gemini_native' },
  chat('OpenRouter', 'openrouter', 'https://openrouter.ai/api/v1'),
  chat('DeepSeek', 'deepseek', 'https://api.deepseek.com/v1'),
  chat('xAI', 'xai', 'https://api.x.ai/v1'),
  chat('Groq', 'groq', 'https://api.groq.com/openai/v1'),
  chat('Mistral', 'mistral', 'https://api.mistral.ai/v1'),
  chat('Moonshot (Kimi)', 'moonshot', 'https://api.moonshot.cn/v1'),
  chat('Qwen (DashScope)', 'qwen', 'https://dashscope.aliyuncs.com/compatible-mode/v1'),
  chat('Zhipu (GLM)', 'zhipu', 'https://open.bigmodel.cn/api/paas/v4'),
  chat('SiliconFlow', 'siliconflow', 'https://api.siliconflow.cn/v1'),
  chat('Together', 'together', 'https://api.together.xyz/v1'),
  chat('Fireworks', 'fireworks', 'https://api.fireworks.ai/inference/v1'),
  chat('Cerebras', 'cerebras', 'https://api.cerebras.ai/v1'),
  chat('Perplexity', 'perplexity', 'https://api.perplexity.ai'),
  chat('NVIDIA', 'nvidia', 'https://integrate.api.nvidia.com/v1'),
  chat('DeepInfra', 'deepinfra', 'https://api.deepinfra.com/v1/openai'),
  chat('SambaNova', 'sambanova', 'https://api.sambanova.ai/v1'),
  local('Ollama', 'ollama', 'http://localhost:11434/v1'),
  local('LM Studio', 'lm-studio', 'http://localhost:1234/v1'),
  local('vLLM', 'vllm', 'http://localhost:8000/v1'),
  local('llama.cpp', 'llama-cpp', 'http://localhost:8080/v1'),
]

export const PROVIDERS = [
  'openai', 'openrouter', 'xai', 'groq', 'deepseek', 'mistral', 'together', 'moonshot', 'fireworks', 'cerebras', 'perplexity', 'zhipu',
  'qwen', 'siliconflow', 'nvidia', 'deepinfra', 'sambanova', 'ollama', 'lm_studio', 'vllm', 'llama_cpp', 'openai_compatible',
  'openai_responses', 'anthropic', 'gemini',
]
