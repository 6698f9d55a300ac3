// What is done to the keys of a service, one by one and together, and to a service by its menu.
import { readFile } from 'node:fs/promises'
import { expect, test, type Page } from '@playwright/test'
import { call, createService, logIn, openService, unique, UPSTREAM } from './helpers'

const rowAt = (page: Page, at: number) => page.locator(`[aria-rowindex="${at}"]`)

async function act(page: Page, at: number, command: string): Promise<void> {
  await rowAt(page, at).getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: command, exact: true }).click()
}

async function more(page: Page, command: string): Promise<void> {
  await page.locator('.tools').getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: command, exact: true }).click()
}

test('a key gets its weight, tier, group, models and limits, and nothing is lost where somebody else was first', async ({ page }) => {
  await logIn(page)
  const slug = unique('edited')
  await createService(page, { slug, preset: 'OpenAI https://api.openai.com/v1', target: `${UPSTREAM}/v1`, keys: [`sk-${slug}-1`, `sk-${slug}-2`] })
  const id = openService(page)
  await act(page, 1, 'Edit')
  const form = page.getByRole('dialog', { name: 'Edit the key' })
  await form.getByLabel('Label', { exact: true }).fill('Spare')
  await form.getByLabel('Weight', { exact: true }).fill('7')
  await form.getByLabel('Tier', { exact: true }).fill('2')
  await form.getByLabel('Quota group', { exact: true }).fill('west')
  await page.getByRole('option', { name: 'west', exact: true }).click()
  await form.getByLabel('Models', { exact: true }).fill('gpt-*')
  await form.getByLabel('Models', { exact: true }).press('Enter')
  await form.getByLabel('Requests a minute', { exact: true }).fill('60')
  // Meanwhile somebody else changes the same key.
  const [key] = await call<{ id: number }[]>(page, 'GET', `proxy-configs/${id}/keys`)
  await call(page, 'PATCH', `keys/${key?.id}`, { label: 'Theirs' })
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(form.getByRole('alert').first()).toContainText('changed')
  await expect(form.getByLabel('Label', { exact: true })).toHaveValue('Spare')
  await expect(form.getByLabel('Weight', { exact: true })).toHaveValue('7')
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(form).toBeHidden()
  await page.reload()
  await expect(rowAt(page, 1)).toContainText('Spare')
  await expect(rowAt(page, 1)).toContainText('tier 2 · weight 7 · west · gpt-* · RPM 60')
  await expect(rowAt(page, 2)).toContainText('–')
})

test('keys come from files that are chosen or dropped', async ({ page }) => {
  await logIn(page)
  const slug = unique('dropped')
  await createService(page, { slug, target: `${UPSTREAM}/x` })
  await page.getByRole('button', { name: 'Import' }).first().click()
  const file = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
  await page.locator('input[type=file]').setInputFiles([file('one.txt', 'key-1\nkey-2\n'), file('two.txt', 'key-2\nkey-3')])
  await expect(page.getByTestId('import-text')).toHaveValue('key-1\nkey-2\nkey-2\nkey-3')
  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    data.items.add(new File(['key-4\r\nkey-5'], 'three.txt', { type: 'text/plain' }))
    return data
  })
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: dropped })
  await expect(page.getByText('one.txt, two.txt, three.txt')).toBeVisible()
  await expect(page.getByTestId('import-preview')).toContainText('New5')
  await expect(page.getByTestId('import-preview')).toContainText('Come twice1')
  await page.getByRole('button', { name: 'Import 5' }).click()
  await expect(page.getByTestId('import-report')).toContainText('Added5')
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await expect(page.locator('.shown')).toHaveText('5 keys')
})

test('keys are seen in clear only where somebody asks, exported, and all deleted by typing the name', async ({ page }) => {
  await logIn(page)
  const slug = unique('cleared')
  const values = [1, 2, 3].map((at) => `sk-planted-${slug}-${at}`)
  await createService(page, { slug, target: `${UPSTREAM}/x`, keys: values })
  await expect(page.locator('.shown')).toHaveText('3 keys')
  expect(await page.content()).not.toContain(values[0])
  await act(page, 1, 'Show the key')
  const shown = page.getByRole('dialog', { name: 'Show the key' })
  await expect(shown.locator('code')).toHaveText(values[0] ?? '')
  await shown.getByRole('button', { name: 'Hide', exact: true }).click()
  await expect(shown).toBeHidden()
  expect(await page.content()).not.toContain(values[0])

  await more(page, 'Export in clear')
  const confirm = page.getByRole('dialog').filter({ hasText: 'The audit log names you.' })
  const [download] = await Promise.all([page.waitForEvent('download'), confirm.getByRole('button', { name: 'Export in clear' }).click()])
  expect(download.suggestedFilename()).toBe(`${slug}-keys.txt`)
  expect(await readFile(await download.path(), 'utf8')).toBe(`${values.join('\n')}\n`)
  expect(await page.content()).not.toContain(values[0])

  await more(page, 'Delete all keys')
  const deletion = page.getByRole('dialog', { name: 'Delete all keys' })
  await page.getByTestId('typed-word').fill(slug.slice(0, -1))
  await expect(deletion.getByRole('button', { name: 'Delete all', exact: true })).toBeDisabled()
  await page.getByTestId('typed-word').fill(slug)
  await deletion.getByRole('button', { name: 'Delete all', exact: true }).click()
  await expect(page.getByRole('tabpanel').getByText('No keys', { exact: true })).toBeVisible()
})

test('a service is duplicated, its address copied, and told to every kind of client', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await logIn(page)
  const slug = unique('told')
  await createService(page, { slug, preset: 'OpenAI https://api.openai.com/v1', target: `${UPSTREAM}/v1`, keys: [`sk-${slug}`] })
  await page.goto('/services')
  const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText())
  await page.getByLabel('Search services').fill(slug)
  await page.getByRole('row', { name: new RegExp(slug) }).getByRole('button', { name: /^Copy the address/ }).click()
  await expect.poll(clipboard).toBe(`${new URL(page.url()).origin}/llm/${slug}`)

  await page.getByRole('row', { name: new RegExp(slug) }).getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Duplicate', exact: true }).click()
  await expect(page.getByTestId('service-slug')).toHaveValue(`${slug}-copy`)
  await expect(page.getByTestId('service-target')).toHaveValue(`${UPSTREAM}/v1`)
  await page.getByRole('button', { name: 'Create the service' }).click()
  await expect(page.getByRole('heading', { name: `${slug} copy` })).toBeVisible()
  // The keys stay with the first one: an upstream would see them twice.
  await expect(page.getByRole('tabpanel').getByText('No keys', { exact: true })).toBeVisible()

  await page.getByRole('tab', { name: 'Connect' }).click()
  for (const client of ['curl · Chat', 'OpenAI SDK · Python', 'OpenAI SDK · TypeScript', 'curl · Responses', 'Codex', 'curl · Messages', 'Anthropic SDK · Python', 'Claude Code', 'curl · Gemini', 'Google Gen AI SDK · Python']) {
    await expect(page.getByRole('heading', { name: client, exact: true })).toBeVisible()
  }
  await page.getByLabel('Model in the examples').fill('my-model')
  await page.locator('section, .panel', { has: page.getByRole('heading', { name: 'Claude Code', exact: true }) }).last().getByRole('button').click()
  await expect.poll(clipboard).toContain(`export ANTHROPIC_BASE_URL="${new URL(page.url()).origin}/llm/${slug}-copy"`)
  expect(await clipboard()).toContain('export ANTHROPIC_MODEL="my-model"')
})
