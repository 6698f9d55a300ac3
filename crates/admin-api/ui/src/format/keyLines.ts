// Keys as people paste them: one a line, with blanks, comments and commas around them.
export interface BadLine {
  line: number
  /** The message that says why. */
  reason: 'length' | 'characters'
}

export interface KeyLines {
  /** The keys, each once, in their order. */
  good: string[]
  /** How many lines repeat an earlier one. */
  repeated: number
  bad: BadLine[]
  /** How many lines hold something. */
  total: number
}

const LONGEST = 4096

export function readKeyLines(text: string): KeyLines {
  const seen = new Set<string>()
  const found: KeyLines = { good: [], repeated: 0, bad: [], total: 0 }
  text.split(/\r\n|\r|\n/).forEach((raw, at) => {
    const key = raw.trim().replace(/[,;]$/, '').replace(/^(["'])(.*)\1$/, '$2').trim()
    if (key === '' || key.startsWith('#')) return
    found.total += 1
    if (key.length > LONGEST) found.bad.push({ line: at + 1, reason: 'length' })
    else if (!/^[\x20-\x7e]+$/.test(key)) found.bad.push({ line: at + 1, reason: 'characters' })
    else if (seen.has(key)) found.repeated += 1
    else {
      seen.add(key)
      found.good.push(key)
    }
  })
  return found
}
