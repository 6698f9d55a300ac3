// Testing keys at their upstream: one, some, or all of a service, with what came of each.
import { computed, reactive, shallowReactive } from 'vue'
import { testAllKeys, testKey, type ProbeReport } from '@/api/keys'
import { failed } from './useNotify'

export function useKeyTests() {
  const reports = shallowReactive(new Map<number, ProbeReport | 'running'>())
  const state = reactive({ isRunning: false, tested: 0, total: 0, byVerdict: {} as Record<string, number> })
  let stopper: AbortController | undefined

  function note(id: number, report: ProbeReport): void {
    reports.set(id, report)
    state.tested += 1
    state.byVerdict[report.verdict] = (state.byVerdict[report.verdict] ?? 0) + 1
  }

  async function testOne(id: number): Promise<void> {
    reports.set(id, 'running')
    try {
      reports.set(id, await testKey(id))
    } catch (cause) {
      reports.delete(id)
      failed(cause)
    }
  }

  async function testSome(ids: number[]): Promise<void> {
    begin(ids.length)
    const left = ids.values()
    const worker = async (): Promise<void> => {
      for (const id of left) {
        if (stopper?.signal.aborted) return
        reports.set(id, 'running')
        try {
          note(id, await testKey(id))
        } catch (cause) {
          reports.delete(id)
          stopper?.abort()
          failed(cause)
        }
      }
    }
    await Promise.all(Array.from({ length: 6 }, worker))
    state.isRunning = false
  }

  async function testAll(service: number, total: number): Promise<void> {
    begin(total)
    try {
      for await (const line of testAllKeys(service, stopper!.signal)) {
        state.total = line.total
        note(line.id, line)
      }
    } catch (cause) {
      if (!stopper?.signal.aborted) failed(cause)
    } finally {
      state.isRunning = false
    }
  }

  function begin(total: number): void {
    stopper?.abort()
    stopper = new AbortController()
    Object.assign(state, { isRunning: true, tested: 0, total, byVerdict: {} })
  }

  function clear(): void {
    stopper?.abort()
    reports.clear()
    Object.assign(state, { isRunning: false, tested: 0, total: 0, byVerdict: {} })
  }

  const stop = (): void => stopper?.abort()
  const percentage = computed(() => (state.total === 0 ? 0 : Math.floor((state.tested / state.total) * 100)))
  return { reports, state, percentage, testOne, testSome, testAll, stop, clear }
}
