// Pages of keys that are looked at while others are read.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { computed, effectScope, nextTick, ref } from 'vue'
import { createPinia, setActivePinia } from 'pinia'
import type { KeyQuery } from '@/api/keys'

let total = 2500
const listKeys = vi.fn(async (_service: number, { offset, after, limit, state }: KeyQuery) => {
  await Promise.resolve()
  const count = state === 'dead' ? 3 : total
  const from = offset ?? after ?? 0
  const entries = Array.from({ length: Math.max(0, Math.min(limit, count - from)) }, (_, at) => ({ id: from + at + 1 }))
  return { entries, total: count, next: from + limit < count ? from + limit : null }
})
vi.mock('@/api/keys', () => ({ listKeys: (service: number, query: KeyQuery) => listKeys(service, query) }))

afterEach(() => {
  listKeys.mockClear()
  total = 2500
})

async function pagesOf() {
  setActivePinia(createPinia())
  const { useKeyPages } = await import('@/composables/useKeyPages')
  const scope = effectScope()
  const filter = ref({ state: '', q: '' })
  const pages = scope.run(() => useKeyPages(() => 1, () => filter.value))!
  await pages.look(0, 20)
  return { scope, pages, filter }
}

const offsets = (): (number | undefined)[] => listKeys.mock.calls.map(([, { offset }]) => offset)

describe('pages of keys', () => {
  it('are read where somebody looks, and nowhere else', async () => {
    const { scope, pages } = await pagesOf()
    expect(pages.loaded.value).toBe(200)
    await pages.look(2450, 2500)
    expect(offsets()).toEqual([0, 2400])
    expect([pages.total.value, pages.rows.value.length, pages.loaded.value]).toEqual([2500, 2500, 300])
    expect([pages.rows.value[199]?.id, pages.rows.value[200], pages.rows.value[2499]?.id]).toEqual([200, undefined, 2500])
    await pages.look(2450, 2500)
    expect(offsets()).toEqual([0, 2400])
    scope.stop()
  })

  it('are seen by what is computed of them', async () => {
    const { scope, pages } = await pagesOf()
    const same = scope.run(() => computed(() => pages.rows.value))!
    const before = same.value
    await pages.look(300, 320)
    expect(same.value).not.toBe(before)
    scope.stop()
  })

  it('that were only passed by are not read', async () => {
    const { scope, pages } = await pagesOf()
    await Promise.all([pages.look(400, 420), pages.look(800, 820), pages.look(2000, 2020)])
    expect(offsets()).toEqual([0, 400, 2000])
    scope.stop()
  })

  it('are read anew where somebody looks, and elsewhere when somebody does', async () => {
    const { scope, pages } = await pagesOf()
    await pages.look(1000, 1050)
    await pages.reload()
    await pages.look(0, 20)
    expect(offsets()).toEqual([0, 1000, 1000, 0])
    scope.stop()
  })

  it('of a list that became shorter do not show what is gone', async () => {
    const { scope, pages } = await pagesOf()
    await pages.look(2450, 2500)
    total = 150
    await pages.reload()
    expect([pages.total.value, pages.rows.value.length, pages.loaded.value]).toEqual([150, 150, 150])
    scope.stop()
  })

  it('of another filter take the place of those before', async () => {
    const { scope, pages, filter } = await pagesOf()
    await pages.look(2450, 2500)
    filter.value = { state: 'dead', q: '' }
    await nextTick()
    await vi.waitFor(() => expect(pages.rows.value.map(({ id }) => id)).toEqual([1, 2, 3]))
    expect(await pages.ids()).toEqual([1, 2, 3])
    scope.stop()
  })

  it('that could not be read are told, and read when they are looked at again', async () => {
    const { scope, pages } = await pagesOf()
    listKeys.mockRejectedValueOnce(new Error('away'))
    await pages.look(300, 320)
    expect(pages.error.value?.message).toBe('away')
    await pages.look(300, 320)
    expect(pages.error.value).toBeNull()
    expect(pages.loaded.value).toBe(400)
    scope.stop()
  })
})
