// What the client does when the session ends or the server is away.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { guarded, takePage, watchWith } from '@/api/client'
import { ApiError, errorFrom } from '@/api/errors'

const reached = vi.fn()
const expired = vi.fn<() => Promise<void>>()
const answer = (status: number, body = '{}', headers = {}): Response => new Response(body, { status, headers })

beforeEach(() => watchWith({ reached, expired }))
afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetAllMocks()
})

function server(...answers: (Response | Error)[]) {
  const fetch = vi.fn(async (_request: Request) => {
    const next = answers.shift()
    if (next === undefined || next instanceof Error) throw next ?? new Error('no more answers')
    return next
  })
  vi.stubGlobal('fetch', fetch)
  return fetch
}

describe('the client', () => {
  it('sends a request again, with its body, when somebody has logged in again', async () => {
    const fetch = server(answer(401), answer(200))
    expired.mockResolvedValue()
    const got = await guarded('http://x/api/admin/keys/1', { method: 'PATCH', body: '{"a":1}' })
    expect(got.status).toBe(200)
    expect(expired).toHaveBeenCalledOnce()
    const last = fetch.mock.calls[1]![0]
    expect(await last.text()).toBe('{"a":1}')
    expect(last.headers.get('x-rotator-csrf')).toBe('1')
  })

  it('gives a request up when nobody logs in', async () => {
    server(answer(401))
    expired.mockRejectedValue(new ApiError(401, 'not logged in'))
    await expect(guarded('http://x/api/admin/status')).rejects.toMatchObject({ status: 401 })
  })

  it('asks nobody to log in for the login itself', async () => {
    server(answer(401), answer(401))
    expect((await guarded('http://x/api/admin/login/browser', { method: 'POST' })).status).toBe(401)
    expect((await guarded('http://x/api/admin/session')).status).toBe(401)
    expect(expired).not.toHaveBeenCalled()
  })

  it('tells when the server is away, and when it is back', async () => {
    server(new TypeError('failed to fetch'), answer(502), answer(200))
    await expect(guarded('http://x/api/admin/status')).rejects.toMatchObject({ isLost: true })
    await expect(guarded('http://x/api/admin/status')).rejects.toMatchObject({ isLost: true })
    await guarded('http://x/api/admin/status')
    expect(reached.mock.calls).toEqual([[false], [false], [true]])
  })

  it('does not take a request that was stopped for a lost server', async () => {
    const stopper = new AbortController()
    stopper.abort()
    server(new DOMException('stopped', 'AbortError'))
    await expect(guarded('http://x/api/admin/status', { signal: stopper.signal })).rejects.toThrow('stopped')
    expect(reached).not.toHaveBeenCalled()
  })

  it('knows errors by their fields and their wait', () => {
    const error = errorFrom(answer(422, '', { 'retry-after': '7' }), { error: 'refused', fields: [{ field: 'name', message: 'is taken' }] })
    expect(error).toMatchObject({ status: 422, message: 'refused', retryAfter: 7, fields: [{ field: 'name', message: 'is taken' }] })
    expect(errorFrom(answer(500), undefined).message).toContain('500')
  })

  it('reads pages with their length and their next one', async () => {
    const response = answer(200, '', { 'x-total-count': '12', link: '</k?limit=2&after=9>; rel="next"' })
    expect(await takePage(Promise.resolve({ data: [1, 2], response }))).toEqual({ entries: [1, 2], total: 12, next: 9 })
  })
})
