// For everyone: both languages, both themes, a phone, a keyboard, a screen reader.
import { expect, test, type Page } from '@playwright/test'
import { call, createClientKey, createService, logIn, openService, SCREENS, unique, UPSTREAM } from './helpers'
import { isTooWide, loaded, misdeeds, open, rawMessages, seriousProblems } from './looks'

const THEMES = ['light', 'dark'] as const
/** Screens of a service that has something to show; names are long, since those are what does not fit. */
let shown = 0

test.beforeAll(async ({ browser }) => {
  const page = await browser.newPage({ locale: 'en-GB' })
  await logIn(page)
  const slug = unique('a-service-whose-name-is-about-as-long-as-names-become')
  const keys = ['good', 'limited', 'revoked', 'broke'].map((name) => `sk-${name}-${slug}`)
  await createService(page, { slug, preset: 'OpenAI https://api.openai.com/v1', target: `${UPSTREAM}/v1`, keys })
  shown = openService(page)
  await page.getByRole('tab', { name: 'Settings' }).click()
  const settings = await call<Record<string, unknown>>(page, 'GET', `proxy-configs/${shown}`)
  const { id: _id, api_keys: _keys, api_key_count: _count, active_key_count: _active, created_at: _c, updated_at: _u, ...body } = settings
  await call(page, 'PUT', `proxy-configs/${shown}`, { ...body, log_requests: 'bodies' })
  const value = await createClientKey(page, unique('a-program-with-a-long-name-too'), 1000)
  const data = { model: 'mock', messages: [{ role: 'user', content: 'Something to show' }] }
  for (let at = 0; at < 6; at += 1) await page.request.post(`/llm/${slug}/chat/completions`, { headers: { authorization: `Bearer ${value}` }, data })
  await call(page, 'POST', 'webhooks', { name: unique('hook'), url: `${UPSTREAM}/a/long/address/of/a/webhook/${'x'.repeat(60)}`, events: ['key.dead'], services: [], is_enabled: false })
  await call(page, 'POST', 'tokens', { name: unique('token'), scope: 'viewer', expires_in_days: 3 })
  await page.close()
})

const screens = (): string[] => [...SCREENS, ...['', '/connect', '/settings'].map((tab) => `/services/${shown}${tab}`), '/nowhere']

for (const locale of ['en-GB', 'zh-CN']) {
  test.describe(locale, () => {
    test.use({ locale })

    test('every screen speaks the language of the browser, and axe finds nothing serious in either theme', async ({ page }) => {
      const found = misdeeds(page)
      await page.goto('/login')
      await expect(page.locator('input[name=username]')).toBeVisible()
      await inBothThemes(page, '/login')
      await logIn(page)
      await expect(page.locator('html')).toHaveAttribute('lang', locale === 'zh-CN' ? 'zh-CN' : 'en')
      for (const path of screens()) {
        await page.goto(path)
        await loaded(page)
        await inBothThemes(page, path)
        expect.soft(await rawMessages(page), path).toEqual([])
        expect.soft(await isTooWide(page), path).toBeLessThanOrEqual(0)
      }
      expect(found).toEqual([])
    })

    test('what opens over a screen has nothing serious against it either', async ({ page }) => {
      test.setTimeout(180_000)
      await logIn(page)
      const dialog = page.getByRole('dialog')
      const look = async (what: string): Promise<void> => {
        await expect(dialog).toBeVisible()
        await inBothThemes(page, what)
        expect.soft(await rawMessages(page), what).toEqual([])
      }
      for (const [path, opener] of [['/client-keys', 'create-client-key'], ['/settings/tokens', 'create-token'], ['/settings/users', 'create-user'], ['/settings/webhooks', 'create-webhook'], ['/settings/prices', 'set-price']] as const) {
        await open(page, path)
        await page.getByTestId(opener).click()
        await look(opener)
      }
      await open(page, '/services')
      await page.getByTestId('create-service').click()
      await look('the presets')
      await page.getByTestId('preset-generic').click()
      await look('the form of a service')
      for (const section of await dialog.locator('summary').all()) await section.click()
      await look('all fields of a service')

      await open(page, `/services/${shown}`)
      await page.getByRole('button', { name: locale === 'zh-CN' ? '导入' : 'Import' }).first().click()
      await page.getByTestId('import-text').fill('sk-one\nsk-one\nkéy')
      await expect(page.getByTestId('import-preview')).toBeVisible()
      await look('the import')
      await open(page, '/requests')
      await page.getByRole('row').nth(1).getByRole('button').click()
      await look('a request')
      await open(page, '/client-keys')
      await page.getByRole('row').nth(1).getByRole('button').first().click()
      await expect(page.getByTestId('client-key-detail')).toBeVisible()
      await look('a client key')
    })
  })
}

/** Axe in light and dark. */
async function inBothThemes(page: Page, what: string): Promise<void> {
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme })
    await expect.soft(page.locator('html')).toHaveClass(colorScheme === 'dark' ? /dark/ : /^(?!.*dark)/)
    expect.soft(await seriousProblems(page), `${what}, ${colorScheme}`).toEqual([])
  }
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true })

  test('every screen fits and the menu opens', async ({ page }) => {
    await logIn(page)
    for (const path of screens()) {
      await page.goto(path)
      await loaded(page)
      expect.soft(await isTooWide(page), path).toBeLessThanOrEqual(0)
    }
    await page.goto('/')
    await page.getByRole('button', { name: 'Menu', exact: true }).click()
    expect(await seriousProblems(page), 'the menu').toEqual([])
    await page.getByRole('link', { name: 'Usage' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Usage' })).toBeVisible()
  })

  test('a service is made and gets keys', async ({ page }) => {
    await logIn(page)
    const slug = unique('phone')
    await createService(page, { slug, target: `${UPSTREAM}/x` })
    await page.getByRole('button', { name: 'Import' }).first().click()
    await page.getByTestId('import-text').fill('one\ntwo\nthree')
    await page.getByRole('button', { name: 'Import 3' }).click()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await expect(page.locator('.shown')).toHaveText('3 keys')
    await expect(page.locator('[aria-rowindex="3"]')).toBeInViewport()
    expect(await isTooWide(page)).toBeLessThanOrEqual(0)
  })
})

test.describe('in another time zone', () => {
  test.use({ timezoneId: 'Asia/Kolkata', locale: 'en-GB' })

  test('times are local and their zone is shown, on a phone as well', async ({ page }) => {
    await logIn(page)
    const [latest] = await call<{ at: string }[]>(page, 'GET', 'audit?limit=1')
    const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kolkata', dateStyle: 'short', timeStyle: 'medium' }).format(new Date(latest?.at ?? 0))
    await open(page, '/audit')
    await expect(page.getByRole('columnheader', { name: '(GMT+5:30)' })).toBeVisible()
    await expect(page.getByText(local, { exact: true }).first()).toBeVisible()
    await page.setViewportSize({ width: 375, height: 812 })
    await expect(page.locator('header .zone')).toHaveText('GMT+5:30')
    await expect(page.locator('header .zone')).toBeInViewport({ ratio: 1 })
    expect(await isTooWide(page)).toBeLessThanOrEqual(0)
  })
})

test('language and appearance are switched and kept', async ({ page }) => {
  await logIn(page)
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitem', { name: '简体中文' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '概览' })).toBeVisible()
  await page.getByRole('button', { name: '外观' }).click()
  await page.getByRole('menuitem', { name: '深色' }).click()
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: '概览' })).toBeVisible()
  await expect(page.locator('html')).toHaveClass(/dark/)
})

test('the page is used by keyboard alone', async ({ page }) => {
  await logIn(page)
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('#main')).toBeFocused()
  await page.goto('/services')
  await page.getByTestId('create-service').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(page.getByTestId('create-service')).toBeFocused()
})
