// How services and keys are, told by the server as it changes (`GET /api/admin/events`).
export interface LiveKeyCounts {
  active: number
  cooling: number
  exhausted: number
  dead: number
}

export interface LiveService {
  id: number
  slug: string
  is_active: boolean
  /** Requests a second, over the last ten seconds. */
  rate: number
  /** Which share of them were errors: 0 to 1. */
  error_share: number
  in_flight: number | null
  /** Of the enabled keys. */
  keys: LiveKeyCounts
}

export interface LiveKey {
  id: number
  service: number
  name: string
  state: string
  reason: string | null
  model: string | null
  until: string | null
  in_flight: number
  rate: number
  errors: number
  last_used: string | null
}

export interface LiveUpdate {
  at: string
  is_snapshot: boolean
  is_whole: boolean
  gone_services?: number[]
  gone_keys?: number[]
  services?: LiveService[]
  keys?: LiveKey[]
}

interface Listener {
  update: (update: LiveUpdate) => void
  /** The stream has ended for good, or the server has none. */
  ended: () => void
}

/** Follows the updates, with the keys of these services, until the answer is called. */
export function followLive(services: number[], { update, ended }: Listener): () => void {
  const query = new URLSearchParams(services.map((id) => ['service', String(id)])).toString()
  const source = new EventSource(`/api/admin/events${query === '' ? '' : `?${query}`}`)
  source.onmessage = (event: MessageEvent<string>) => update(JSON.parse(event.data) as LiveUpdate)
  source.onerror = () => {
    // Else the browser connects again by itself.
    if (source.readyState === EventSource.CLOSED) ended()
  }
  return () => source.close()
}
