// The keys of a service, read in pages as they are looked at. Pages follow one another by cursor, so a place far down is reached
// by reading what is before it, in the background.
import { computed, onScopeDispose, ref, shallowRef, triggerRef, watch } from 'vue'
import { listKeys, type UpstreamKey } from '@/api/keys'
import type { ApiError } from '@/api/errors'
import { useConnection } from '@/stores/connection'
import { asApiError } from './useLoad'

const PAGE = 500
const FIRST_PAGE = 100

export function useKeyPages(service: () => number) {
  const rows = shallowRef<UpstreamKey[]>([])
  const total = ref(0)
  const isComplete = ref(false)
  const hasLoaded = ref(false)
  const error = shallowRef<ApiError | null>(null)
  /** How many rows are wanted. */
  let wanted = 0
  let turn = 0
  let running: Promise<void> | undefined

  /** Sees to it that so many rows are there, if there are so many. */
  function ensure(count: number): Promise<void> {
    wanted = Math.max(wanted, count)
    running ??= read(turn).finally(() => (running = undefined))
    return running
  }

  async function read(mine: number): Promise<void> {
    try {
      while (mine === turn && !isComplete.value && rows.value.length < wanted) {
        const page = await listKeys(service(), rows.value.at(-1)?.id, rows.value.length === 0 ? FIRST_PAGE : PAGE)
        if (mine !== turn) return
        rows.value.push(...page.entries)
        total.value = page.total ?? rows.value.length
        isComplete.value = page.next === null
        error.value = null
        hasLoaded.value = true
        triggerRef(rows)
      }
    } catch (cause) {
      if (mine === turn) error.value = asApiError(cause)
    }
  }

  /** Reads everything anew, as far as it was read before. */
  async function reload(): Promise<void> {
    turn += 1
    const mine = turn
    const far = Math.max(Math.min(wanted, rows.value.length), FIRST_PAGE)
    await running?.catch(() => undefined)
    if (mine !== turn) return
    const fresh: UpstreamKey[] = []
    try {
      for (;;) {
        const page = await listKeys(service(), fresh.at(-1)?.id, fresh.length === 0 ? FIRST_PAGE : PAGE)
        if (mine !== turn) return
        fresh.push(...page.entries)
        total.value = page.total ?? fresh.length
        isComplete.value = page.next === null
        if (isComplete.value || fresh.length >= far) break
      }
      rows.value = fresh
      error.value = null
      hasLoaded.value = true
    } catch (cause) {
      if (mine === turn) error.value = asApiError(cause)
    }
  }

  /** Reads the rows from one place to another anew, for their states. */
  async function refresh(from: number, to: number): Promise<void> {
    const mine = turn
    const after = from === 0 ? undefined : rows.value[from - 1]?.id
    const limit = Math.min(to - from, 1000)
    if (limit < 1 || running !== undefined) return
    const page = await listKeys(service(), after, limit).catch(() => null)
    if (page === null || mine !== turn) return
    if (page.total !== null && page.total !== total.value) {
      void reload()
      return
    }
    const fresh = new Map(page.entries.map((key) => [key.id, key]))
    rows.value = rows.value.map((row) => fresh.get(row.id) ?? row)
  }

  function put(key: UpstreamKey): void {
    rows.value = rows.value.map((row) => (row.id === key.id ? key : row))
  }

  function drop(ids: ReadonlySet<number>): void {
    const before = rows.value.length
    rows.value = rows.value.filter(({ id }) => !ids.has(id))
    total.value -= before - rows.value.length
  }

  const connection = useConnection()
  watch([service, () => connection.epoch], ([now], [before]) => {
    if (now !== before) {
      rows.value = []
      hasLoaded.value = false
    }
    void reload()
  })
  onScopeDispose(() => (turn += 1))
  void ensure(FIRST_PAGE)

  return { rows, total, isComplete, hasLoaded, error, loaded: computed(() => rows.value.length), ensure, reload, refresh, put, drop }
}
