// Sums and series of usage figures.
import type { UsageGroup, Grain } from '@/api/usage'

export interface Totals {
  requests: number
  errors: number
  attempts: number
  attemptsLimited: number
  inputTokens: number
  cachedTokens: number
  outputTokens: number
  tokens: number
  /** In thousand-millionths of a US dollar. */
  cost: number
  unpriced: number
  uncounted: number
  bytes: number
  firstByteMillis: number
  durationMillis: number
}

export const ERRORS = ['errors_client', 'errors_limited', 'errors_unavailable', 'errors_upstream', 'errors_timeout', 'errors_aborted'] as const

export function totals(groups: UsageGroup[]): Totals {
  const sum = (name: string): number => groups.reduce((sum, { figures }) => sum + (figures[name] ?? 0), 0)
  const [inputTokens, outputTokens] = [sum('input_tokens'), sum('output_tokens')]
  return {
    requests: sum('requests'),
    errors: ERRORS.reduce((all, name) => all + sum(name), 0),
    attempts: sum('attempts'),
    attemptsLimited: sum('attempts_limited'),
    inputTokens,
    cachedTokens: sum('cached_tokens'),
    outputTokens,
    tokens: inputTokens + outputTokens,
    cost: sum('cost_nanodollars'),
    unpriced: sum('unpriced'),
    uncounted: sum('uncounted'),
    bytes: sum('bytes_in') + sum('bytes_out'),
    firstByteMillis: sum('first_byte_millis'),
    durationMillis: sum('duration_millis'),
  }
}

const STEP: Record<Grain, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** Every stretch from one time to another, also those without figures. */
export function stretches(since: number, until: number, grain: Grain): number[] {
  const step = STEP[grain]
  const times: number[] = []
  for (let at = Math.floor(since / step) * step; at < until; at += step) times.push(at)
  return times
}

/** The figures of each stretch. */
export function byTime(times: number[], groups: UsageGroup[]): Totals[] {
  const found = new Map<number, UsageGroup[]>()
  for (const group of groups) {
    const at = Date.parse(group.at ?? '')
    found.set(at, [...(found.get(at) ?? []), group])
  }
  return times.map((at) => totals(found.get(at) ?? []))
}

/** Groups by a name, the largest first. */
export function ranked(groups: UsageGroup[], name: (group: UsageGroup) => string, size: (totals: Totals) => number): { name: string; groups: UsageGroup[]; totals: Totals }[] {
  const found = new Map<string, UsageGroup[]>()
  for (const group of groups) {
    const list = found.get(name(group))
    if (list === undefined) found.set(name(group), [group])
    else list.push(group)
  }
  const rows = [...found].map(([name, groups]) => ({ name, groups, totals: totals(groups) }))
  return rows.sort((left, right) => size(right.totals) - size(left.totals))
}

/** The grain whose stretches are neither too many nor too few, as far back as each is kept. */
export function usualGrain(hours: number): Grain {
  if (hours <= 6) return 'minute'
  return hours <= 24 * 8 ? 'hour' : 'day'
}
