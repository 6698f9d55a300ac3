// What somebody should look at.
import type { ClientKey } from '@/api/clientKeys'
import type { Status } from '@/api/server'
import type { Service } from '@/api/services'
import { count, percent } from '@/format/numbers'
import type { Tone } from '@/format/states'
import { fromNow } from '@/format/times'
import { translate } from '@/i18n'
import type { PoolHealth } from '@/stores/live'

export interface Notice {
  id: string
  tone: Tone
  text: string
  to: string
}

const SOON = 7 * 86_400_000
const MANY_ERRORS = 0.05

export function notices(services: Service[], pools: Map<number, PoolHealth>, clients: ClientKey[], status: Status | undefined, now: number): Notice[] {
  const found: Notice[] = []
  const note = (id: string, tone: Tone, text: string, to: string): void => void found.push({ id, tone, text, to })
  if (status && !status.database) note('database', 'bad', translate('overview.noDatabase'), '/nodes')
  const lost = status?.lost_log_entries ?? 0
  if (lost > 0) note('lost', 'warn', translate('overview.lostLog', { number: count(lost) }), '/nodes')
  for (const service of services) {
    const pool = pools.get(service.id)
    if (!service.is_active || pool === undefined) continue
    const { name } = service
    const to = `/services/${service.id}`
    if (pool.total === 0) note(`empty-${service.id}`, 'warn', translate('overview.emptyPool', { name }), to)
    else if (pool.states !== null) {
      const { active, dead, exhausted } = pool.states
      if (active === 0) note(`down-${service.id}`, 'bad', translate('overview.poolDown', { name }), to)
      if (dead > 0) note(`dead-${service.id}`, 'bad', translate('overview.deadKeys', { name, number: count(dead) }), to)
      if (exhausted > 0) note(`exhausted-${service.id}`, 'hot', translate('overview.exhaustedKeys', { name, number: count(exhausted) }), to)
    }
    if (pool.errorShare !== null && pool.errorShare > MANY_ERRORS) note(`errors-${service.id}`, 'hot', translate('overview.manyErrors', { name, share: percent(pool.errorShare, 1) }), `/requests?service=${service.id}`)
  }
  for (const key of clients) {
    const end = key.expires_at ? Date.parse(key.expires_at) : Number.POSITIVE_INFINITY
    if (key.is_active && end < now + SOON) {
      note(`client-${key.id}`, end < now ? 'idle' : 'warn', translate(end < now ? 'overview.clientExpired' : 'overview.clientExpires', { name: key.name, time: fromNow(key.expires_at ?? '', now) }), '/client-keys')
    }
  }
  const order: Tone[] = ['bad', 'hot', 'warn', 'info', 'idle', 'good']
  return found.sort((left, right) => order.indexOf(left.tone) - order.indexOf(right.tone))
}
