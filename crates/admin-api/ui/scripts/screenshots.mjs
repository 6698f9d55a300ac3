// Writes every screen in both languages and both themes, and some on a phone, into docs/screenshots. The server should have some
// services with traffic.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'

const base = process.env.ROTATOR_UI_URL ?? 'http://127.0.0.1:4173'
const folder = fileURLToPath(new URL('../../../../docs/screenshots/', import.meta.url))
const LOCALES = { en: 'en-GB', zh: 'zh-CN' }
const THEMES = ['light', 'dark']
const SIZES = { desktop: { width: 1360, height: 900 }, phone: { width: 375, height: 812 } }

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] })
await mkdir(folder, { recursive: true })
for (const [language, locale] of Object.entries(LOCALES)) {
  for (const colorScheme of THEMES) await shoot(language, locale, colorScheme, 'desktop')
  await shoot(language, locale, 'light', 'phone')
}
await browser.close()

async function shoot(language, locale, colorScheme, size) {
  const context = await browser.newContext({ baseURL: base, locale, colorScheme, viewport: SIZES[size] })
  const page = await context.newPage()
  const name = (screen) => `${folder}${screen}-${language}-${size === 'phone' ? 'phone' : colorScheme}.png`
  const still = async () => {
    await page.waitForLoadState('load')
    await page.waitForTimeout(1200)
  }
  await page.goto('/login')
  await page.waitForSelector('input[name=username]')
  await page.screenshot({ path: name('login') })
  await page.fill('input[name=username]', process.env.ROTATOR_UI_USER ?? 'admin')
  await page.fill('input[name=password]', process.env.ROTATOR_UI_PASSWORD ?? '')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#main')
  const listed = await page.request.get('/api/admin/proxy-configs')
  const services = await listed.json()
  // The pool that has most to show.
  const first = services.reduce((best, service) => (service.api_key_count > (best?.api_key_count ?? -1) ? service : best), undefined)
  const screens = {
    overview: '/',
    services: '/services',
    ...(first ? { keys: `/services/${first.id}`, connect: `/services/${first.id}/connect`, service: `/services/${first.id}/settings` } : {}),
    'client-keys': '/client-keys',
    playground: '/playground',
    usage: '/usage',
    requests: '/requests',
    audit: '/audit',
    nodes: '/nodes',
    settings: '/settings',
    tokens: '/settings/tokens',
    users: '/settings/users',
    webhooks: '/settings/webhooks',
    prices: '/settings/prices',
  }
  for (const [screen, path] of Object.entries(screens)) {
    await page.goto(path)
    await still()
    await page.screenshot({ path: name(screen) })
  }
  if (size === 'desktop') {
    await page.goto('/services')
    await page.getByTestId('create-service').click()
    await still()
    await page.screenshot({ path: name('new-service') })
    await page.goto('/client-keys')
    await page.getByTestId('create-client-key').click()
    await still()
    await page.screenshot({ path: name('new-client-key') })
  }
  await context.close()
}
