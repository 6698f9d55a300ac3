import { expect, test } from '@playwright/test'
import { createService, logIn, unique, UPSTREAM } from './helpers'

test('a service is made from a preset, gets a thousand keys, is tested, and is deleted', async ({ page }) => {
  await logIn(page)
  const slug = unique('pool')
  await createService(page, { slug, preset: 'OpenAI https://api.openai.com/v1', target: `${UPSTREAM}/v1`, keys: [`sk-${slug}-0`, `sk-${slug}-1`] })
  await expect(page.locator('.shown')).toHaveText('2 keys')

  const lines = Array.from({ length: 1000 }, (_, at) => `sk-${slug}-${at}`)
  await page.getByRole('button', { name: 'Import' }).first().click()
  await page.getByTestId('import-text').fill([...lines, lines[5], lines[6], '# a comment', '', 'kéy'].join('\n'))
  const preview = page.getByTestId('import-preview')
  await expect(preview).toContainText('New998')
  await expect(preview).toContainText('There already2')
  await expect(preview).toContainText('Come twice2')
  await expect(preview).toContainText('Bad lines1')
  await page.getByRole('button', { name: 'Import 998' }).click()
  await expect(page.getByTestId('import-report')).toContainText('Added998')
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await expect(page.locator('.shown')).toHaveText('1,000 keys')

  // Only rows in sight are in the page, and the last one can be reached.
  const rows = page.getByRole('table', { name: 'Keys' }).getByRole('row')
  expect(await rows.count()).toBeLessThan(60)
  await page.getByRole('table', { name: 'Keys' }).evaluate((table) => table.scrollTo({ top: table.scrollHeight }))
  await expect(page.locator('[aria-rowindex="1000"] code')).toBeVisible()

  await page.getByLabel('Search keys').fill('-999')
  await expect(page.getByText('1 of 1,000')).toBeVisible()
  await page.getByRole('checkbox', { name: 'Select all' }).locator('..').click()
  await page.getByRole('toolbar').getByRole('button', { name: 'Test' }).click()
  await expect(page.getByTestId('test-result').first()).toContainText('works')
  await page.getByRole('toolbar').getByRole('button', { name: 'Disable' }).click()
  await expect(page.locator('[aria-rowindex="1"]').getByText('disabled')).toBeVisible()
  await page.getByLabel('Search keys').fill('')

  await page.getByRole('button', { name: 'Test all' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Test all' }).click()
  await expect(page.getByTestId('progress')).toContainText('1,000 / 1,000', { timeout: 60_000 })

  await page.getByRole('tab', { name: 'Connect' }).click()
  await expect(page.getByText(`/llm/${slug}/chat/completions`).first()).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Claude Code' })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Codex' })).toBeVisible()

  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByTestId('delete-service').click()
  const confirm = page.getByRole('dialog').getByRole('button', { name: 'Delete for good' })
  await expect(confirm).toBeDisabled()
  await page.getByTestId('typed-word').fill(slug)
  await confirm.click()
  await expect(page).toHaveURL(/\/services$/)
  await expect(page.getByRole('link', { name: slug })).toHaveCount(0)
})
