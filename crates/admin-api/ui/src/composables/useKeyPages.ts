// The keys of a service, read in pages as they are looked at. Pages follow one another by cursor, so a place far down is reached
// by reading what is before it, in the background.
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import type { Page } from '@/api/client'
import { listKeys, type UpstreamKey } from '@/api/keys'
import type { ApiError } from '@/api/errors'
import { useConnection } from '@/stores/connection'
import { asApiError } from './useLoad'

const PAGE = 1000
const FIRST_PAGE = 100

export function useKeyPages(service: () => number) {
  const rows = shallowRef<UpstreamKey[]>([])
  const total = ref(0)
  const isComplete = ref(false)
  const hasLoaded = ref(false)
  const error = shallowRef<ApiError | null>(null)
  /** How many rows are wanted. */
  let wanted = FIRST_PAGE
  /** Whether what was read is to be read again. */
  let isStale = false
  /** Grows with each other service: what was asked for before does not count then. */
  let turn = 0
  let isWorking = false
  let work = Promise.resolve()

  /** Sees to it that so many rows are there, if there are so many. */
  function ensure(count: number): Promise<void> {
    wanted = Math.max(wanted, count)
    return run()
  }

  /** Reads everything anew, as far as it was read before. */
  function reload(): Promise<void> {
    isStale = true
    return run()
  }

  function run(): Promise<void> {
    if (!isWorking) {
      isWorking = true
      work = catchUp()
    }
    return work
  }

  /** One page after the other, so that no answer overtakes another. */
  async function catchUp(): Promise<void> {
    for (;;) {
      const mine = turn
      try {
        if (isStale) {
          isStale = false
          await renew(mine)
        } else if (!isComplete.value && rows.value.length < wanted) await append(mine)
        else {
          // At once, so that whoever asks for more from now on starts anew.
          isWorking = false
          return
        }
        if (mine === turn) error.value = null
      } catch (cause) {
        if (mine !== turn) continue
        error.value = asApiError(cause)
        isWorking = false
        return
      }
    }
  }

  const page = (after: number | undefined): Promise<Page<UpstreamKey>> => listKeys(service(), after, after === undefined ? FIRST_PAGE : PAGE)

  function take(read: Page<UpstreamKey>, all: UpstreamKey[]): void {
    rows.value = all
    total.value = read.total ?? all.length
    isComplete.value = read.next === null
    hasLoaded.value = true
  }

  async function append(mine: number): Promise<void> {
    const read = await page(rows.value.at(-1)?.id)
    if (mine !== turn || isStale) return
    take(read, [...rows.value, ...read.entries])
  }

  async function renew(mine: number): Promise<void> {
    const far = rows.value.length
    const fresh: UpstreamKey[] = []
    for (;;) {
      const read = await page(fresh.at(-1)?.id)
      if (mine !== turn) return
      fresh.push(...read.entries)
      if (read.next !== null && fresh.length < far) continue
      take(read, fresh)
      return
    }
  }

  /** Reads the rows from one place to another anew, for their states. */
  async function refresh(from: number, to: number): Promise<void> {
    const mine = turn
    const after = from === 0 ? undefined : rows.value[from - 1]?.id
    const limit = Math.min(to - from, 1000)
    if (limit < 1 || isWorking) return
    const read = await listKeys(service(), after, limit).catch(() => null)
    if (read === null || mine !== turn) return
    if (read.total !== null && read.total !== total.value) {
      void reload()
      return
    }
    const fresh = new Map(read.entries.map((key) => [key.id, key]))
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
      turn += 1
      rows.value = []
      wanted = FIRST_PAGE
      hasLoaded.value = isComplete.value = false
    }
    void reload()
  })
  onScopeDispose(() => (turn += 1))
  void ensure(FIRST_PAGE)

  return { rows, total, isComplete, hasLoaded, error, loaded: computed(() => rows.value.length), ensure, reload, refresh, put, drop }
}
