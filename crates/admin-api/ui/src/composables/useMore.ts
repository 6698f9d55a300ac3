// A list whose pages follow one another by cursor: the first one, then more on demand.
import { computed, ref, shallowRef, watch, type WatchSource } from 'vue'
import type { ApiError } from '@/api/errors'
import type { Page } from '@/api/client'
import { useConnection } from '@/stores/connection'
import { asApiError } from './useLoad'

export function useMore<Entry>(page: (after: number | undefined) => Promise<Page<Entry>>, on?: WatchSource) {
  const entries = shallowRef<Entry[]>([])
  const next = ref<number | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const isLoading = ref(false)
  const hasLoaded = ref(false)
  let turn = 0

  async function read(after: number | undefined): Promise<void> {
    const mine = (turn += 1)
    isLoading.value = true
    try {
      const read = await page(after)
      if (mine !== turn) return
      entries.value = after === undefined ? read.entries : [...entries.value, ...read.entries]
      next.value = read.next
      error.value = null
      hasLoaded.value = true
    } catch (cause) {
      if (mine === turn) error.value = asApiError(cause)
    } finally {
      if (mine === turn) isLoading.value = false
    }
  }

  const reload = (): Promise<void> => read(undefined)
  const more = (): Promise<void> => (next.value === null ? Promise.resolve() : read(next.value))
  const hasMore = computed(() => next.value !== null)

  const connection = useConnection()
  watch([() => connection.epoch, ...(on === undefined ? [] : [on])], () => void reload())
  void reload()
  return { entries, error, isLoading, hasLoaded, hasMore, reload, more }
}
