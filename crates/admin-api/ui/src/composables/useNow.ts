// The time, once a second, as long as somebody looks.
import { onScopeDispose, readonly, ref } from 'vue'

const now = ref(Date.now())
let lookers = 0
let timer: ReturnType<typeof setInterval> | undefined

export function useNow(): Readonly<typeof now> {
  now.value = Date.now()
  lookers += 1
  timer ??= setInterval(() => (now.value = Date.now()), 1000)
  onScopeDispose(() => {
    lookers -= 1
    if (lookers === 0) {
      clearInterval(timer)
      timer = undefined
    }
  })
  return readonly(now)
}
