// The keys of a service, read in pages where they are looked at: a place far down costs one page, as the first one does. The
// server picks out those that match.
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { listKeys, type KeyFilter, type UpstreamKey } from '@/api/keys'
import type { ApiError } from '@/api/errors'
import { useConnection } from '@/stores/connection'
import { asApiError } from './useLoad'

const PAGE = 200

export function useKeyPages(service: () => number, filter: () => KeyFilter) {
  /** As long as the list; where nothing has been read yet there is nothing. */
  const rows = shallowRef<UpstreamKey[]>([])
  const total = ref(0)
  const hasLoaded = ref(false)
  const error = shallowRef<ApiError | null>(null)
  /** The pages that need not be read (again). */
  let fresh = new Set<number>()
  let seen: [number, number] = [0, PAGE]
  /** Whether what was read is of another list, and goes as soon as there is something of this one. */
  let isOther = false
  /** Grows with each other list: what was asked for before does not count then. */
  let turn = 0
  let isWorking = false
  let work = Promise.resolve()

  /** Sees to it that the rows from one place to another are there, if there are so many. */
  function look(from: number, to: number): Promise<void> {
    seen = [Math.max(0, from), Math.max(from + 1, to)]
    return run()
  }

  /** Reads everything anew that is looked at, and the rest when it is. */
  function reload(): Promise<void> {
    fresh = new Set()
    return run()
  }

  function run(): Promise<void> {
    if (!isWorking) {
      isWorking = true
      work = catchUp()
    }
    return work
  }

  /** One page after the other, so that no answer overtakes another; what is looked at by then comes first. */
  async function catchUp(): Promise<void> {
    for (;;) {
      const [mine, known, page] = [turn, fresh, missing()]
      if (page === undefined) {
        // At once, so that whoever asks for more from now on starts anew.
        isWorking = false
        return
      }
      try {
        const read = await listKeys(service(), { ...filter(), offset: page * PAGE, limit: PAGE })
        if (mine === turn && known === fresh) take(page, read.entries, read.total ?? read.entries.length)
      } catch (cause) {
        if (mine !== turn) continue
        error.value = asApiError(cause)
        isWorking = false
        return
      }
    }
  }

  /** The first page that is looked at and not read. */
  function missing(): number | undefined {
    const last = Math.floor((Math.min(seen[1], hasLoaded.value && !isOther ? total.value : seen[1]) - 1) / PAGE)
    const first = Math.min(Math.floor(seen[0] / PAGE), Math.max(last, 0))
    for (let page = first; page <= Math.max(last, first); page += 1) if (!fresh.has(page)) return page
    return undefined
  }

  function take(page: number, entries: UpstreamKey[], length: number): void {
    // In a list that has become longer or shorter everything may stand at another place.
    if (length !== total.value) fresh = new Set()
    const all = isOther ? [] : rows.value.slice(0, length)
    all.length = length
    entries.forEach((key, at) => (all[page * PAGE + at] = key))
    fresh.add(page)
    isOther = false
    rows.value = all
    total.value = length
    hasLoaded.value = true
    error.value = null
  }

  function put(key: UpstreamKey): void {
    rows.value = rows.value.map((row) => (row.id === key.id ? key : row))
  }

  /** The ids of the whole list. */
  async function ids(): Promise<number[]> {
    const all: number[] = []
    for (let after: number | undefined; ; ) {
      const { entries, next } = await listKeys(service(), { ...filter(), after, limit: 1000 })
      all.push(...entries.map(({ id }) => id))
      if (next === null) return all
      after = next
    }
  }

  const connection = useConnection()
  watch([service, filter, () => connection.epoch], ([now, wanted], [before, had]) => {
    if (now !== before || wanted.state !== had.state || wanted.q !== had.q) {
      turn += 1
      // The place that is looked at stays; where the list is shorter, that is found out there.
      isOther = true
      if (now !== before) {
        seen = [0, PAGE]
        rows.value = []
        hasLoaded.value = false
      }
    }
    void reload()
  })
  onScopeDispose(() => (turn += 1))
  void run()

  return { rows, total, hasLoaded, error, loaded: computed(() => rows.value.reduce((count) => count + 1, 0)), look, reload, put, ids }
}
