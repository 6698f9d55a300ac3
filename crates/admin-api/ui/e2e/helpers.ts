// What the tests of the page share.
import { expect, type Page } from '@playwright/test'

export const USER = process.env.ROTATOR_UI_USER ?? 'admin'
export const PASSWORD = process.env.ROTATOR_UI_PASSWORD ?? ''
export const UPSTREAM = process.env.MOCK_UPSTREAM_URL ?? 'http://127.0.0.1:8472'

export const SCREENS = ['/', '/services', '/client-keys', '/playground', '/usage', '/requests', '/audit', '/nodes', '/settings', '/settings/tokens', '/settings/users', '/settings/webhooks', '/settings/prices']

let number = 0
/** A name that no other test of this run or an earlier one has. */
export const unique = (name: string): string => `${name}-${Date.now().toString(36)}${(number += 1)}`

export async function logIn(page: Page, path = '/'): Promise<void> {
  await page.goto('/login')
  await page.locator('input[name=username]').fill(USER)
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page.locator('#main')).toBeAttached()
  if (path !== '/') await page.goto(path)
}

interface Wanted {
  slug: string
  preset?: string
  target: string
  keys?: string[]
}

/** Makes a service through the page and leaves its keys open. */
export async function createService(page: Page, { slug, preset, target, keys = [] }: Wanted): Promise<void> {
  await page.goto('/services')
  await page.getByTestId('create-service').click()
  if (preset === undefined) await page.getByTestId('preset-generic').click()
  else await page.getByRole('button', { name: preset }).click()
  await page.getByTestId('service-name').fill(slug)
  await page.getByTestId('service-slug').fill(slug)
  await page.getByTestId('service-target').fill(target)
  if (keys.length > 0) await page.getByTestId('first-keys').fill(keys.join('\n'))
  await page.getByRole('button', { name: 'Create the service' }).click()
  await expect(page).toHaveURL(/\/services\/\d+$/)
  await expect(page.getByRole('heading', { name: slug })).toBeVisible()
}

/** Makes a client key through the page and gives its value. */
export async function createClientKey(page: Page, name: string, rpm?: number): Promise<string> {
  await page.goto('/client-keys')
  await page.getByTestId('create-client-key').click()
  await page.getByTestId('client-key-name').fill(name)
  if (rpm !== undefined) await page.getByLabel('Requests a minute').fill(String(rpm))
  await page.getByRole('button', { name: 'Make the key' }).click()
  const value = await page.getByTestId('secret').locator('code').innerText()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  return value
}

/** Sets a list of choices; what shows its value lies over the field that has the label. */
export async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByLabel(label).click({ force: true })
  await page.getByRole('option', { name: option, exact: true }).click()
}

/** Texts that are the names of messages, which nobody shall see. */
export async function rawMessages(page: Page): Promise<string[]> {
  const text = await page.locator('body').innerText()
  return text.match(/\b(?:audit|clientKeys|common|format|keys|limits|nav|nodes|overview|playground|prices|problems|requests|service|services|session|settings|tokens|usage|users|webhooks)\.[a-zA-Z]\w+/g) ?? []
}

export const isTooWide = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
