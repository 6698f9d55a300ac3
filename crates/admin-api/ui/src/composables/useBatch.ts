// The same for many entries, a few at once, with its progress; it can be stopped.
import { computed, reactive } from 'vue'
import { asApiError } from './useLoad'

const AT_ONCE = 6

export function useBatch() {
  const state = reactive({ isRunning: false, done: 0, total: 0, failures: 0, lastError: '' })
  let isStopped = false

  async function run<Entry>(entries: Entry[], action: (entry: Entry) => Promise<unknown>): Promise<void> {
    Object.assign(state, { isRunning: true, done: 0, total: entries.length, failures: 0, lastError: '' })
    isStopped = false
    const left = entries.values()
    const worker = async (): Promise<void> => {
      for (const entry of left) {
        if (isStopped) return
        try {
          await action(entry)
        } catch (cause) {
          state.failures += 1
          state.lastError = asApiError(cause).message
        }
        state.done += 1
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    state.isRunning = false
  }

  const stop = (): void => void (isStopped = true)
  const percentage = computed(() => (state.total === 0 ? 0 : Math.round((state.done / state.total) * 100)))
  return { state, percentage, run, stop }
}
