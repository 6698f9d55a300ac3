// The one way to the admin API: typed by the server's document, with the session and a lost server taken care of.
import createClient from 'openapi-fetch'
import { ApiError, errorFrom } from './errors'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

/** What the client tells the application; set once at its start. */
export interface Watch {
  /** The server answered, or it did not. */
  reached: (isReached: boolean) => void
  /** The session has ended; resolves when somebody has logged in again. */
  expired: () => Promise<void>
}

let watch: Watch = { reached: () => undefined, expired: () => Promise.reject(new ApiError(401, 'not logged in')) }

export function watchWith(given: Watch): void {
  watch = given
}

const UNGUARDED = ['/api/admin/login/browser', '/api/admin/session', '/api/admin/app-config']

/** `fetch` for the admin API. A request that meets an ended session waits for the next login and is sent again. */
export async function guarded(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init)
  const isGuarded = !UNGUARDED.includes(new URL(request.url).pathname)
  if (request.method !== 'GET') request.headers.set('x-rotator-csrf', '1')
  for (;;) {
    const response = await reach(request.clone())
    if (response.status !== 401 || !isGuarded) return response
    await watch.expired()
  }
}

async function reach(request: Request): Promise<Response> {
  let response: Response
  try {
    response = await fetch(request)
  } catch (cause) {
    if (request.signal.aborted) throw cause
    watch.reached(false)
    throw new ApiError(0, 'the server does not answer')
  }
  // A proxy in front of the server answers so while the server is away.
  const isAway = response.status === 502 || response.status === 504
  watch.reached(!isAway)
  if (isAway) throw new ApiError(0, 'the server does not answer')
  return response
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? '', fetch: guarded })

interface Answered<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** The body of an answer, or an `ApiError`. */
export async function take<Data>(call: Promise<Answered<Data>>): Promise<Data> {
  const { data, error, response } = await call
  if (!response.ok) throw errorFrom(response, error)
  return data as Data
}

/** The version that a change is meant for; without one it is made whatever the version is. */
export const ifMatch = (version: string | undefined) => (version === undefined ? {} : { 'If-Match': `"${version}"` })

/** One page of a list. */
export interface Page<Entry> {
  entries: Entry[]
  /** How long the whole list is, where the server knows. */
  total: number | null
  /** What `after` of the next page is; null on the last one. */
  next: number | null
}

export async function takePage<Entry>(call: Promise<Answered<Entry[]>>): Promise<Page<Entry>> {
  const answered = call.then((answered) => answered)
  const entries = await take(answered)
  const { headers } = (await answered).response
  const total = headers.get('x-total-count')
  return { entries, total: total === null ? null : Number(total), next: nextOf(headers.get('link')) }
}

export function nextOf(link: string | null): number | null {
  const after = /[?&]after=(-?\d+)[^>]*>;\s*rel="next"/.exec(link ?? '')?.[1]
  return after === undefined ? null : Number(after)
}

/** All entries of a list that is short enough to be read whole. */
export async function takeAll<Entry>(page: (after: number | undefined) => Promise<Page<Entry>>): Promise<Entry[]> {
  const all: Entry[] = []
  for (let after: number | undefined; ; ) {
    const { entries, next } = await page(after)
    all.push(...entries)
    if (next === null) return all
    after = next
  }
}
