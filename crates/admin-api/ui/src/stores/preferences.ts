// What somebody prefers on this device.
import { defineStore } from 'pinia'
import { computed, ref, watch, watchEffect } from 'vue'

export type Theme = 'system' | 'light' | 'dark'
const THEME = 'rotator-theme'
const NARROW = 'rotator-narrow-menu'

export const usePreferences = defineStore('preferences', () => {
  const stored = localStorage.getItem(THEME)
  const theme = ref<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system')
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const systemIsDark = ref(dark.matches)
  dark.addEventListener('change', (event) => (systemIsDark.value = event.matches))
  const isDark = computed(() => theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value))
  const isMenuNarrow = ref(localStorage.getItem(NARROW) === 'yes')

  watchEffect(() => document.documentElement.classList.toggle('dark', isDark.value))
  watch(theme, (chosen) => localStorage.setItem(THEME, chosen))
  watch(isMenuNarrow, (narrow) => localStorage.setItem(NARROW, narrow ? 'yes' : 'no'))

  return { theme, isDark, isMenuNarrow }
})
