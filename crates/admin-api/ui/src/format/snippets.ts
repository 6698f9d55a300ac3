// How clients call a service.
import type { Service } from '@/api/services'
import { clientFormatOf, type ClientFormat } from './states'

export interface Snippet {
  name: string
  language: string
  text: string
}

export const isLlm = (service: Pick<Service, 'config_type'>): boolean => service.config_type.toUpperCase() === 'LLM'

/** The address that clients are given. */
export const serviceAddress = (base: string, service: Pick<Service, 'config_type' | 'slug'>): string =>
  `${base}/${isLlm(service) ? 'llm' : 'proxy'}/${service.slug}`

/** The formats that clients may speak to a service. */
export function spoken(service: Service): ClientFormat[] {
  const { output_format: output, api_format: own } = service
  if (output === 'auto') return ['openai', 'openai_responses', 'anthropic', 'gemini']
  return [output === null || output === undefined || output === 'none' ? clientFormatOf(own) : (output as ClientFormat)]
}

export function snippets(base: string, service: Service, model: string): Snippet[] {
  const address = serviceAddress(base, service)
  if (!isLlm(service)) return [genericCurl(address, service)]
  return spoken(service).flatMap((format) => BY_FORMAT[format](address, model))
}

function genericCurl(address: string, service: Service): Snippet {
  const method = service.method && service.method !== 'ANY' ? (service.method.split(',')[0] ?? 'GET') : 'GET'
  return { name: 'curl', language: 'sh', text: `curl -X ${method} '${address}/' \\\n  -H "X-Proxy-Key: $CLIENT_KEY"` }
}

const chatBody = (model: string): string => `{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}`

const BY_FORMAT: Record<ClientFormat, (address: string, model: string) => Snippet[]> = {
  openai: (address, model) => [
    {
      name: 'curl · Chat',
      language: 'sh',
      text: `curl ${address}/chat/completions \\\n  -H "Authorization: Bearer $CLIENT_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${chatBody(model)}'`,
    },
    {
      name: 'OpenAI SDK · Python',
      language: 'python',
      text: `from openai import OpenAI\n\nclient = OpenAI(base_url="${address}", api_key=CLIENT_KEY)\nanswer = client.chat.completions.create(\n    model="${model}",\n    messages=[{"role": "user", "content": "Hello"}],\n)\nprint(answer.choices[0].message.content)`,
    },
    {
      name: 'OpenAI SDK · TypeScript',
      language: 'typescript',
      text: `import OpenAI from 'openai'\n\nconst client = new OpenAI({ baseURL: '${address}', apiKey: process.env.CLIENT_KEY })\nconst answer = await client.chat.completions.create({\n  model: '${model}',\n  messages: [{ role: 'user', content: 'Hello' }],\n})\nconsole.log(answer.choices[0].message.content)`,
    },
  ],
  openai_responses: (address, model) => [
    {
      name: 'curl · Responses',
      language: 'sh',
      text: `curl ${address}/responses \\\n  -H "Authorization: Bearer $CLIENT_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '{"model": "${model}", "input": "Hello"}'`,
    },
    {
      name: 'Codex',
      language: 'toml',
      text: `# ~/.codex/config.toml; the client key goes into the environment variable CLIENT_KEY\nmodel = "${model}"\nmodel_provider = "rotator"\n\n[model_providers.rotator]\nname = "API Key Rotator"\nbase_url = "${address}"\nenv_key = "CLIENT_KEY"\nwire_api = "responses"`,
    },
  ],
  anthropic: (address, model) => [
    {
      name: 'curl · Messages',
      language: 'sh',
      text: `curl ${address}/v1/messages \\\n  -H "x-api-key: $CLIENT_KEY" \\\n  -H "anthropic-version: 2023-06-01" \\\n  -H "Content-Type: application/json" \\\n  -d '{"model": "${model}", "max_tokens": 1024, "messages": [{"role": "user", "content": "Hello"}]}'`,
    },
    {
      name: 'Anthropic SDK · Python',
      language: 'python',
      text: `import anthropic\n\nclient = anthropic.Anthropic(base_url="${address}", api_key=CLIENT_KEY)\nanswer = client.messages.create(\n    model="${model}",\n    max_tokens=1024,\n    messages=[{"role": "user", "content": "Hello"}],\n)\nprint(answer.content[0].text)`,
    },
    {
      name: 'Claude Code',
      language: 'sh',
      text: `export ANTHROPIC_BASE_URL="${address}"\nexport ANTHROPIC_API_KEY="$CLIENT_KEY"\nexport ANTHROPIC_MODEL="${model}"\nclaude`,
    },
  ],
  gemini: (address, model) => [
    {
      name: 'curl · Gemini',
      language: 'sh',
      text: `curl ${address}/v1beta/models/${model}:generateContent \\\n  -H "x-goog-api-key: $CLIENT_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '{"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}'`,
    },
    {
      name: 'Google Gen AI SDK · Python',
      language: 'python',
      text: `from google import genai\n\nclient = genai.Client(api_key=CLIENT_KEY, http_options={"base_url": "${address}"})\nanswer = client.models.generate_content(model="${model}", contents="Hello")\nprint(answer.text)`,
    },
  ],
}
