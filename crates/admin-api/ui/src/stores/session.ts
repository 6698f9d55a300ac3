// Who is logged in, and what happens when that ends in the middle of work.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { currentSession, logIn, logOut, type Role, type Session } from '@/api/session'
import { ApiError } from '@/api/errors'

const RANKS: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 }

export const useSession = defineStore('session', () => {
  const session = ref<Session | null>(null)
  const isKnown = ref(false)
  /** The session ended while the page was in use: a dialog asks for the password again. */
  const hasExpired = ref(false)
  let waiting: { resolve: () => void; reject: (error: Error) => void }[] = []

  async function restore(): Promise<void> {
    session.value = await currentSession()
    isKnown.value = true
  }

  async function enter(username: string, password: string): Promise<void> {
    session.value = await logIn(username, password)
    isKnown.value = true
    hasExpired.value = false
    waiting.forEach(({ resolve }) => resolve())
    waiting = []
  }

  async function leave(): Promise<void> {
    await logOut().catch(() => undefined)
    forget()
  }

  /** Nobody logs in again: what waited fails. */
  function forget(): void {
    session.value = null
    hasExpired.value = false
    waiting.forEach(({ reject }) => reject(new ApiError(401, 'not logged in')))
    waiting = []
  }

  /** Resolves when somebody has logged in again. */
  function expired(): Promise<void> {
    if (session.value === null) return Promise.reject(new ApiError(401, 'not logged in'))
    hasExpired.value = true
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
  }

  const may = (role: Role): boolean => session.value !== null && RANKS[session.value.role] >= RANKS[role]
  const mayChange = computed(() => may('operator'))
  const mayAdminister = computed(() => may('admin'))

  return { session, isKnown, hasExpired, restore, enter, leave, forget, expired, mayChange, mayAdminister }
})
