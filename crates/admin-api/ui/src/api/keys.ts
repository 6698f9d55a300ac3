// Upstream keys of a service.
import { api, guarded, take, takePage, type Page, type Schemas } from './client'
import { errorOf } from './errors'
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

export const listKeys = (service: number, after: number | undefined, limit: number): Promise<Page<UpstreamKey>> =>
  takePage(api.GET('/api/admin/proxy-configs/{id}/keys', { params: { path: { id: service }, query: { after, limit } } }))

export const addKey = (service: number, body: NewKey) =>
  take(api.POST('/api/admin/proxy-configs/{id}/keys', { ...path(service), body }))

export const addKeys = (service: number, keys: string[]) =>
  take(api.POST('/api/admin/proxy-configs/{id}/keys/batch', { ...path(service), body: { keys } }))

export const clearKeys = (service: number) => take(api.DELETE('/api/admin/proxy-configs/{id}/keys', path(service)))

export const exportKeys = (service: number) => take(api.POST('/api/admin/proxy-configs/{id}/keys/export', path(service)))

export const changeKey = (id: number, body: KeyPatch) => take(api.PATCH('/api/admin/keys/{id}', { ...path(id), body }))

export const deleteKey = (id: number) => take(api.DELETE('/api/admin/keys/{id}', path(id)))

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
