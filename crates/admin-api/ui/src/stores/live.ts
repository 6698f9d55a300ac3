// How the pools are at this moment: told by the server as it changes, or asked for every few seconds where it does not tell.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, triggerRef, watch } from 'vue'
import { followLive, type LiveKey, type LiveService, type LiveUpdate } from '@/api/live'
import type { Service } from '@/api/services'
import { isKeyState, type KeyState } from '@/format/states'
import { useConnection } from './connection'
import { useServices } from './services'

const POLL_ALONE = 5000
const POLL_BESIDE = 30_000
const TRY_AGAIN = 30_000

export interface PoolHealth {
  total: number
  /** How many keys are in each state; null where the server tells only how many there are. */
  states: Record<KeyState, number> | null
  inFlight: number | null
  /** Requests a second; null where the server does not tell. */
  rate: number | null
  errorShare: number | null
}

export const useLive = defineStore('live', () => {
  const mode = ref<'live' | 'polling'>('polling')
  const services = useServices()
  const connection = useConnection()
  const liveServices = shallowRef(new Map<number, LiveService>())
  const liveKeys = shallowRef(new Map<number, LiveKey>())
  const watched = ref<number | null>(null)
  let isFollowing = false
  let stop: (() => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let retry: ReturnType<typeof setTimeout> | undefined

  const pools = computed(() => new Map(services.services.map((service) => [service.id, healthOf(service, liveServices.value.get(service.id))])))

  function follow(): void {
    if (isFollowing) return
    isFollowing = true
    poll()
    connect()
  }

  function leave(): void {
    isFollowing = false
    clearTimeout(timer)
    clearTimeout(retry)
    stop?.()
    forget()
  }

  function poll(): void {
    clearTimeout(timer)
    if (!isFollowing) return
    if (!document.hidden && connection.isReached) services.load().catch(() => undefined)
    timer = setTimeout(poll, mode.value === 'live' ? POLL_BESIDE : POLL_ALONE)
  }

  function connect(): void {
    clearTimeout(retry)
    stop?.()
    if (!isFollowing) return
    stop = followLive(watched.value === null ? [] : [watched.value], {
      update: take,
      ended: () => {
        forget()
        retry = setTimeout(connect, TRY_AGAIN)
      },
    })
  }

  function forget(): void {
    mode.value = 'polling'
    liveServices.value = new Map()
    liveKeys.value = new Map()
  }

  function take(update: LiveUpdate): void {
    connection.reached(true)
    mode.value = 'live'
    if (update.is_snapshot) {
      liveServices.value = new Map()
      liveKeys.value = new Map()
    }
    update.services?.forEach((service) => liveServices.value.set(service.id, service))
    update.gone_services?.forEach((id) => liveServices.value.delete(id))
    update.keys?.forEach((key) => liveKeys.value.set(key.id, key))
    update.gone_keys?.forEach((id) => liveKeys.value.delete(id))
    triggerRef(liveServices)
    triggerRef(liveKeys)
  }

  /** The service whose keys are looked at. */
  function look(service: number | null): void {
    if (watched.value === service) return
    watched.value = service
    if (mode.value === 'live') connect()
  }

  watch(
    () => connection.epoch,
    () => {
      poll()
      connect()
    },
  )

  return { mode, pools, liveServices, liveKeys, follow, leave, look, poll }
})

/** A pool by what is told live, else by what the list of services shows: all keys of small pools, the first ones of others. */
function healthOf(service: Service, live: LiveService | undefined): PoolHealth {
  const { api_keys: keys, api_key_count: total } = service
  if (live !== undefined) {
    const enabled = live.keys.active + live.keys.cooling + live.keys.exhausted + live.keys.dead
    const states = { ...live.keys, disabled: Math.max(0, total - enabled) }
    return { total: Math.max(total, enabled), states, inFlight: live.in_flight ?? null, rate: live.rate, errorShare: live.error_share }
  }
  const unknown = { total, states: null, inFlight: null, rate: null, errorShare: null }
  if (keys.length < total) return unknown
  const states = { active: 0, cooling: 0, exhausted: 0, dead: 0, disabled: 0 }
  for (const key of keys) states[isKeyState(key.state) ? key.state : 'active'] += 1
  return { ...unknown, states, inFlight: keys.reduce((sum, key) => sum + key.in_flight, 0) }
}
