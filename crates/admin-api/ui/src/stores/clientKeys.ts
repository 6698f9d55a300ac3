// The client keys, which some screens name.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { listClientKeys, type ClientKeyReport } from '@/api/clientKeys'
import { translate } from '@/i18n'

export const useClientKeys = defineStore('clientKeys', () => {
  const keys = ref<ClientKeyReport[]>([])
  const isLoaded = ref(false)
  const byId = computed(() => new Map(keys.value.map((key) => [key.id, key])))

  /** How their limits stand is told where that is shown. */
  async function load(withStanding = false): Promise<void> {
    keys.value = await listClientKeys(withStanding)
    isLoaded.value = true
  }

  const loadOnce = (): Promise<void> => (isLoaded.value ? Promise.resolve() : load())

  /** Null is a key of the settings. */
  const nameOf = (id: number | null | undefined): string =>
    id === null || id === undefined ? translate('clientKeys.fromSettings') : (byId.value.get(id)?.name ?? `#${id}`)

  return { keys, isLoaded, byId, load, loadOnce, nameOf }
})
