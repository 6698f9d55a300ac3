import { beforeAll, describe, expect, it } from 'vitest'
import { serverEvents, jsonLines } from '@/api/streams'
import { nextOf } from '@/api/client'
import { errorText, FORMATS } from '@/components/playground/formats'
import { csv } from '@/format/csv'
import { bytes, compact, dollars, percent } from '@/format/numbers'
import { phrase } from '@/format/problems'
import { clock, fromNow } from '@/format/times'
import { byTime, ranked, stretches, totals, usualGrain } from '@/format/usage'
import { serviceAddress, snippets, spoken } from '@/format/snippets'
import type { Service } from '@/api/services'
import type { UsageGroup } from '@/api/usage'
import { i18n } from '@/i18n'

const body = (...pieces: string[]): ReadableStream<Uint8Array> => new Blob(pieces).stream() as ReadableStream<Uint8Array>

async function all<Entry>(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const read: Entry[] = []
  for await (const entry of entries) read.push(entry)
  return read
}

beforeAll(() => {
  i18n.global.locale.value = 'en'
})

describe('streams', () => {
  it('hold events whose pieces are put together', async () => {
    const text = ': a comment\r\nevent: delta\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata: é\n\ndata: last'
    expect(await all(serverEvents(body(text)))).toEqual([
      { event: 'delta', data: '{"a":\n1}' },
      { event: 'message', data: 'é' },
      { event: 'message', data: 'last' },
    ])
  })

  it('hold a value a line', async () => {
    expect(await all(jsonLines(body('{"a":1}\n\n{"a":', '2}\n{"a":3}')))).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
  })
})

describe('answers in the four formats', () => {
  it('tell their text, whole or in pieces', () => {
    expect(FORMATS.openai.piece({ choices: [{ delta: { content: 'a' } }] }).text).toBe('a')
    expect(FORMATS.openai.whole({ choices: [{ message: { content: 'a' } }], usage: { prompt_tokens: 1, completion_tokens: 2 } })).toEqual({ text: 'a', spent: { input: 1, output: 2 } })
    expect(FORMATS.openai_responses.piece({ type: 'response.output_text.delta', delta: 'a' }).text).toBe('a')
    expect(FORMATS.openai_responses.whole({ output: [{ content: [{ text: 'a' }] }] }).text).toBe('a')
    expect(FORMATS.anthropic.piece({ type: 'content_block_delta', delta: { text: 'a' } }).text).toBe('a')
    expect(FORMATS.anthropic.piece({ message: { usage: { input_tokens: 3 } } }).spent?.input).toBe(3)
    expect(FORMATS.gemini.piece({ candidates: [{ content: { parts: [{ text: 't', thought: true }, { text: 'a' }] } }] })).toMatchObject({ text: 'a', thought: 't' })
  })

  it('tell what went wrong, whoever says it', () => {
    expect(errorText({ error: { message: 'no' } }, 400)).toBe('no')
    expect(errorText({ error: 'no' }, 400)).toBe('no')
    expect(errorText({ message: 'no' }, 400)).toBe('no')
    expect(errorText(null, 502)).toBe('HTTP 502')
  })

  it('are asked for where each format wants it', () => {
    const settings = { model: 'm/1', system: 'be brief', temperature: null, maxTokens: 5, isStreamed: true }
    expect(FORMATS.gemini.path(settings)).toBe('/v1beta/models/m%2F1:streamGenerateContent?alt=sse')
    expect(FORMATS.anthropic.body([{ role: 'user', text: 'hi' }], { ...settings, maxTokens: null })).toMatchObject({ system: 'be brief', max_tokens: 1024 })
    expect(FORMATS.openai.body([], settings)).not.toHaveProperty('temperature')
  })
})

describe('pages', () => {
  it('name the next one', () => {
    expect(nextOf('</api/admin/audit?limit=100&after=57>; rel="next"')).toBe(57)
    expect(nextOf('</api/admin/audit?after=57>; rel="prev"')).toBeNull()
    expect(nextOf(null)).toBeNull()
  })
})

describe('numbers and times', () => {
  it('are short where there is little room', () => {
    expect([compact(1234.5), compact(12_345), percent(1, 3), percent(0, 0)]).toEqual(['1,234.5', '12.3K', '33.3%', '–'])
    expect([dollars(12.5), dollars(0.000_012), dollars(0)]).toEqual(['$12.50', '$0.000012', '$0.00'])
    expect([bytes(0), bytes(1536)]).toEqual(['0 byte', '1.5 kB'])
  })

  it('count down', () => {
    expect([clock(-3), clock(65), clock(3661), clock(90_061)]).toEqual(['0:00', '1:05', '1:01:01', '1d 01:01'])
    expect(fromNow('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:05:00Z'))).toMatch(/^5 min\.? ago$/)
    const now = Date.parse('2026-01-01T00:00:00Z')
    expect(['2026-01-03T23:59:50Z', '2026-01-01T23:59:50Z', '2026-01-01T01:20:00Z', '2026-01-01T00:00:00Z'].map((text) => fromNow(text, now).replace('hr.', 'hr'))).toEqual(['in 3 days', 'tomorrow', 'in 1 hr', 'now'])
  })
})

describe('usage', () => {
  const groups: UsageGroup[] = [
    { at: '2026-01-01T00:00:00Z', service: 1, figures: { requests: 3, errors_client: 1, errors_timeout: 1, input_tokens: 5, output_tokens: 2 } },
    { at: '2026-01-01T02:00:00Z', service: 2, figures: { requests: 9, cost_nanodollars: 7 } },
  ]

  it('is added up', () => {
    expect(totals(groups)).toMatchObject({ requests: 12, errors: 2, tokens: 7, cost: 7 })
  })

  it('has a place for every stretch, also those without requests', () => {
    const times = stretches(Date.parse('2026-01-01T00:30:00Z'), Date.parse('2026-01-01T03:00:00Z'), 'hour')
    expect(byTime(times, groups).map(({ requests }) => requests)).toEqual([3, 0, 9])
  })

  it('is ranked, the largest first', () => {
    expect(ranked(groups, ({ service }) => `s${service}`, ({ requests }) => requests).map(({ name }) => name)).toEqual(['s2', 's1'])
    expect([usualGrain(1), usualGrain(24), usualGrain(24 * 30)]).toEqual(['minute', 'hour', 'day'])
  })
})

describe('snippets', () => {
  const service = { slug: 'any', config_type: 'LLM', api_format: 'anthropic_native', output_format: 'auto' } as Service

  it('are there for every client that the service answers', () => {
    expect(serviceAddress('https://x', service)).toBe('https://x/llm/any')
    expect(spoken(service)).toHaveLength(4)
    expect(spoken({ ...service, output_format: 'none' })).toEqual(['anthropic'])
    const names = snippets('https://x', service, 'm').map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['OpenAI SDK · Python', 'Anthropic SDK · Python', 'Google Gen AI SDK · Python', 'Claude Code', 'Codex']))
    expect(snippets('https://x', { ...service, config_type: 'GENERIC', method: 'POST' }, 'm')[0]?.text).toContain("curl -X POST 'https://x/proxy/any/'")
  })
})

describe('tables as CSV', () => {
  it('keep their cells apart and run nothing', () => {
    expect(csv(['a', 'b'], [['x,"y"', -5], ['=1+1', null]])).toBe('a,b\r\n"x,""y""",-5\r\n\'=1+1,\r\n')
  })
})

describe('what the server refuses', () => {
  it('is said in the language of the page', () => {
    expect(phrase('is taken')).toBe('is taken')
    i18n.global.setLocaleMessage('zh', { problems: { between: '须在 {first} 到 {second} 之间' } })
    i18n.global.locale.value = 'zh'
    expect(phrase('must be 1 to 1000')).toBe('须在 1 到 1000 之间')
    expect(phrase('something else')).toBe('something else')
  })
})
