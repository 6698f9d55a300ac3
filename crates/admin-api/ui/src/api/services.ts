// Services, which the API calls proxy configs.
import { api, ifMatch, take, takeAll, takePage, type Page, type Schemas } from './client'
import { ApiError } from './errors'

/** Its `api_keys` are those of an answer, not those that a new one may name. */
export type Service = Omit<Schemas['ProxyConfig'], 'api_keys'> & { api_keys: Schemas['UpstreamKey'][] }
export type ServiceBody = Schemas['ProxyConfigBody']

const path = (id: number) => ({ params: { path: { id } } })

export const listServices = (): Promise<Service[]> =>
  takeAll((after) => takePage(api.GET('/api/admin/proxy-configs', { params: { query: { after } } })) as Promise<Page<Service>>)

export const showService = (id: number) => take(api.GET('/api/admin/proxy-configs/{id}', path(id))) as Promise<Service>

export const createService = (body: ServiceBody) => take(api.POST('/api/admin/proxy-configs', { params: { query: { dry_run: false } }, body })) as Promise<Service>

export const replaceService = (id: number, body: ServiceBody, version?: string) =>
  take(
    api.PUT('/api/admin/proxy-configs/{id}', { params: { path: { id }, query: { dry_run: false }, header: ifMatch(version) }, body }),
  ) as Promise<Service>

export const switchService = (id: number, is_active: boolean) =>
  take(api.PUT('/api/admin/proxy-configs/{id}/status', { ...path(id), body: { is_active } })) as Promise<Service>

export const deleteService = (id: number) => take(api.DELETE('/api/admin/proxy-configs/{id}', path(id)))

/** What of a service may be written back: the fields that the server made are left out. */
export function writable(service: Service): ServiceBody {
  const { id: _id, api_keys: _keys, api_key_count: _count, active_key_count: _active, created_at: _c, updated_at: _u, version: _version, ...body } = service
  return body
}

/** Somebody else changed the service meanwhile. */
export class Changed extends Error {
  constructor(readonly current: Service) {
    super('changed meanwhile')
  }
}

/** Replaces a service unless it is not any more as it was read. */
export async function replaceUnlessChanged(read: Service, body: ServiceBody): Promise<Service> {
  try {
    return await replaceService(read.id, body, read.version)
  } catch (cause) {
    if (!(cause instanceof ApiError) || !cause.isChanged) throw cause
  }
  const current = await showService(read.id)
  if (JSON.stringify(writable(current)) !== JSON.stringify(writable(read))) throw new Changed(current)
  // It was changed and changed back.
  return replaceService(read.id, body, current.version)
}
