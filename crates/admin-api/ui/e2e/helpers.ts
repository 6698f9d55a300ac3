// What the tests of the page share.
import { expect, type Locator, type Page } from '@playwright/test'

export const USER = process.env.ROTATOR_UI_USER ?? 'admin'
export const PASSWORD = process.env.ROTATOR_UI_PASSWORD ?? ''
export const UPSTREAM = process.env.MOCK_UPSTREAM_URL ?? 'http://127.0.0.1:8472'

export const SCREENS = ['/', '/services', '/client-keys', '/playground', '/usage', '/requests', '/audit', '/nodes', '/settings', '/settings/tokens', '/settings/users', '/settings/webhooks', '/settings/prices']

let number = 0
/** A name that no other test of this run or an earlier one has. */
export const unique = (name: string): string => `${name}-${Date.now().toString(36)}${(number += 1)}`

export async function logIn(page: Page, path = '/', password = PASSWORD): Promise<void> {
  await page.goto('/login')
  await page.locator('input[name=username]').fill(USER)
  await page.locator('input[name=password]').fill(password)
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

/** A call of the API with the page's session, for what a test needs and is not about. */
export async function call<Answer>(page: Page, method: 'POST' | 'PUT' | 'PATCH' | 'GET', path: string, data?: unknown): Promise<Answer> {
  const answered = await page.request.fetch(`/api/admin/${path}`, { method, data, headers: { 'x-rotator-csrf': '1' } })
  expect(answered.ok(), `${method} ${path}: ${answered.status()} ${answered.ok() ? '' : await answered.text()}`).toBe(true)
  return (await answered.json()) as Answer
}

/** The number of the service that is open. */
export const openService = (page: Page): number => Number(/services\/(\d+)/.exec(page.url())?.[1])

/** What a form says against a field. */
export const problemBeside = (input: Locator): Locator =>
  input.locator('xpath=ancestor::*[contains(concat(" ", @class, " "), " el-form-item ")][1]').locator('.el-form-item__error')

/** Makes a client key through the page and gives its value. */
export async function createClientKey(page: Page, name: string, rpd?: number): Promise<string> {
  await page.goto('/client-keys')
  await page.getByTestId('create-client-key').click()
  await page.getByTestId('client-key-name').fill(name)
  if (rpd !== undefined) await page.getByLabel('Requests a day').fill(String(rpd))
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
