// Whether the server answers. Where it does not, it is asked again until it does; then everything on the page is read anew.
import { defineStore } from 'pinia'
import { ref } from 'vue'

const FIRST_WAIT = 1000
const LONGEST_WAIT = 10_000

export const useConnection = defineStore('connection', () => {
  const isReached = ref(true)
  /** Grows each time the server is there again. */
  const epoch = ref(0)
  let wait = FIRST_WAIT
  let timer: ReturnType<typeof setTimeout> | undefined

  function reached(now: boolean): void {
    if (now && !isReached.value) epoch.value += 1
    isReached.value = now
    if (now) wait = FIRST_WAIT
    else timer ??= setTimeout(look, wait)
  }

  async function look(): Promise<void> {
    timer = undefined
    wait = Math.min(wait * 2, LONGEST_WAIT)
    const answered = await fetch('/api/admin/app-config').catch(() => null)
    reached(answered?.ok ?? false)
  }

  return { isReached, epoch, reached, look }
})
