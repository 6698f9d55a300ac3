// A client key as its form holds it.
import type { Budget, ClientKey, ClientKeyBody, ClientKeyPatch } from '@/api/clientKeys'

export interface ClientKeyDraft {
  name: string
  is_active: boolean
  expires_at: Date | null
  services: string[]
  models: string[]
  sources: string[]
  limits: { rpm: number | null; rpd: number | null; tpm: number | null; tpd: number | null; max_concurrency: number | null }
  budgets: Budget[]
}

export const emptyClientKey = (): ClientKeyDraft => ({
  name: '',
  is_active: true,
  expires_at: null,
  services: [],
  models: [],
  sources: [],
  limits: { rpm: null, rpd: null, tpm: null, tpd: null, max_concurrency: null },
  budgets: [],
})

export function draftOfClientKey(key: ClientKey): ClientKeyDraft {
  const { budgets, ...limits } = key.limits
  return {
    name: key.name,
    is_active: key.is_active,
    expires_at: key.expires_at ? new Date(key.expires_at) : null,
    services: [...key.services],
    models: [...key.models],
    sources: [...key.sources],
    limits: { ...emptyClientKey().limits, ...limits },
    budgets: (budgets ?? []).map((budget) => ({ ...budget })),
  }
}

export function bodyOfClientKey(draft: ClientKeyDraft): ClientKeyBody {
  const limits = Object.fromEntries(Object.entries(draft.limits).filter(([, value]) => value !== null))
  return {
    name: draft.name.trim(),
    is_active: draft.is_active,
    expires_at: draft.expires_at?.toISOString() ?? null,
    services: [...draft.services],
    models: [...draft.models],
    sources: [...draft.sources],
    limits: { ...limits, budgets: draft.budgets.map((budget) => ({ ...budget })) },
  }
}

/** What differs, so that nothing else is written over. */
export function patchOfClientKey(before: ClientKeyDraft, after: ClientKeyDraft): ClientKeyPatch {
  const whole = {
    name: after.name.trim(),
    is_active: after.is_active,
    expires_at: after.expires_at?.toISOString() ?? null,
    services: [...after.services],
    models: [...after.models],
    sources: [...after.sources],
    limits: { ...after.limits, budgets: after.budgets.length === 0 ? null : after.budgets.map((budget) => ({ ...budget })) },
  }
  const old: typeof whole = { ...whole, ...before, expires_at: before.expires_at?.toISOString() ?? null, limits: { ...before.limits, budgets: before.budgets.length === 0 ? null : before.budgets } }
  const differs = (field: keyof typeof whole): boolean => JSON.stringify(whole[field]) !== JSON.stringify(old[field])
  return Object.fromEntries(Object.entries(whole).filter(([field]) => differs(field as keyof typeof whole)))
}
