// Something that is read from the server: at once, again when its sources change or the server is back, and every so often.
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef, type WatchSource } from 'vue'
import { ApiError } from '@/api/errors'
import { useConnection } from '@/stores/connection'

export interface Loaded<Data> {
  data: ShallowRef<Data | undefined>
  error: ShallowRef<ApiError | null>
  isLoading: Ref<boolean>
  reload: () => Promise<void>
}

interface Options {
  /** How often it is read again, in milliseconds, while the page is seen. */
  every?: number
  /** What it depends on. */
  on?: WatchSource | WatchSource[]
}

export function useLoad<Data>(load: () => Promise<Data>, { every, on }: Options = {}): Loaded<Data> {
  const data = shallowRef<Data>()
  const error = shallowRef<ApiError | null>(null)
  const isLoading = ref(false)
  const connection = useConnection()
  let turn = 0

  async function reload(): Promise<void> {
    const mine = (turn += 1)
    isLoading.value = true
    try {
      const loaded = await load()
      // What was asked for later counts.
      if (mine !== turn) return
      data.value = loaded
      error.value = null
    } catch (cause) {
      if (mine === turn) error.value = asApiError(cause)
    } finally {
      if (mine === turn) isLoading.value = false
    }
  }

  watch([() => connection.epoch, ...(on === undefined ? [] : [on].flat())], () => void reload())
  if (every !== undefined) {
    const timer = setInterval(() => {
      if (!document.hidden && !isLoading.value && connection.isReached) void reload()
    }, every)
    onScopeDispose(() => clearInterval(timer))
  }
  onScopeDispose(() => (turn += 1))
  void reload()
  return { data, error, isLoading, reload }
}

export function asApiError(cause: unknown): ApiError {
  return cause instanceof ApiError ? cause : new ApiError(-1, cause instanceof Error ? cause.message : String(cause))
}
