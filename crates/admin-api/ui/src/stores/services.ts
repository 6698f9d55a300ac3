// The services, which most screens name.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { listServices, type Service } from '@/api/services'

export const useServices = defineStore('services', () => {
  const services = ref<Service[]>([])
  const isLoaded = ref(false)
  const byId = computed(() => new Map(services.value.map((service) => [service.id, service])))
  let running: Promise<void> | undefined

  /** Reads them; those who ask meanwhile wait for the same answer. */
  function load(): Promise<void> {
    running ??= listServices()
      .then((listed) => {
        services.value = listed.sort((left, right) => left.name.localeCompare(right.name))
        isLoaded.value = true
      })
      .finally(() => (running = undefined))
    return running
  }

  const loadOnce = (): Promise<void> => (isLoaded.value ? Promise.resolve() : load())

  function put(service: Service): void {
    const others = services.value.filter((other) => other.id !== service.id)
    services.value = [...others, service].sort((left, right) => left.name.localeCompare(right.name))
  }

  function drop(id: number): void {
    services.value = services.value.filter((service) => service.id !== id)
  }

  const nameOf = (id: number | null | undefined): string => (id === null || id === undefined ? '–' : (byId.value.get(id)?.name ?? `#${id}`))

  return { services, isLoaded, byId, load, loadOnce, put, drop, nameOf }
})
