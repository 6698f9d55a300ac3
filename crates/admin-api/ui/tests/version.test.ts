// Versions of what is changed.
import { describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/api/errors'
import { useVersion } from '@/composables/useVersion'

describe('a version', () => {
  it('guards a change until somebody was told of the conflict', async () => {
    const version = useVersion()
    version.know('a')
    const change = vi.fn(async (given: string | undefined) => {
      if (given !== undefined) throw new ApiError(412, 'the key has been changed meanwhile')
      return 'saved'
    })
    await expect(version.guard(change)).rejects.toThrow('changed meanwhile')
    await expect(version.guard(change)).resolves.toBe('saved')
    expect(change.mock.calls).toEqual([['a'], [undefined]])
  })

  it('stays where the change failed for another reason', async () => {
    const version = useVersion()
    version.know('a')
    const change = vi.fn(async (_: string | undefined) => Promise.reject(new ApiError(422, 'refused')))
    for (let turn = 0; turn < 2; turn += 1) await expect(version.guard(change)).rejects.toThrow('refused')
    expect(change.mock.calls).toEqual([['a'], ['a']])
  })
})
