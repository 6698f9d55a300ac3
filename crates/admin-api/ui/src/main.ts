import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { watchWith } from './api/client'
import { i18n, useLocale, usualLocale } from './i18n'
import { router } from './router'
import { useConnection } from './stores/connection'
import { usePreferences } from './stores/preferences'
import { useSession } from './stores/session'
import './styles/index.css'

async function start(): Promise<void> {
  const app = createApp(App).use(createPinia()).use(i18n)
  usePreferences()
  const session = useSession()
  watchWith({ reached: useConnection().reached, expired: session.expired })
  await useLocale(usualLocale())
  app.use(router).mount('#app')
}

void start()
