// What the server says about itself.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { appConfig, type AppConfig } from '@/api/server'

export const useServer = defineStore('server', () => {
  const config = ref<AppConfig>()
  /** The address under which clients reach the proxy. */
  const publicAddress = computed(() => (config.value?.proxy_public_base_url ?? location.origin).replace(/\/+$/, ''))

  async function load(): Promise<void> {
    config.value = await appConfig()
  }

  return { config, publicAddress, load }
})
