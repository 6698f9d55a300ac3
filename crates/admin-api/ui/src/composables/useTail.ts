// The request log as it grows.
import { onScopeDispose, ref, shallowRef } from 'vue'
import { tailAddress, type LogQuery, type RequestLogEntry } from '@/api/requestLogs'

const MOST = 500
const TRY_AGAIN = 5000

export function useTail() {
  const entries = shallowRef<RequestLogEntry[]>([])
  const isOn = ref(false)
  const isConnected = ref(false)
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  /** What came since the last painting; a busy log is painted a few times a second only. */
  let waiting: RequestLogEntry[] = []
  let frame: ReturnType<typeof setTimeout> | undefined

  function start(query: LogQuery): void {
    stop()
    isOn.value = true
    entries.value = []
    connect(query)
  }

  function connect(query: LogQuery): void {
    source = new EventSource(tailAddress(query))
    source.onopen = () => (isConnected.value = true)
    source.onmessage = ({ data }: MessageEvent<string>) => {
      waiting.push(JSON.parse(data) as RequestLogEntry)
      frame ??= setTimeout(paint, 200)
    }
    source.onerror = () => {
      isConnected.value = false
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(() => connect(query), TRY_AGAIN)
    }
  }

  function paint(): void {
    frame = undefined
    const known = new Set(entries.value.slice(0, waiting.length + 50).map(({ id }) => id))
    entries.value = [...waiting.reverse().filter(({ id }) => !known.has(id)), ...entries.value].slice(0, MOST)
    waiting = []
  }

  function stop(): void {
    isOn.value = false
    isConnected.value = false
    clearTimeout(retry)
    clearTimeout(frame)
    frame = undefined
    waiting = []
    source?.close()
  }

  onScopeDispose(stop)
  return { entries, isOn, isConnected, start, stop }
}
