// Who is logged in. The token itself is in an HttpOnly cookie and never seen here.
import { guarded } from './client'
import { errorOf } from './errors'

export type Role = 'admin' | 'operator' | 'viewer'

export interface Session {
  username: string
  role: Role
  /** Never for some tokens. */
  expires_at: string | null
}

export async function logIn(username: string, password: string): Promise<Session> {
  const body = JSON.stringify({ username, password })
  const answered = await guarded('/api/admin/login/browser', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (!answered.ok) throw await errorOf(answered)
  const session = await currentSession()
  if (session === null) throw new Error('the browser did not keep the session')
  return session
}

/** Null when nobody is logged in. */
export async function currentSession(): Promise<Session | null> {
  const answered = await guarded('/api/admin/session')
  if (answered.status === 401) return null
  if (!answered.ok) throw await errorOf(answered)
  return (await answered.json()) as Session
}

export async function logOut(): Promise<void> {
  const answered = await guarded('/api/admin/session', { method: 'DELETE' })
  if (!answered.ok && answered.status !== 401) throw await errorOf(answered)
}
