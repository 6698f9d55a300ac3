// What goes wrong: it stands beside its field, and what was typed stays.
import { expect, test, type Page } from '@playwright/test'
import { call, createService, logIn, openService, problemBeside, unique, UPSTREAM } from './helpers'

interface Refused {
  form: string
  path: string
  opener: string
  save: string
  /** What is typed, by label; the first field is the one that the server refuses. */
  typed: [label: string, value: string][]
  says: RegExp
}

const long = 'x'.repeat(300)
const FORMS: Refused[] = [
  { form: 'client key', path: '/client-keys', opener: 'create-client-key', save: 'Make the key', typed: [['Name', long], ['Requests a minute', '7']], says: /^must have 1 to \d+/ },
  { form: 'token', path: '/settings/tokens', opener: 'create-token', save: 'Make the token', typed: [['Name', long], ['Works for so many days', '12']], says: /^must have 1 to \d+/ },
  { form: 'user', path: '/settings/users', opener: 'create-user', save: 'Save', typed: [['Password', 'short'], ['Name', unique('someone')]], says: /^must have \d+ to \d+ characters/ },
  { form: 'webhook', path: '/settings/webhooks', opener: 'create-webhook', save: 'Save', typed: [['Address', 'ftp://nowhere'], ['Name', 'A program']], says: /URL/ },
  { form: 'price', path: '/settings/prices', opener: 'set-price', save: 'Save', typed: [['Model', long], ['Prompt', '0.123456']], says: /^must have/ },
]

test('each form shows what the server refuses beside its field, and keeps what was typed', async ({ page }) => {
  await logIn(page)
  for (const { form, path, opener, save, typed, says } of FORMS) {
    await test.step(form, async () => {
      await page.goto(path)
      await page.getByTestId(opener).click()
      const dialog = page.getByRole('dialog')
      const field = (label: string) => dialog.getByLabel(label, { exact: true })
      for (const [label, value] of typed) await field(label).fill(value)
      await dialog.getByRole('button', { name: save }).click()
      await expect(problemBeside(field(typed[0]?.[0] ?? ''))).toHaveText(says)
      for (const [label, value] of typed) await expect(field(label)).toHaveValue(value)
      await expect(dialog.getByRole('alert').filter({ hasText: /./ }).locator('svg')).toHaveCount(0)
    })
  }
})

test('the fields of a service say what is wrong with them, one by one', async ({ page }) => {
  await logIn(page)
  const slug = unique('twice')
  await createService(page, { slug, target: `${UPSTREAM}/x` })
  await page.goto('/services')
  await page.getByTestId('create-service').click()
  await page.getByTestId('preset-generic').click()
  await page.getByTestId('service-name').fill('Another name')
  await page.getByTestId('service-slug').fill(slug)
  await page.getByTestId('service-target').fill('ftp://nowhere')
  await page.getByTestId('first-keys').fill('sk-typed')
  await page.getByRole('button', { name: 'Create the service' }).click()
  await expect(problemBeside(page.getByTestId('service-target'))).not.toBeEmpty()
  await page.getByTestId('service-target').fill(`${UPSTREAM}/y`)
  await page.getByRole('button', { name: 'Create the service' }).click()
  await expect(problemBeside(page.getByTestId('service-slug'))).toHaveText('is taken')
  await expect(page.getByTestId('service-name')).toHaveValue('Another name')
  await expect(page.getByTestId('first-keys')).toHaveValue('sk-typed')
})

test('a key that is there already is refused beside its field', async ({ page }) => {
  await logIn(page)
  const slug = unique('same')
  await createService(page, { slug, target: `${UPSTREAM}/x`, keys: [`key-${slug}`] })
  await page.getByRole('button', { name: 'Add a key' }).click()
  const value = page.getByTestId('key-value')
  await value.fill(`key-${slug}`)
  await page.getByLabel('Label', { exact: true }).fill('typed beside it')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(problemBeside(value)).toHaveText('is taken')
  await expect(page.getByLabel('Label', { exact: true })).toHaveValue('typed beside it')
  await value.fill(`other-${slug}`)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.locator('.shown')).toHaveText('2 keys')
})

test('a service that somebody else changed is not written over unasked', async ({ page }) => {
  await logIn(page)
  const slug = unique('shared')
  await createService(page, { slug, target: `${UPSTREAM}/x` })
  const id = openService(page)
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByTestId('service-name').fill(`${slug} mine`)
  await call(page, 'PUT', `proxy-configs/${id}/status`, { is_active: false })
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('Somebody else changed this service')).toBeVisible()
  await expect(page.getByTestId('service-name')).toHaveValue(`${slug} mine`)
  await page.getByRole('button', { name: 'Save mine over it' }).click()
  await expect(page.getByRole('heading', { name: `${slug} mine` })).toBeVisible()
})

test('what cannot be deleted any more, or is refused, leaves the page as it is', async ({ page }) => {
  await logIn(page, '/settings/users')
  // The last administrator stays: the server answers 409 without a field.
  await page.getByRole('row', { name: 'admin' }).getByRole('button', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('May not log in').locator('..').click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByRole('alert').first()).not.toBeEmpty()
  await expect(dialog).toBeVisible()
  await dialog.getByRole('button', { name: 'Cancel' }).click()

  // Somebody else deleted the service meanwhile.
  const slug = unique('gone')
  await createService(page, { slug, target: `${UPSTREAM}/x` })
  const id = openService(page)
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByTestId('service-name').fill(`${slug} typed`)
  expect((await page.request.delete(`/api/admin/proxy-configs/${id}`, { headers: { 'x-rotator-csrf': '1' } })).ok()).toBe(true)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('It is not there any more.').first()).toBeVisible()
  await expect(page.getByTestId('service-name')).toHaveValue(`${slug} typed`)
})

test('what was said in vain in the playground can be sent again', async ({ page }) => {
  await logIn(page)
  const slug = unique('vain')
  await createService(page, { slug, preset: 'OpenAI https://api.openai.com/v1', target: `${UPSTREAM}/v1`, keys: [`sk-revoked-${slug}`] })
  const id = openService(page)
  await page.goto(`/playground?service=${id}`)
  await page.getByTestId('playground-make-key').click()
  await expect(page.getByTestId('playground-key')).toHaveValue(/^rk-/)
  // The list of models is refused as well: one is typed.
  await page.getByLabel('Model', { exact: true }).fill('mock')
  await page.getByRole('option', { name: 'mock', exact: true }).click()
  await page.getByTestId('playground-text').fill('Is anybody there?')
  await page.keyboard.press('Enter')
  await expect(page.locator('article.assistant').getByRole('alert')).not.toBeEmpty()
  await expect(page.getByTestId('playground-text')).toHaveValue('Is anybody there?')
  await call(page, 'POST', `proxy-configs/${id}/keys`, { key_value: `sk-good-${slug}` })
  await page.getByTestId('playground-text').press('Enter')
  await expect(page.locator('article.assistant').last().getByTestId('answered-by')).toContainText('HTTP 200')
  await expect(page.getByTestId('playground-text')).toHaveValue('')
})

test('an address that is nowhere, and a service that is not there, are told', async ({ page }) => {
  await logIn(page, '/nowhere/at/all')
  await expect(page.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible()
  await page.goto('/services/999999')
  await expect(page.getByText('It is not there any more.')).toBeVisible()
  await noBlankPage(page)
})

async function noBlankPage(page: Page): Promise<void> {
  await expect(page.getByRole('navigation')).toBeVisible()
  await expect(page.locator('#main')).not.toBeEmpty()
}
