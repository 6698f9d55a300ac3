// A chat through the real proxy: what was said, and how each answer came about.
import { ref, shallowRef } from 'vue'
import { serverEvents } from '@/api/streams'
import type { ClientFormat } from '@/format/states'
import { errorText, FORMATS, type Piece, type Settings, type Spent, type Told, type Turn } from './formats'

export interface Answer {
  status: number
  /** The id of the upstream key that answered, where the service tells it. */
  key: string | null
  attempts: string | null
  servedBy: string | null
  dropped: string | null
  requestId: string | null
  firstByte: number | null
  took: number
  spent: Spent
}

export interface ShownTurn extends Turn {
  thought?: string
  error?: string
  answer?: Answer
}

export function useChat() {
  const turns = ref<ShownTurn[]>([])
  const isRunning = ref(false)
  const stopper = shallowRef<AbortController>()

  /** Whether a turn came to nothing: an answer that failed, or a question with such an answer. */
  const isVain = ({ role }: ShownTurn, at: number): boolean => turns.value[role === 'user' ? at + 1 : at]?.error !== undefined

  /** Asks; whether it was answered without an error is the answer. */
  async function ask(text: string, address: string, format: ClientFormat, key: string, settings: Settings): Promise<boolean> {
    turns.value.push({ role: 'user', text })
    const said = turns.value.filter((turn, at) => turn.text !== '' && !isVain(turn, at)).map(({ role, text }) => ({ role, text }))
    turns.value.push({ role: 'assistant', text: '' })
    const turn = turns.value[turns.value.length - 1] as ShownTurn
    isRunning.value = true
    stopper.value = new AbortController()
    try {
      await run(turn, said, address, format, key, settings, stopper.value.signal)
    } catch (cause) {
      if (!stopper.value.signal.aborted) turn.error = cause instanceof Error ? cause.message : String(cause)
    } finally {
      isRunning.value = false
    }
    return turn.error === undefined
  }

  const stop = (): void => stopper.value?.abort()
  function clear(): void {
    stop()
    turns.value = []
  }

  return { turns, isRunning, ask, stop, clear }
}

async function run(turn: ShownTurn, said: Turn[], address: string, format: ClientFormat, key: string, settings: Settings, signal: AbortSignal): Promise<void> {
  const { path, headers, body, piece, whole } = FORMATS[format]
  const began = performance.now()
  const response = await fetch(`${address}${path(settings)}`, {
    method: 'POST',
    headers: { ...headers(key), 'content-type': 'application/json' },
    body: JSON.stringify(body(said, settings)),
    // The client key alone opens the proxy.
    credentials: 'omit',
    signal,
  })
  const header = (name: string): string | null => response.headers.get(name)
  const answer: Answer = {
    status: response.status,
    key: header('x-rotator-key'),
    attempts: header('x-rotator-attempts'),
    servedBy: header('x-rotator-service'),
    dropped: header('x-rotator-dropped'),
    requestId: header('x-request-id'),
    firstByte: null,
    took: 0,
    spent: {},
  }
  turn.answer = answer
  const add = ({ text, thought, spent, error }: Piece): void => {
    if (text) turn.text += text
    if (thought) turn.thought = (turn.thought ?? '') + thought
    if (error) turn.error = error
    for (const name of ['input', 'output'] as const) if (spent?.[name] !== undefined) turn.answer!.spent[name] = spent[name]
    turn.answer!.firstByte ??= performance.now() - began
  }
  try {
    if (!response.ok) {
      const text = await response.text()
      turn.error = errorText(parsed(text), response.status)
    } else if (response.headers.get('content-type')?.startsWith('text/event-stream') && response.body !== null) {
      for await (const { data } of serverEvents(response.body)) {
        const value = data === '[DONE]' ? null : parsed(data)
        if (value === null) continue
        if (value.error) turn.error = errorText(value, response.status)
        else add(piece(value))
      }
    } else {
      const text = await response.text()
      const value = parsed(text)
      if (value === null) turn.text = text
      else add(whole(value))
    }
  } finally {
    turn.answer.took = performance.now() - began
  }
}

function parsed(text: string): Told | null {
  try {
    return JSON.parse(text) as Told
  } catch {
    return null
  }
}
