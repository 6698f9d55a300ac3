// Every message is there in every language, with the same values in it, and every message that a screen names exists.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(__dirname, '../src')
const locales = ['en', 'zh'] as const

function messages(locale: string): Map<string, string> {
  const folder = join(root, 'locales', locale)
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return new Map(
    files.flatMap((name) => {
      const words = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, string>
      return Object.entries(words).map(([key, text]): [string, string] => [`${name.replace('.json', '')}.${key}`, text])
    }),
  )
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'locales' ? [] : sources(path)
    return /\.(vue|ts)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [readFileSync(path, 'utf8')] : []
  })
}

const values = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''))].sort()

describe('messages', () => {
  const [english, chinese] = locales.map(messages) as [Map<string, string>, Map<string, string>]

  it('are the same in both languages', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('hold the same values in both languages, and none is empty', () => {
    for (const [key, text] of english) {
      expect(values(chinese.get(key) ?? ''), key).toEqual(values(text))
      expect(text.trim(), key).not.toBe('')
      expect(chinese.get(key)?.trim(), key).not.toBe('')
    }
  })

  it('are written as the compiler reads them', () => {
    for (const text of [...english.values(), ...chinese.values()]) expect(text).not.toMatch(/[@|]/)
  })

  const code = sources(root).join('\n')
  const named = [...code.matchAll(/(?:\bt|translate)\(\s*'([\w.]+)'/g), ...code.matchAll(/(?:title|name): '((?:nav|session|common)\.\w+)'/g), ...code.matchAll(/[?:,(] '([a-zA-Z]+\.[a-zA-Z]\w+)'/g)].map(([, key]) => key ?? '')
  const areas = new Set([...english.keys()].map((key) => key.split('.')[0]))

  it('exist wherever they are named', () => {
    const missing = named.filter((key) => areas.has(key.split('.')[0]) && !english.has(key))
    expect([...new Set(missing)]).toEqual([])
  })

  it('begin as those do that are named in part', () => {
    const begun = [...code.matchAll(/(?:\bt|translate)\(`([\w.]+)\$\{/g)].map(([, begin]) => begin ?? '')
    expect(begun.length).toBeGreaterThan(10)
    const missing = begun.filter((begin) => ![...english.keys()].some((key) => key.startsWith(begin)))
    expect([...new Set(missing)]).toEqual([])
  })

  it('are all used', () => {
    const begun = [...code.matchAll(/`([a-zA-Z]+\.[\w]*)\$\{/g)].map(([, begin]) => begin ?? '')
    const unused = [...english.keys()].filter((key) => !code.includes(`'${key}'`) && !begun.some((begin) => key.startsWith(begin)))
    expect(unused).toEqual([])
  })

  it('name every deed that the server writes into the audit log', () => {
    const folder = join(__dirname, '../../src/use_cases')
    const code = readdirSync(folder).filter((name) => name.endsWith('.rs')).map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')
    const deeds = [...code.matchAll(/\.audit(?:_changes)?\(\s*"([a-z_]+\.[a-z_]+)"/g)].map(([, deed]) => deed ?? '')
    expect(deeds.length).toBeGreaterThan(25)
    for (const deed of deeds) expect(english.has(`audit.action_${deed.replace('.', '_')}`), deed).toBe(true)
  })
})
