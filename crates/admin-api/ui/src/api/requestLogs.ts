// Single requests of services that log them.
import { api, take, takePage, type Schemas } from './client'
import type { paths } from './schema'

export type RequestLogEntry = Schemas['RequestLogEntry']
export type LoggedRequest = Schemas['LoggedRequest']
export type LoggedBody = Schemas['LoggedBody']
export type LogQuery = NonNullable<paths['/api/admin/request-logs']['get']['parameters']['query']>

export const searchLogs = (query: LogQuery) => takePage(api.GET('/api/admin/request-logs', { params: { query } }))

export const showLogged = (id: number) => take(api.GET('/api/admin/request-logs/{id}', { params: { path: { id } } }))

/** Where the log can be followed with an `EventSource`. */
export function tailAddress(query: LogQuery): string {
  const { service, key, client, status, model, trace } = query
  const pairs = Object.entries({ service, key, client, status, model, trace }).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString()
  return `/api/admin/request-logs/tail${text === '' ? '' : `?${text}`}`
}
