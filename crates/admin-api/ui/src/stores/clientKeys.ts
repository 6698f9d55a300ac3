// The client keys, which some screens name.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { listClientKeys, type ClientKey } from '@/api/clientKeys'
import { translate } from '@/i18n'

export const useClientKeys = defineStore('clientKeys', () => {
  const keys = ref<ClientKey[]>([])
  const isLoaded = ref(false)
  const byId = computed(() => new Map(keys.value.map((key) => [key.id, key])))

  async function load(): Promise<void> {
    keys.value = await listClientKeys()
    isLoaded.value = true
  }

  const loadOnce = (): Promise<void> => (isLoaded.value ? Promise.resolve() : load())

  /** Null is a key of the settings. */
  const nameOf = (id: number | null | undefined): string =>
    id === null || id === undefined ? translate('clientKeys.fromSettings') : (byId.value.get(id)?.name ?? `#${id}`)

  return { keys, isLoaded, byId, load, loadOnce, nameOf }
})
