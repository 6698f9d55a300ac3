import { describe, expect, it } from 'vitest'
import { readKeyLines } from '@/format/keyLines'

describe('lines of keys', () => {
  it('are trimmed, and blanks and comments passed over', () => {
    const found = readKeyLines('  sk-a \r\n\n# note\n"sk-b",\n\'sk-c\';\r')
    expect(found).toEqual({ good: ['sk-a', 'sk-b', 'sk-c'], repeated: 0, bad: [], total: 3 })
  })

  it('count each key once, whatever stands around it', () => {
    const found = readKeyLines('sk-a\nsk-a,\n"sk-a"\nsk-A')
    expect(found.good).toEqual(['sk-a', 'sk-A'])
    expect(found.repeated).toBe(2)
  })

  it('are refused by their place where no header could carry them', () => {
    const found = readKeyLines(`sk-a\nké\n\n${'x'.repeat(4097)}\n${'x'.repeat(4096)}`)
    expect(found.bad).toEqual([
      { line: 2, reason: 'characters' },
      { line: 4, reason: 'length' },
    ])
    expect(found.good).toHaveLength(2)
  })

  it('are read fast, a hundred thousand of them', () => {
    const text = Array.from({ length: 100_000 }, (_, at) => `sk-${at}`).join('\n')
    const began = performance.now()
    expect(readKeyLines(text).good).toHaveLength(100_000)
    expect(performance.now() - began).toBeLessThan(2000)
  })
})
