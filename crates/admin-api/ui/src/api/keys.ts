// Upstream keys of a service.
import { api, guarded, ifMatch, take, takePage, type Page, type Schemas } from './client'
import { ApiError, errorOf } from './errors'
import { jsonLines } from './streams'

export type UpstreamKey = Schemas['UpstreamKey']
export type KeyPatch = Schemas['KeyPatch']
export type NewKey = Schemas['NewKey']
export type Limits = Schemas['Limits']
export type BatchReport = Schemas['BatchReport']
export type ProbeReport = Schemas['ProbeReport']
export type ProbeLine = Schemas['PoolProbeLine']
export type ExportedKey = Schemas['ExportedKey']

const path = (id: number) => ({ params: { path: { id } } })

/** Which keys of a service; an empty text lets all through. */
export interface KeyFilter {
  state: string
  q: string
}

/** Which keys, and which part of them: from a place on, or after a key. */
export interface KeyQuery extends KeyFilter {
  offset?: number
  after?: number
  limit: number
}

/** Some keys, or all that a filter lets through but a few. */
export type KeyChoice = Pick<Schemas['KeyBulkBody'], 'ids' | 'filter' | 'except'>
export type KeyAction = Schemas['KeyAction']

const named = (text: string): string | undefined => (text === '' ? undefined : text)

export const listKeys = (service: number, { state, q, ...part }: KeyQuery): Promise<Page<UpstreamKey>> =>
  takePage(api.GET('/api/admin/proxy-configs/{id}/keys', { params: { path: { id: service }, query: { state: named(state), q: named(q), ...part } } }))

export const filterOf = ({ state, q }: KeyFilter): Schemas['KeyFilter'] => ({ state: named(state), q: named(q) })

/** Does the same to many keys at once, and says to how many. */
export async function changeKeys(service: number, choice: KeyChoice, action: KeyAction, change?: KeyPatch): Promise<number> {
  const body = { ...choice, action, change }
  try {
    return (await take(api.POST('/api/admin/proxy-configs/{id}/keys/bulk', { ...path(service), body }))).count
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    // The form knows its fields without the place where they travel.
    const fields = cause.fields.map(({ field, message }) => ({ field: field.replace(/^change\./, ''), message }))
    throw new ApiError(cause.status, cause.message, fields, cause.retryAfter)
  }
}

export const addKey = (service: number, body: NewKey) =>
  take(api.POST('/api/admin/proxy-configs/{id}/keys', { ...path(service), body }))

export const addKeys = (service: number, keys: string[]) =>
  take(api.POST('/api/admin/proxy-configs/{id}/keys/batch', { ...path(service), body: { keys } }))

export const clearKeys = (service: number) => take(api.DELETE('/api/admin/proxy-configs/{id}/keys', path(service)))

export const exportKeys = (service: number) => take(api.POST('/api/admin/proxy-configs/{id}/keys/export', path(service)))

export const changeKey = (id: number, body: KeyPatch, version?: string) =>
  take(api.PATCH('/api/admin/keys/{id}', { params: { path: { id }, header: ifMatch(version) }, body }))

export const deleteKey = (id: number) => take(api.DELETE('/api/admin/keys/{id}', path(id)))

/** One key in clear; the audit log keeps who asked. */
export const revealKey = (id: number) => take(api.POST('/api/admin/keys/{id}/reveal', path(id)))

export const testKey = (id: number) => take(api.POST('/api/admin/keys/{id}/test', path(id)))

/** Tests all keys of a service; each line comes as soon as its key is tested. Aborting the signal ends the test. */
export async function* testAllKeys(service: number, signal: AbortSignal): AsyncGenerator<ProbeLine> {
  const answered = await guarded(`/api/admin/proxy-configs/${service}/keys/test`, { method: 'POST', signal })
  if (!answered.ok || answered.body === null) throw await errorOf(answered)
  yield* jsonLines<ProbeLine>(answered.body)
}

/** What adding these keys would do; nothing is stored. */
export const previewKeys = (service: number, keys: string[]) =>
  take(
    api.PUT('/api/admin/proxy-configs/{id}/keys', {
      params: { path: { id: service }, query: { dry_run: true } },
      body: { keys: keys.map((key_value) => ({ key_value })) },
    }),
  )
