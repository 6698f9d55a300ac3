// How services and keys are, told by the server as it changes (`GET /api/admin/events`).
import type { Schemas } from './client'

export type LiveService = Schemas['LiveService']
export type LiveKey = Schemas['LiveKey']
export type LiveUpdate = Schemas['LiveUpdate']

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
