// How a screen looks to everybody: whether it can be used, is readable, and fits.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, type Page } from '@playwright/test'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  id: string
  impact: string
  nodes: { html: string; failureSummary: string }[]
}

/** Waits until all has moved, faded and changed its colour that does so once. What is folded away never ends. */
const still = (page: Page): Promise<unknown> =>
  page.evaluate(async () => {
    const frame = (): Promise<unknown> => new Promise(requestAnimationFrame)
    await frame()
    await frame()
    const passing = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
    const late = new Promise((resolve) => setTimeout(resolve, 1000))
    await Promise.race([Promise.allSettled(passing.map(({ finished }) => finished)), late])
    await frame()
  })

/** What axe finds that is serious or worse. */
export async function seriousProblems(page: Page): Promise<string[]> {
  // Colours that are on their way to others are nobody's.
  await still(page)
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  return page.evaluate(async () => {
    const { run } = (window as unknown as { axe: { run: (context: Document, options: object) => Promise<{ violations: Violation[] }> } }).axe
    const { violations } = await run(document, { resultTypes: ['violations'] })
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} (${failureSummary})`).join('; ')}`)
  })
}

/** Opens a screen and waits until what it shows is there. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await loaded(page)
}

export async function loaded(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.getByRole('status').filter({ hasText: /^(Loading|正在加载)$/ })).toHaveCount(0)
}

/** Texts that are the names of messages, which nobody shall see. */
export async function rawMessages(page: Page): Promise<string[]> {
  const text = await page.locator('body').innerText()
  return text.match(/\b(?:audit|clientKeys|common|format|keys|limits|nav|nodes|overview|playground|prices|problems|requests|service|services|session|settings|tokens|usage|users|webhooks)\.[a-zA-Z]\w+/g) ?? []
}

export const isTooWide = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)

/** Notes whatever the page does that it must not: errors of scripts, refusals of the policy, calls of other hosts. */
export function misdeeds(page: Page): string[] {
  const found: string[] = []
  page.on('console', (message) => message.text().includes('Content Security Policy') && found.push(message.text()))
  page.on('pageerror', (error) => found.push(String(error)))
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url())
    if (protocol.startsWith('http') && host !== new URL(page.url()).host && page.url() !== 'about:blank') found.push(`asks ${host}`)
  })
  return found
}
