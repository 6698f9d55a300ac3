import { describe, expect, it } from 'vitest'
import { bodyOfClientKey, draftOfClientKey, emptyClientKey, patchOfClientKey } from '@/format/clientKeyDraft'
import { PRESETS } from '@/format/providers'
import { bodyOf, draftOf, draftOfPreset, emptyDraft, free } from '@/format/serviceDraft'

describe('the form of a service', () => {
  it('gives back what it was filled with', () => {
    const draft = {
      ...emptyDraft(),
      name: 'Pool',
      slug: 'pool',
      target: 'https://api.example/v1',
      limits: { rpm: 5, tpm: null, rpd: null, max_concurrency: 2 },
      quota_groups: [{ name: 'a', limits: { rpm: 1, tpm: null, rpd: null, max_concurrency: null } }],
      model_aliases: [{ from: 'fast', to: 'small' }],
      fallback: [{ slug: 'other', models: [{ from: 'small', to: 'tiny' }] }],
      log_requests: 'bodies',
      log_redact: ['/messages'],
      max_waiting: 0,
    }
    expect(draftOf(bodyOf(draft))).toEqual(draft)
  })

  it('writes nothing of an LLM service for a generic one, and the other way round', () => {
    const generic = bodyOf({ ...emptyDraft(), config_type: 'GENERIC', target: 'https://x', methods: ['GET', 'POST'] })
    expect(generic).toMatchObject({ target_url: 'https://x', method: 'GET,POST' })
    for (const field of ['target_base_url', 'api_format', 'output_format', 'strict']) expect(generic).not.toHaveProperty(field)
    expect(bodyOf(emptyDraft())).not.toHaveProperty('target_url')
  })

  it('leaves half-filled pairs out', () => {
    expect(bodyOf({ ...emptyDraft(), model_aliases: [{ from: ' ', to: 'x' }] }).model_aliases).toBeNull()
  })

  it('begins with a name and a slug that are free', () => {
    const draft = draftOfPreset(PRESETS[0]!, new Set(['openai', 'openai-2']), new Set(['OpenAI']))
    expect([draft.name, draft.slug]).toEqual(['OpenAI 2', 'openai-3'])
    expect(free('x', new Set(), '-')).toBe('x')
  })

  it('knows every preset once', () => {
    expect(new Set(PRESETS.map(({ slug }) => slug)).size).toBe(PRESETS.length)
    for (const { address } of PRESETS) expect(() => new URL(address)).not.toThrow()
  })
})

describe('the form of a client key', () => {
  const key = { id: 1, name: 'shop', prefix: 'rk-1', is_active: true, expires_at: '2030-01-01T00:00:00.000Z', previous_until: null, created_at: '2026-01-01T00:00:00Z', version: 'v', services: ['a'], models: [], sources: [], limits: { rpm: 5, budgets: [{ amount: 1, unit: 'usd', period: 'day' }] } }

  it('changes only what differs', () => {
    const before = draftOfClientKey(key)
    expect(patchOfClientKey(before, draftOfClientKey(key))).toEqual({})
    expect(patchOfClientKey(before, { ...draftOfClientKey(key), name: ' new ', expires_at: null })).toEqual({ name: 'new', expires_at: null })
    const unlimited = { ...draftOfClientKey(key), limits: emptyClientKey().limits, budgets: [] }
    expect(patchOfClientKey(before, unlimited).limits).toEqual({ rpm: null, rpd: null, tpm: null, tpd: null, max_concurrency: null, budgets: null })
  })

  it('names no limit that there is not', () => {
    expect(bodyOfClientKey({ ...emptyClientKey(), name: 'x' }).limits).toEqual({ budgets: [] })
  })
})
