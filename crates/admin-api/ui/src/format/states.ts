// The states and verdicts that the server names: their order, their colour, their words.
export const KEY_STATES = ['active', 'cooling', 'exhausted', 'dead', 'disabled'] as const
export type KeyState = (typeof KEY_STATES)[number]
export type Tone = 'good' | 'warn' | 'hot' | 'bad' | 'idle' | 'info'

const TONES: Record<KeyState, Tone> = { active: 'good', cooling: 'warn', exhausted: 'hot', dead: 'bad', disabled: 'idle' }

export const isKeyState = (name: string): name is KeyState => (KEY_STATES as readonly string[]).includes(name)

export const stateTone = (state: string): Tone => (isKeyState(state) ? TONES[state] : 'idle')

export function verdictTone(verdict: string | null | undefined): Tone {
  switch (verdict) {
    case 'healthy':
      return 'good'
    case 'limited':
      return 'warn'
    case 'out_of_quota':
      return 'hot'
    case 'client_fault':
    case 'upstream_fault':
      return 'info'
    default:
      return 'bad'
  }
}

export function statusTone(status: number): Tone {
  if (status < 300) return 'good'
  if (status < 400) return 'info'
  if (status === 429) return 'warn'
  return status < 500 ? 'hot' : 'bad'
}

export const FORMATS = ['openai', 'openai_responses', 'anthropic', 'gemini'] as const
export type ClientFormat = (typeof FORMATS)[number]

/** The name of an upstream's format as clients' formats are named. */
export function clientFormatOf(apiFormat: string | null | undefined): ClientFormat {
  switch (apiFormat) {
    case 'openai_responses':
      return 'openai_responses'
    case 'anthropic_native':
      return 'anthropic'
    case 'gemini_native':
      return 'gemini'
    default:
      return 'openai'
  }
}
