// The language of the page: the browser's at first, then what was chosen.
import { ref } from 'vue'
import { createI18n } from 'vue-i18n'
import type { Language } from 'element-plus/es/locale'

export const LOCALES = { en: 'English', zh: '简体中文' } as const
export type Locale = keyof typeof LOCALES

const CHOSEN = 'rotator-language'
const loaders = {
  en: () => Promise.all([import('@/locales/en'), import('element-plus/es/locale/lang/en')]),
  zh: () => Promise.all([import('@/locales/zh'), import('element-plus/es/locale/lang/zh-cn')]),
}

export const i18n = createI18n({ legacy: false, locale: 'en', messages: {}, missingWarn: false, fallbackWarn: false })
/** The words of the component library. */
export const libraryWords = ref<Language>()

export const translate = (key: string, values: Record<string, unknown> = {}): string => i18n.global.t(key, values)

export function currentLocale(): Locale {
  return i18n.global.locale.value as Locale
}

/** The locale for dates and numbers: the browser's own variant of the chosen language, where it has one. */
export function formatLocale(): string {
  const chosen = currentLocale()
  return browserLanguages().find((tag) => tag.toLowerCase().startsWith(chosen)) ?? (chosen === 'zh' ? 'zh-CN' : 'en')
}

export function usualLocale(): Locale {
  const stored = localStorage.getItem(CHOSEN)
  if (stored !== null && stored in LOCALES) return stored as Locale
  const known = browserLanguages().map((tag) => tag.slice(0, 2).toLowerCase())
  return (known.find((tag) => tag in LOCALES) as Locale | undefined) ?? 'en'
}

export async function useLocale(locale: Locale): Promise<void> {
  const [messages, words] = await loaders[locale]()
  i18n.global.setLocaleMessage(locale, messages.default)
  i18n.global.locale.value = locale
  libraryWords.value = words.default
  document.documentElement.lang = locale === 'zh' ? 'zh-CN' : 'en'
}

export async function chooseLocale(locale: Locale): Promise<void> {
  await useLocale(locale)
  localStorage.setItem(CHOSEN, locale)
}

function browserLanguages(): readonly string[] {
  return globalThis.navigator?.languages ?? ['en']
}
