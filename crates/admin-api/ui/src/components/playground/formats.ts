// One chat in any of the four formats: how it is asked, and what an event of the answer says.
import type { ClientFormat } from '@/format/states'

export interface Turn {
  role: 'user' | 'assistant'
  text: string
}

export interface Settings {
  model: string
  system: string
  temperature: number | null
  maxTokens: number | null
  isStreamed: boolean
}

export interface Spent {
  input?: number | undefined
  output?: number | undefined
}

export interface Piece {
  text?: string | undefined
  thought?: string | undefined
  spent?: Spent
  error?: string
}

export interface Format {
  path: (settings: Settings) => string
  headers: (key: string) => Record<string, string>
  body: (turns: Turn[], settings: Settings) => unknown
  /** Of an event of a stream. */
  piece: (value: Told) => Piece
  /** Of a whole answer. */
  whole: (value: Told) => Piece
}

// What is read of answers in the four formats; everything may be absent.
export interface Told {
  type?: string
  error?: Told | string
  message?: Told | string
  choices?: { delta?: Part; message?: Part }[]
  candidates?: { content?: { parts?: Part[] } }[]
  content?: Part[]
  output?: { content?: Part[] }[]
  delta?: Part | string
  response?: Told
  usage?: Record<string, number | undefined> | null
  usageMetadata?: Record<string, number | undefined>
}

interface Part {
  content?: string
  reasoning_content?: string
  text?: string
  thinking?: string
  thought?: boolean
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
const filled = <Value extends object>(value: Value): Value =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null && member !== undefined && member !== '')) as Value
const withSystem = (turns: Turn[], { system }: Settings) => [
  ...(system === '' ? [] : [{ role: 'system', content: system }]),
  ...turns.map(({ role, text }) => ({ role, content: text })),
]
const texts = (parts: Part[] | undefined): string => (parts ?? []).map((part) => part.text ?? '').join('')
const part = (delta: Part | string | undefined): Part => (typeof delta === 'object' ? delta : {})

export const FORMATS: Record<ClientFormat, Format> = {
  openai: {
    path: () => '/chat/completions',
    headers: bearer,
    body: (turns, settings) =>
      filled({
        model: settings.model,
        messages: withSystem(turns, settings),
        temperature: settings.temperature,
        max_tokens: settings.maxTokens,
        stream: settings.isStreamed,
        stream_options: settings.isStreamed ? { include_usage: true } : null,
      }),
    piece: (value) => ({
      text: value.choices?.[0]?.delta?.content,
      thought: value.choices?.[0]?.delta?.reasoning_content,
      ...(value.usage ? { spent: { input: value.usage.prompt_tokens, output: value.usage.completion_tokens } } : {}),
    }),
    whole: (value) => ({ text: value.choices?.[0]?.message?.content, spent: { input: value.usage?.prompt_tokens, output: value.usage?.completion_tokens } }),
  },
  openai_responses: {
    path: () => '/responses',
    headers: bearer,
    body: (turns, settings) =>
      filled({
        model: settings.model,
        instructions: settings.system,
        input: turns.map(({ role, text }) => ({ role, content: text })),
        temperature: settings.temperature,
        max_output_tokens: settings.maxTokens,
        stream: settings.isStreamed,
        store: false,
      }),
    piece: (value) => {
      const usage = value.response?.usage
      return {
        ...(value.type === 'response.output_text.delta' ? { text: String(value.delta ?? '') } : {}),
        ...(value.type === 'response.reasoning_summary_text.delta' ? { thought: String(value.delta ?? '') } : {}),
        ...(usage ? { spent: { input: usage.input_tokens, output: usage.output_tokens } } : {}),
        ...(value.response?.error ? { error: errorText(value.response, 200) } : {}),
      }
    },
    whole: (value) => ({
      text: (value.output ?? []).map((item) => texts(item.content)).join(''),
      spent: { input: value.usage?.input_tokens, output: value.usage?.output_tokens },
    }),
  },
  anthropic: {
    path: () => '/v1/messages',
    headers: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
    body: (turns, settings) =>
      filled({
        model: settings.model,
        system: settings.system,
        messages: turns.map(({ role, text }) => ({ role, content: text })),
        temperature: settings.temperature,
        max_tokens: settings.maxTokens ?? 1024,
        stream: settings.isStreamed,
      }),
    piece: (value) => {
      const usage = value.usage ?? (typeof value.message === 'object' ? value.message.usage : null)
      return { text: part(value.delta).text, thought: part(value.delta).thinking, ...(usage ? { spent: { input: usage.input_tokens, output: usage.output_tokens } } : {}) }
    },
    whole: (value) => ({ text: texts(value.content), spent: { input: value.usage?.input_tokens, output: value.usage?.output_tokens } }),
  },
  gemini: {
    path: ({ model, isStreamed }) => `/v1beta/models/${encodeURIComponent(model)}:${isStreamed ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    headers: (key) => ({ 'x-goog-api-key': key }),
    body: (turns, settings) =>
      filled({
        contents: turns.map(({ role, text }) => ({ role: role === 'user' ? 'user' : 'model', parts: [{ text }] })),
        systemInstruction: settings.system === '' ? null : { parts: [{ text: settings.system }] },
        generationConfig: filled({ temperature: settings.temperature, maxOutputTokens: settings.maxTokens }),
      }),
    piece: gemini,
    whole: gemini,
  },
}

function gemini(value: Told): Piece {
  const parts = value.candidates?.[0]?.content?.parts ?? []
  const usage = value.usageMetadata
  return {
    text: texts(parts.filter((part) => !part.thought)),
    thought: texts(parts.filter((part) => part.thought)),
    ...(usage ? { spent: { input: usage.promptTokenCount, output: usage.candidatesTokenCount } } : {}),
  }
}

/** The message of an error, whichever format it is in. */
export function errorText(value: Told | null, status: number): string {
  const { error, message } = value ?? {}
  const said = typeof error === 'object' ? error.message : (error ?? message)
  return typeof said === 'string' ? said : `HTTP ${status}`
}
