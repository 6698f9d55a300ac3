// Client keys: what callers of the proxy show.
import { api, ifMatch, take, takeAll, takePage, type Schemas } from './client'

export type ClientKey = Schemas['ClientKey']
export type ClientKeyReport = Schemas['ClientKeyReport']
export type ClientKeyBody = Schemas['ClientKeyBody']
export type ClientKeyPatch = Schemas['ClientKeyPatch']
export type NewClientKey = Schemas['NewClientKey']
export type LimitStanding = Schemas['LimitStanding']
export type Budget = Schemas['Budget']

const path = (id: number) => ({ params: { path: { id } } })

/** All client keys; how their limits stand is told where that is asked for. */
export const listClientKeys = (standing = false) =>
  takeAll<ClientKeyReport>((after) => takePage(api.GET('/api/admin/client-keys', { params: { query: { after, standing } } })))

export const showClientKey = (id: number) => take(api.GET('/api/admin/client-keys/{id}', path(id)))

export const createClientKey = (body: ClientKeyBody) => take(api.POST('/api/admin/client-keys', { body }))

export const changeClientKey = (id: number, body: ClientKeyPatch, version?: string) =>
  take(api.PATCH('/api/admin/client-keys/{id}', { params: { path: { id }, header: ifMatch(version) }, body }))

export const rotateClientKey = (id: number, grace_seconds: number) =>
  take(api.POST('/api/admin/client-keys/{id}/rotate', { ...path(id), body: { grace_seconds } }))

export const deleteClientKey = (id: number) => take(api.DELETE('/api/admin/client-keys/{id}', path(id)))
