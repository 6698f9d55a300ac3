// For everyone: both languages, both themes, a phone, a keyboard, a screen reader.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test, type Page } from '@playwright/test'
import { isTooWide, logIn, rawMessages, SCREENS } from './helpers'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

async function seriousProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const { run } = (window as unknown as { axe: { run: (context: Document) => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } }).axe
    const { violations } = await run(document)
    return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`)
  })
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.getByRole('status', { name: /Loading|正在加载/ })).toHaveCount(0)
}

for (const [locale, colorScheme] of [['en-GB', 'light'], ['zh-CN', 'dark']] as const) {
  test.describe(`${locale}, ${colorScheme}`, () => {
    test.use({ locale, colorScheme })

    test('every screen speaks the language of the browser and has nothing serious against it', async ({ page }) => {
      const refused: string[] = []
      page.on('console', (message) => message.text().includes('Content Security Policy') && refused.push(message.text()))
      page.on('pageerror', (error) => refused.push(String(error)))
      await logIn(page)
      await expect(page.locator('html')).toHaveAttribute('lang', locale === 'zh-CN' ? 'zh-CN' : 'en')
      for (const path of SCREENS) {
        await open(page, path)
        expect.soft(await rawMessages(page), path).toEqual([])
        expect.soft(await isTooWide(page), path).toBeLessThanOrEqual(0)
        expect.soft(await seriousProblems(page), path).toEqual([])
      }
      expect(refused).toEqual([])
    })

    test('what opens over a screen has nothing serious against it either', async ({ page }) => {
      await logIn(page)
      for (const [path, opener] of [['/services', 'create-service'], ['/client-keys', 'create-client-key'], ['/settings/tokens', 'create-token'], ['/settings/users', 'create-user'], ['/settings/webhooks', 'create-webhook'], ['/settings/prices', 'set-price']] as const) {
        await open(page, path)
        await page.getByTestId(opener).click()
        const dialog = page.getByRole('dialog')
        await expect(dialog).toBeVisible()
        // While it fades in, its colours are not yet its own.
        await expect.poll(() => seriousProblems(page), { message: path }).toEqual([])
        expect.soft(await rawMessages(page), path).toEqual([])
        if (opener !== 'create-service') continue
        await page.getByTestId('preset-generic').click()
        await expect.poll(() => seriousProblems(page), { message: 'the form of a service' }).toEqual([])
        for (const section of await dialog.locator('summary').all()) await section.click()
        await expect.poll(() => seriousProblems(page), { message: 'all fields of a service' }).toEqual([])
      }
    })
  })
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 375, height: 812 } })

  test('every screen fits and the menu opens', async ({ page }) => {
    await logIn(page)
    for (const path of SCREENS) {
      await open(page, path)
      expect.soft(await isTooWide(page), path).toBeLessThanOrEqual(0)
    }
    await page.getByRole('button', { name: 'Menu', exact: true }).click()
    await page.getByRole('link', { name: 'Usage' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Usage' })).toBeVisible()
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
