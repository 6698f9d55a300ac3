// The server itself: its state, its log level, the audit log, API tokens.
import { api, take, takePage, type Schemas } from './client'

export type AppConfig = Schemas['AppConfig']
export type Status = Schemas['Status']
export type AuditEntry = Schemas['AuditEntry']
export type AdminToken = Schemas['AdminToken']
export type AdminTokenBody = Schemas['AdminTokenBody']

export const appConfig = () => take(api.GET('/api/admin/app-config'))

export const serverStatus = () => take(api.GET('/api/admin/status'))

export const logLevel = () => take(api.GET('/api/admin/log-level'))

export const setLogLevel = (level: string) => take(api.PUT('/api/admin/log-level', { body: { level } }))

export const auditEntries = (after: number | undefined, limit: number) =>
  takePage(api.GET('/api/admin/audit', { params: { query: { after, limit } } }))

export const listTokens = () => take(api.GET('/api/admin/tokens'))

export const createToken = (body: AdminTokenBody) => take(api.POST('/api/admin/tokens', { body }))

export const deleteToken = (id: number) => take(api.DELETE('/api/admin/tokens/{id}', { params: { path: { id } } }))
