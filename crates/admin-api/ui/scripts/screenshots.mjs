// Writes every screen in both languages, both themes and on a phone into docs/screenshots. Of a new server it shows the first run first,
// and fills it then, where MOCK_UPSTREAM_URL names an upstream. `cargo xtask ui --screenshots` starts both.
import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium, expect } from '@playwright/test'
import { fill } from './example.mjs'

const base = process.env.ROTATOR_UI_URL ?? 'http://127.0.0.1:4173'
const user = process.env.ROTATOR_UI_USER ?? 'admin'
const password = process.env.ROTATOR_UI_PASSWORD ?? ''
const upstream = process.env.MOCK_UPSTREAM_URL
const folder = fileURLToPath(new URL('../../../../docs/screenshots/', import.meta.url))
const LOCALES = { en: 'en-GB', zh: 'zh-CN' }
const SIZES = { desktop: { width: 1360, height: 900 }, phone: { width: 375, height: 812 } }
const LOOKS = Object.keys(LOCALES).flatMap((language) => [
  { language, colorScheme: 'light', size: 'desktop' },
  { language, colorScheme: 'dark', size: 'desktop' },
  { language, colorScheme: 'light', size: 'phone' },
])
const SCREENS = {
  overview: '/',
  services: '/services',
  'client-keys': '/client-keys',
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
/** What opens over a screen: where, and what is done there. `words` finds what is named by a message. */
const OPENED = {
  presets: ['/services', (page) => page.getByTestId('create-service').click()],
  'new-service': ['/services?create', async (page) => {
    await page.getByRole('button', { name: 'DeepSeek https://' }).click()
    await page.getByTestId('first-keys').fill('sk-one\nsk-two')
  }],
  import: ['/services/:id', async (page, words) => {
    await page.getByRole('button', { name: words.import }).first().click()
    const taken = await page.request.post('/api/admin/proxy-configs/' + idOf(page) + '/keys/export', { headers: { 'x-rotator-csrf': '1' } })
    const known = (await taken.json()).keys[0].key_value
    await page.getByTestId('import-text').fill([...Array.from({ length: 24 }, (_, at) => `sk-proj-of-the-new-account-${at}`), known, 'sk-proj-of-the-new-account-3', 'sk-with-an-ümlaut'].join('\n'))
    await page.getByTestId('import-text').press('ControlOrMeta+Home')
    await page.waitForTimeout(800)
  }],
  'edit-key': ['/services/:id', async (page, words) => {
    await page.locator('[aria-rowindex="7"]').getByRole('button').last().click()
    await page.getByRole('menuitem', { name: words.edit }).click()
  }],
  'new-client-key': ['/client-keys', (page) => page.getByTestId('create-client-key').click()],
  'client-key': ['/client-keys', (page) => page.getByRole('button', { name: 'web shop', exact: true }).click()],
  request: ['/requests', (page) => page.getByRole('row').nth(1).getByRole('button').click()],
  'delete-service': ['/services/:id/settings', (page) => page.getByTestId('delete-service').click()],
  playground: ['/playground?service=:id', async (page) => {
    await page.getByTestId('playground-make-key').click()
    await expect(page.getByTestId('playground-key')).toHaveValue(/^rk-/, { timeout: 60_000 })
    await page.locator('.settings').getByText('fast', { exact: true }).waitFor()
    await page.getByTestId('playground-text').fill('Which key is next?')
    await page.keyboard.press('Enter')
    await page.getByTestId('answered-by').waitFor()
    await page.locator('.el-message').waitFor({ state: 'hidden' })
    await page.getByTestId('playground-text').fill('And after that one?')
  }],
}
const WORDS = { en: { import: 'Import', edit: 'Edit' }, zh: { import: '导入', edit: '编辑' } }
const idOf = (page) => /services\/(\d+)/.exec(page.url())?.[1]

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] })
await mkdir(folder, { recursive: true })
const call = await asked()
let stir = async () => undefined
const isNew = (await call('GET', 'proxy-configs')).length === 0
if (isNew) {
  for (const look of LOOKS) await shoot(look, firstRun)
  if (upstream === undefined) throw new Error('the server is new: MOCK_UPSTREAM_URL names what it is filled with')
  stir = await fill(base, call, upstream)
}
for (const look of LOOKS) await shoot(look, screens)
await browser.close()
// Flat colours fit a palette; the files are then a third as long.
if (spawnSync('pngquant', ['--version']).error === undefined) {
  spawnSync('sh', ['-c', 'pngquant --force --skip-if-larger --quality 80-100 --ext .png *.png'], { cwd: folder, stdio: 'inherit' })
}

/** What asks the admin API. */
async function asked() {
  const request = async (method, path, body, token) => {
    const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    const answer = await fetch(`${base}/api/admin/${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  const { access_token: token } = await request('POST', 'login', { username: user, password })
  return (method, path, body) => request(method, path, body, token)
}

/** Logs in with a look, and takes pictures. */
async function shoot({ language, colorScheme, size }, take) {
  const context = await browser.newContext({ baseURL: base, locale: LOCALES[language], colorScheme, viewport: SIZES[size], isMobile: size === 'phone', hasTouch: size === 'phone' })
  // However busy the machine is.
  context.setDefaultTimeout(300_000)
  const page = await context.newPage()
  const picture = async (screen) => {
    await page.waitForLoadState('load')
    await page.waitForTimeout(900)
    await page.screenshot({ path: `${folder}${screen}-${language}-${size === 'phone' ? 'phone' : colorScheme}.png`, scale: 'css' })
  }
  await page.goto('/login')
  await page.waitForSelector('input[name=username]')
  if (take === firstRun) await picture('login')
  await page.fill('input[name=username]', user)
  await page.fill('input[name=password]', password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('#main')
  await take(page, picture, WORDS[language])
  await context.close()
}

async function firstRun(page, picture) {
  await page.goto('/')
  await picture('first-run')
}

async function screens(page, picture, words) {
  const services = await (await page.request.get('/api/admin/proxy-configs')).json()
  // The pool that has most to show.
  const { id } = services.reduce((best, service) => (service.api_key_count > best.api_key_count ? service : best))
  const all = { ...SCREENS, keys: `/services/${id}`, connect: `/services/${id}/connect`, service: `/services/${id}/settings` }
  for (const [screen, path] of Object.entries(all)) {
    if (screen === 'keys') await stir()
    await page.goto(path)
    await picture(screen)
  }
  for (const [screen, [path, open]] of Object.entries(OPENED)) {
    await page.goto(path.replace(':id', id))
    await page.locator('h1').waitFor()
    await page.waitForTimeout(500)
    await open(page, words)
    await picture(screen)
  }
}
