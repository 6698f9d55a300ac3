// What the usage screen asks for, kept in the address of the page.
import { computed, ref, watch } from 'vue'
import type { RouteLocationNormalizedLoaded, Router } from 'vue-router'
import { showUsage, type Dimension, type Grain, type UsageGroup } from '@/api/usage'
import { useLoad } from '@/composables/useLoad'
import { csv, download } from '@/format/csv'
import { usualGrain } from '@/format/usage'
import { translate } from '@/i18n'
import { useClientKeys } from '@/stores/clientKeys'
import { useServices } from '@/stores/services'

export interface UsageFilters {
  /** How many hours back, or null for the days that are named. */
  hours: number | null
  days: [Date, Date] | null
  service: number | undefined
  client: string | undefined
  model: string
  key: number | undefined
}

export function useUsage(route: RouteLocationNormalizedLoaded, router: Router) {
  const services = useServices()
  const clients = useClientKeys()
  void Promise.all([services.loadOnce(), clients.loadOnce()]).catch(() => undefined)
  const number = (value: unknown): number | undefined => (value === undefined || value === '' ? undefined : Number(value))
  const { query: asked } = route
  const filters = ref<UsageFilters>({
    hours: number(asked.hours) ?? 24,
    days: null,
    service: number(asked.service),
    client: typeof asked.client === 'string' ? asked.client : undefined,
    model: typeof asked.model === 'string' ? asked.model : '',
    key: number(asked.key),
  })
  const by = ref<Dimension>((asked.by as Dimension | undefined) ?? 'service')

  const query = computed(() => {
    const { hours, days, service, client, model, key } = filters.value
    const grain: Grain = usualGrain(hours ?? ((days?.[1].getTime() ?? 0) - (days?.[0].getTime() ?? 0)) / 3_600_000)
    const time = hours === null && days !== null ? { since: days[0].toISOString(), until: new Date(days[1].getTime() + 86_400_000).toISOString() } : { since: `${hours ?? 24}h` }
    return { by: `time,${by.value}`, grain, ...time, service, client, key, model: model || undefined, limit: 10_000 }
  })
  const loading = useLoad(() => showUsage(query.value), { on: query, every: 15_000 })

  watch([filters, by], () => {
    const { hours, service, client, model, key } = filters.value
    const kept = { hours: hours === 24 ? undefined : (hours ?? undefined), service, client, model: model || undefined, key, by: by.value === 'service' ? undefined : by.value }
    void router.replace({ query: kept })
  }, { deep: true })

  function nameOf(group: UsageGroup): string {
    if (by.value === 'service') return services.nameOf(group.service)
    if (by.value === 'client') return clients.nameOf(group.client)
    if (by.value === 'model') return group.model ?? translate('usage.noModel')
    return group.key === null || group.key === undefined ? translate('usage.noKey') : `#${group.key}`
  }

  function exportCsv(): void {
    const groups = loading.data.value?.groups ?? []
    const names = [...new Set(groups.flatMap(({ figures }) => Object.keys(figures)))].sort()
    const rows = groups.map((group) => [group.at, nameOf(group), ...names.map((name) => group.figures[name] ?? 0)])
    download(`usage-by-${by.value}.csv`, csv(['at', by.value, ...names], rows), 'text/csv')
  }

  return { filters, by, loading, nameOf, query, exportCsv }
}
