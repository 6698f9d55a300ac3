// Pages of keys that are asked for while others are read.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { computed, effectScope, watch } from 'vue'
import { createPinia, setActivePinia } from 'pinia'

const TOTAL = 2500
const listKeys = vi.fn(async (_service: number, after: number | undefined, limit: number) => {
  await Promise.resolve()
  const from = after ?? 0
  const entries = Array.from({ length: Math.min(limit, TOTAL - from) }, (_, at) => ({ id: from + at + 1 }))
  return { entries, total: TOTAL, next: from + limit < TOTAL ? from + limit : null }
})
vi.mock('@/api/keys', () => ({ listKeys: (...given: [number, number | undefined, number]) => listKeys(...given) }))

afterEach(() => listKeys.mockClear())

async function pagesOf() {
  setActivePinia(createPinia())
  const { useKeyPages } = await import('@/composables/useKeyPages')
  const scope = effectScope()
  return { scope, pages: scope.run(() => useKeyPages(() => 1))! }
}

describe('pages of keys', () => {
  it('are read as far as somebody looks, and no further', async () => {
    const { scope, pages } = await pagesOf()
    await pages.ensure(1)
    expect(pages.loaded.value).toBe(100)
    await pages.ensure(700)
    expect(pages.loaded.value).toBe(1100)
    expect(pages.total.value).toBe(TOTAL)
    scope.stop()
  })

  it('are seen by what is computed of them', async () => {
    const { scope, pages } = await pagesOf()
    const same = scope.run(() => computed(() => pages.rows.value))!
    await pages.ensure(1)
    const before = same.value
    await pages.ensure(700)
    expect(same.value).not.toBe(before)
    scope.stop()
  })

  it('come to whoever asks for more in the very moment that reading ends', async () => {
    const { scope, pages } = await pagesOf()
    scope.run(() => watch(pages.rows, () => void pages.ensure(TOTAL), { flush: 'sync' }))
    await pages.ensure(1)
    await vi.waitFor(() => expect(pages.loaded.value).toBe(TOTAL))
    expect(pages.rows.value.map(({ id }) => id)).toEqual(Array.from({ length: TOTAL }, (_, at) => at + 1))
    scope.stop()
  })

  it('are whole and in order when they are read anew meanwhile', async () => {
    const { scope, pages } = await pagesOf()
    await Promise.all([pages.ensure(TOTAL), pages.reload(), pages.ensure(TOTAL), pages.reload()])
    await vi.waitFor(() => expect(pages.isComplete.value).toBe(true))
    expect(pages.rows.value.map(({ id }) => id)).toEqual(Array.from({ length: TOTAL }, (_, at) => at + 1))
    scope.stop()
  })

  it('that could not be read are told, and read when they are asked for again', async () => {
    const { scope, pages } = await pagesOf()
    await pages.ensure(1)
    listKeys.mockRejectedValueOnce(new Error('away'))
    await pages.ensure(300)
    expect(pages.error.value?.message).toBe('away')
    await pages.ensure(300)
    expect(pages.error.value).toBeNull()
    expect(pages.loaded.value).toBe(1100)
    scope.stop()
  })
})
