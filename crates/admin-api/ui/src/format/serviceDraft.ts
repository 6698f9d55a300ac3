// A service as its form holds it: every field is there, and what is usual is empty.
import type { Limits } from '@/api/keys'
import type { ServiceBody } from '@/api/services'
import type { Preset } from './providers'

export interface NamedLimits {
  name: string
  limits: Limits
}

export interface Renaming {
  from: string
  to: string
}

export interface FallbackDraft {
  slug: string
  models: Renaming[]
}

export interface ServiceDraft {
  name: string
  slug: string
  config_type: 'LLM' | 'GENERIC'
  is_active: boolean
  target: string
  provider: string
  api_format: string
  output_format: string
  api_key_location: string
  api_key_name: string
  api_key_prefix: string
  methods: string[]
  http_version: string
  connect_timeout_ms: number | null
  first_byte_timeout_ms: number | null
  idle_timeout_ms: number | null
  strategy: string
  affinity: boolean
  limits: Limits
  quota_groups: NamedLimits[]
  max_attempts: number | null
  deadline_ms: number | null
  retry_after_send: boolean
  max_waiting: number | null
  max_wait_ms: number | null
  model_aliases: Renaming[]
  fallback: FallbackDraft[]
  rotation_headers: boolean
  strict: boolean
  asks_for_usage: boolean
  log_requests: string
  log_body_limit: number | null
  log_redact: string[]
}

export const noLimits = (): Limits => ({ rpm: null, tpm: null, rpd: null, max_concurrency: null })

export function emptyDraft(): ServiceDraft {
  return {
    name: '',
    slug: '',
    config_type: 'LLM',
    is_active: true,
    target: '',
    provider: '',
    api_format: 'openai_compatible',
    output_format: 'none',
    api_key_location: '',
    api_key_name: '',
    api_key_prefix: '',
    methods: [],
    http_version: 'auto',
    connect_timeout_ms: null,
    first_byte_timeout_ms: null,
    idle_timeout_ms: null,
    strategy: 'round_robin',
    affinity: false,
    limits: noLimits(),
    quota_groups: [],
    max_attempts: null,
    deadline_ms: null,
    retry_after_send: false,
    max_waiting: null,
    max_wait_ms: null,
    model_aliases: [],
    fallback: [],
    rotation_headers: true,
    strict: false,
    asks_for_usage: true,
    log_requests: 'off',
    log_body_limit: null,
    log_redact: [],
  }
}

export function draftOfPreset(preset: Preset, takenSlugs: ReadonlySet<string>, takenNames: ReadonlySet<string>): ServiceDraft {
  const draft = { ...emptyDraft(), name: free(preset.name, takenNames, ' '), slug: free(preset.slug, takenSlugs, '-'), config_type: preset.type, target: preset.address }
  if (preset.type === 'GENERIC') return { ...draft, api_key_location: 'header', api_key_name: 'Authorization', api_key_prefix: 'Bearer ' }
  return { ...draft, api_format: preset.apiFormat ?? 'openai_compatible', provider: preset.provider ?? '', output_format: 'auto' }
}

/** The name, or the first with a number behind it that is not taken. */
export function free(name: string, taken: ReadonlySet<string>, gap: string): string {
  if (!taken.has(name)) return name
  for (let number = 2; ; number += 1) {
    const numbered = `${name}${gap}${number}`
    if (!taken.has(numbered)) return numbered
  }
}

export function draftOf(body: ServiceBody): ServiceDraft {
  const usual = emptyDraft()
  return {
    name: body.name,
    slug: body.slug,
    config_type: body.config_type.toUpperCase() === 'GENERIC' ? 'GENERIC' : 'LLM',
    is_active: body.is_active ?? true,
    target: body.target_base_url ?? body.target_url ?? '',
    provider: body.provider ?? '',
    api_format: body.api_format ?? usual.api_format,
    output_format: body.output_format ?? usual.output_format,
    api_key_location: body.api_key_location ?? '',
    api_key_name: body.api_key_name ?? '',
    api_key_prefix: body.api_key_prefix ?? '',
    methods: !body.method || body.method === 'ANY' ? [] : body.method.split(',').map((method) => method.trim()),
    http_version: body.http_version ?? usual.http_version,
    connect_timeout_ms: body.connect_timeout_ms ?? null,
    first_byte_timeout_ms: body.first_byte_timeout_ms ?? null,
    idle_timeout_ms: body.idle_timeout_ms ?? null,
    strategy: body.strategy ?? usual.strategy,
    affinity: body.affinity ?? false,
    limits: { ...noLimits(), ...body.limits },
    quota_groups: Object.entries(body.quota_groups ?? {}).map(([name, limits]) => ({ name, limits: { ...noLimits(), ...limits } })),
    max_attempts: body.max_attempts ?? null,
    deadline_ms: body.deadline_ms ?? null,
    retry_after_send: body.retry_after_send ?? false,
    max_waiting: body.max_waiting ?? null,
    max_wait_ms: body.max_wait_ms ?? null,
    model_aliases: renamings(body.model_aliases),
    fallback: (body.fallback ?? []).map(({ slug, models }) => ({ slug, models: renamings(models) })),
    rotation_headers: body.rotation_headers ?? true,
    strict: body.strict ?? false,
    asks_for_usage: body.asks_for_usage ?? true,
    log_requests: body.log_requests ?? 'off',
    log_body_limit: body.log_body_limit ?? null,
    log_redact: body.log_redact ?? [],
  }
}

export function bodyOf(draft: ServiceDraft): ServiceBody {
  const isLlm = draft.config_type === 'LLM'
  const text = (value: string): string | null => (value === '' ? null : value)
  const groups = Object.fromEntries(draft.quota_groups.map(({ name, limits }) => [name, present(limits)]))
  return {
    name: draft.name.trim(),
    slug: draft.slug.trim(),
    config_type: draft.config_type,
    is_active: draft.is_active,
    ...(isLlm
      ? { target_base_url: draft.target.trim(), provider: text(draft.provider), api_format: draft.api_format, output_format: draft.output_format }
      : { target_url: draft.target.trim(), method: draft.methods.length === 0 ? 'ANY' : draft.methods.join(',') }),
    api_key_location: text(draft.api_key_location),
    api_key_name: text(draft.api_key_name),
    api_key_prefix: text(draft.api_key_prefix),
    http_version: draft.http_version,
    connect_timeout_ms: draft.connect_timeout_ms,
    first_byte_timeout_ms: draft.first_byte_timeout_ms,
    idle_timeout_ms: draft.idle_timeout_ms,
    strategy: draft.strategy,
    affinity: draft.affinity,
    limits: present(draft.limits),
    quota_groups: draft.quota_groups.length === 0 ? null : groups,
    max_attempts: draft.max_attempts,
    deadline_ms: draft.deadline_ms,
    retry_after_send: draft.retry_after_send,
    max_waiting: draft.max_waiting,
    max_wait_ms: draft.max_wait_ms,
    model_aliases: named(draft.model_aliases),
    fallback: draft.fallback.length === 0 ? null : draft.fallback.map(({ slug, models }) => ({ slug, models: named(models) })),
    rotation_headers: draft.rotation_headers,
    ...(isLlm ? { strict: draft.strict, asks_for_usage: draft.asks_for_usage } : {}),
    log_requests: draft.log_requests,
    log_body_limit: draft.log_body_limit,
    log_redact: draft.log_redact.length === 0 ? null : [...draft.log_redact],
  }
}

export function present(limits: Limits): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null && value !== undefined))
}

const renamings = (map: Record<string, string> | null | undefined): Renaming[] => Object.entries(map ?? {}).map(([from, to]) => ({ from, to }))

function named(renamings: Renaming[]): Record<string, string> | null {
  const filled = renamings.filter(({ from }) => from.trim() !== '')
  return filled.length === 0 ? null : Object.fromEntries(filled.map(({ from, to }) => [from.trim(), to.trim()]))
}
