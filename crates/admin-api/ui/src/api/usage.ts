// What requests used.
import { api, take, type Schemas } from './client'
import type { paths } from './schema'

export type UsageReport = Schemas['UsageReport']
export type UsageGroup = Schemas['UsageGroup']
export type UsageQuery = NonNullable<paths['/api/admin/usage']['get']['parameters']['query']>
export type Grain = 'minute' | 'hour' | 'day'
export type Dimension = 'service' | 'model' | 'client' | 'key'

export const showUsage = (query: UsageQuery) => take(api.GET('/api/admin/usage', { params: { query } }))
