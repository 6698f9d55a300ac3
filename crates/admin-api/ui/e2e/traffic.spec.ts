import { expect, test } from '@playwright/test'
import { choose, createClientKey, createService, logIn, unique, UPSTREAM } from './helpers'

test('a limited key is seen cooling with a countdown, and comes back by itself', async ({ page }) => {
  await logIn(page)
  const value = await createClientKey(page, unique('cooling'))
  const slug = unique('cooling')
  await createService(page, { slug, target: `${UPSTREAM}/status`, keys: [`key-${slug}`] })
  await expect(page.locator('[aria-rowindex="1"]').getByText('active')).toBeVisible()
  const answered = await page.request.get(`/proxy/${slug}/429`, { headers: { 'x-proxy-key': value } })
  expect(answered.status()).toBe(429)
  const row = page.locator('[aria-rowindex="1"]')
  await expect(row.getByText('cooling')).toBeVisible()
  await expect(row.getByText(/back in 0:0\d|any moment/)).toBeVisible()
  await expect(row.getByText('limited by the upstream')).toBeVisible()
  await expect(row.getByText('active')).toBeVisible({ timeout: 40_000 })
})

test('the playground streams an answer through the proxy in each format and tells which key gave it', async ({ page }) => {
  await logIn(page)
  const slug = unique('chat')
  await createService(page, { slug, preset: 'OpenAI https://api.openai.com/v1', target: `${UPSTREAM}/v1`, keys: [`sk-${slug}`] })
  const id = /services\/(\d+)/.exec(page.url())?.[1]
  await page.goto(`/playground?service=${id}`)
  await page.getByTestId('playground-make-key').click()
  await expect(page.getByTestId('playground-key')).toHaveValue(/^rk-/)
  // The model comes from the service's own list.
  await expect(page.locator('.settings').getByText('mock', { exact: true })).toBeVisible()
  for (const format of ['OpenAI Chat Completions', 'OpenAI Responses', 'Anthropic Messages', 'Gemini']) {
    await choose(page, 'Format', format)
    await page.getByTestId('playground-text').fill(`Hello in ${format}`)
    await page.keyboard.press('Enter')
    const answer = page.locator('article.assistant').last()
    await expect(answer.getByTestId('answered-by')).toContainText('HTTP 200')
    await expect(answer.getByTestId('answered-by')).toContainText('key #')
    await expect(answer.getByTestId('answered-by')).toContainText('whole')
    await expect(answer.locator('.said')).not.toBeEmpty()
    await expect(answer.getByRole('alert')).toHaveCount(0)
    await page.getByRole('button', { name: 'Clear the chat' }).click()
  }
})

test('a client key is stopped at its limit, its standing tells, and the usage counts', async ({ page }) => {
  await logIn(page)
  const [slug, name] = [unique('limit'), unique('shop')]
  await createService(page, { slug, preset: 'OpenAI https://api.openai.com/v1', target: `${UPSTREAM}/v1`, keys: [`sk-${slug}`] })
  const value = await createClientKey(page, name, 2)
  const ask = () =>
    page.request.post(`/llm/${slug}/chat/completions`, {
      headers: { authorization: `Bearer ${value}` },
      data: { model: 'mock', messages: [{ role: 'user', content: 'Hello' }] },
    })
  const statuses = [(await ask()).status(), (await ask()).status(), (await ask()).status()]
  expect(statuses).toEqual([200, 200, 429])

  await page.goto('/client-keys')
  await page.getByRole('button', { name, exact: true }).click()
  const detail = page.getByTestId('client-key-detail')
  await expect(detail.getByText('Requests a day')).toBeVisible()
  await expect(detail.getByText('2 / 2')).toBeVisible()
  await expect(detail.getByText(/begins anew in/)).toBeVisible()

  await page.goto('/usage')
  const row = page.getByRole('row', { name: new RegExp(slug) })
  await expect(row).toBeVisible({ timeout: 30_000 })
  await page.getByText('Client key', { exact: true }).last().click()
  await expect(page.getByRole('row', { name: new RegExp(name) })).toBeVisible()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()])
  expect(download.suggestedFilename()).toBe('usage-by-client.csv')
})

test('a client key is rotated, switched off and deleted', async ({ page }) => {
  await logIn(page)
  const name = unique('worker')
  const first = await createClientKey(page, name)
  const actions = page.getByRole('button', { name: `Actions for ${name}` })
  await actions.click()
  await page.getByRole('menuitem', { name: 'New value' }).click()
  await page.getByRole('button', { name: 'New value' }).click()
  const second = await page.getByTestId('secret').locator('code').innerText()
  expect(second).not.toBe(first)
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await actions.click()
  await page.getByRole('menuitem', { name: 'Disable' }).click()
  await expect(page.getByRole('row', { name: new RegExp(name) }).getByText('disabled')).toBeVisible()
  await actions.click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByTestId('typed-word').fill(name)
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the client key' }).click()
  await expect(page.getByRole('row', { name: new RegExp(name) })).toHaveCount(0)
})

test('requests that a service keeps are searched and followed', async ({ page }) => {
  await logIn(page)
  const slug = unique('kept')
  await createService(page, { slug, preset: 'OpenAI https://api.openai.com/v1', target: `${UPSTREAM}/v1`, keys: [`sk-${slug}`] })
  const id = /services\/(\d+)/.exec(page.url())?.[1]
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByText('Request log', { exact: true }).click()
  await choose(page, 'What is kept of requests', 'metadata and bodies')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('Saved', { exact: true })).toBeVisible()
  const value = await createClientKey(page, unique('kept'))
  await page.goto(`/requests?service=${id}`)
  await page.getByTestId('tail').click()
  await expect(page.getByText('New requests appear at the top.')).toBeVisible()
  const data = { model: 'mock', messages: [{ role: 'user', content: 'Keep this' }] }
  expect((await page.request.post(`/llm/${slug}/chat/completions`, { headers: { authorization: `Bearer ${value}` }, data })).ok()).toBe(true)
  await expect(page.getByRole('row', { name: new RegExp(slug) })).toBeVisible()
  await page.getByRole('row', { name: new RegExp(slug) }).click()
  const detail = page.getByRole('dialog')
  await expect(detail.getByText('POST')).toBeVisible()
  await expect(detail.getByText('Keep this')).toBeVisible()
})
