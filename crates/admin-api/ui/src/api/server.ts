// The server itself: its state, its log level, the audit log, API tokens.
import { api, take, takePage, type Schemas } from './client'
import type { paths } from './schema'

export type AppConfig = Schemas['AppConfig']
export type Status = Schemas['Status']
export type AuditEntry = Schemas['AuditEntry']
export type AdminToken = Schemas['AdminToken']
export type AdminTokenBody = Schemas['AdminTokenBody']

export const appConfig = () => take(api.GET('/api/admin/app-config'))

export const serverStatus = () => take(api.GET('/api/admin/status'))

export const logLevel = () => take(api.GET('/api/admin/log-level'))

export const setLogLevel = (level: string) => take(api.PUT('/api/admin/log-level', { body: { level } }))

export type AuditQuery = NonNullable<paths['/api/admin/audit']['get']['parameters']['query']>

export const auditEntries = (query: AuditQuery) => takePage(api.GET('/api/admin/audit', { params: { query } }))

export const listTokens = () => take(api.GET('/api/admin/tokens'))

export const createToken = (body: AdminTokenBody) => take(api.POST('/api/admin/tokens', { body }))

export const deleteToken = (id: number) => take(api.DELETE('/api/admin/tokens/{id}', { params: { path: { id } } }))
