// Routes that the server's document does not name yet.
import { guarded } from './client'
import { errorOf } from './errors'

export async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const answered = await guarded(`/api/admin/${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  if (!answered.ok) throw await errorOf(answered)
  const text = await answered.text()
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}
