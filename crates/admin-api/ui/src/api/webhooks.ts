// Webhooks: who is told of what happens to pools and budgets.
import { api, take, takePage, type Schemas } from './client'

export type Webhook = Schemas['Webhook']
export type WebhookBody = Schemas['WebhookBody']
export type WebhookPatch = Schemas['WebhookPatch']
export type WebhookDelivery = Schemas['WebhookDelivery']

export const EVENTS = ['key.dead', 'pool.low', 'pool.empty', 'budget.near'] as const

const path = (id: number) => ({ params: { path: { id } } })

export const listWebhooks = () => take(api.GET('/api/admin/webhooks'))
export const createWebhook = (body: WebhookBody) => take(api.POST('/api/admin/webhooks', { body }))
export const changeWebhook = (id: number, body: WebhookPatch) => take(api.PATCH('/api/admin/webhooks/{id}', { ...path(id), body }))
export const deleteWebhook = (id: number) => take(api.DELETE('/api/admin/webhooks/{id}', path(id)))
export const testWebhook = (id: number) => take(api.POST('/api/admin/webhooks/{id}/test', path(id)))
export const rotateWebhook = (id: number, grace_seconds: number) =>
  take(api.POST('/api/admin/webhooks/{id}/rotate', { ...path(id), body: { grace_seconds } }))
export const listDeliveries = (id: number, after: number | undefined) =>
  takePage(api.GET('/api/admin/webhooks/{id}/deliveries', { params: { path: { id }, query: { after, limit: 50 } } }))
