// What a server of one's own is needed for: its first start, and its end.
import { expect } from '@playwright/test'
import { choose, createClientKey, createService, logIn, UPSTREAM, USER } from './helpers'
import { misdeeds } from './looks'
import { test } from './servers'

test('the first run leads from the password that was shown to the first answer', async ({ page, server }) => {
  const found = misdeeds(page)
  await page.goto('/')
  await expect(page).toHaveURL(/\/login/)
  await page.getByText('Here for the first time?').click()
  await expect(page.getByText('The first start of the server shows the password')).toBeVisible()
  await page.locator('input[name=username]').fill(USER)
  await page.locator('input[name=password]').fill(server.password)
  await page.getByRole('button', { name: 'Log in' }).click()

  const steps = page.getByRole('listitem').filter({ has: page.locator('.mark') })
  await expect(page.getByText('Four steps to the first answer')).toBeVisible()
  await expect(steps).toHaveCount(4)
  await page.getByRole('link', { name: 'Create one' }).click()
  await page.getByRole('button', { name: 'Anthropic https://' }).click()
  await expect(page.getByTestId('service-name')).toHaveValue('Anthropic')
  await page.getByTestId('service-target').fill(`${UPSTREAM}/v1`)
  await page.getByRole('button', { name: 'Create the service' }).click()
  await expect(page.getByRole('heading', { name: 'Anthropic' })).toBeVisible()

  await page.goto('/')
  await expect(steps.first()).toContainText('done')
  await page.getByRole('link', { name: 'Add keys' }).click()
  await page.getByRole('button', { name: 'Import' }).first().click()
  await page.getByTestId('import-text').fill('sk-first-1\nsk-first-2')
  await page.getByRole('button', { name: 'Import 2' }).click()
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await expect(page.locator('.shown')).toHaveText('2 keys')

  const value = await createClientKey(page, 'first program')
  await page.goto('/playground')
  await page.getByRole('textbox', { name: 'Client key' }).fill(value)
  await choose(page, 'Format', 'Anthropic Messages')
  await expect(page.locator('.settings').getByText('mock', { exact: true })).toBeVisible()
  await page.getByTestId('playground-text').fill('Hello')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('answered-by')).toContainText('HTTP 200')
  expect(found).toEqual([])
})

test('a server that dies is told, loses nothing that was typed, and is found again', async ({ page, server }) => {
  await logIn(page, '/', server.password)
  await createService(page, { slug: 'lasting', target: `${UPSTREAM}/x` })
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByTestId('service-name').fill('typed before it died')
  await server.kill()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  const lost = page.getByText('The server does not answer. Trying again by itself')
  await expect(lost).toBeVisible()
  await expect(page.locator('form').getByText('The server does not answer.', { exact: true })).toBeVisible()
  await expect(page.getByTestId('service-name')).toHaveValue('typed before it died')
  await expect(page.getByRole('heading', { name: 'lasting' })).toBeVisible()

  const live = page.locator('header').getByRole('status')
  await expect(live).toHaveText('No connection')
  await server.start()
  await expect(lost).toBeHidden({ timeout: 20_000 })
  await expect(live).toHaveText('Live')
  await expect(page.getByTestId('service-name')).toHaveValue('typed before it died')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'typed before it died' })).toBeVisible()
})

test('a screen that is opened while the server is away is shown as soon as it is back', async ({ page, server }) => {
  await logIn(page, '/', server.password)
  await page.getByRole('link', { name: 'Usage' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Usage' })).toBeVisible()
  await server.kill()
  const lost = page.getByText('The server does not answer. Trying again by itself')
  // Its file was not loaded before: what is seen stays.
  await page.getByRole('link', { name: 'Audit log' }).click()
  await expect(lost).toBeVisible()
  await expect(page.getByRole('heading', { level: 1, name: 'Usage' })).toBeVisible()
  // One that was loaded tells that it has nothing to show.
  await page.getByRole('link', { name: 'Overview' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible()
  await expect(page.getByText('This could not be loaded')).toBeVisible()
  await page.getByRole('link', { name: 'Audit log' }).click()
  await server.start()
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible({ timeout: 20_000 })
  await expect(page.getByRole('cell', { name: USER, exact: true }).first()).toBeVisible()
  await expect(lost).toBeHidden()
})
