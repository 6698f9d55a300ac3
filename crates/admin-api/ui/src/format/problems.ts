// The server's errors in the language of the page. What has no words here is shown as the server says it.
import type { ApiError, FieldProblem } from '@/api/errors'
import { currentLocale, translate } from '@/i18n'

/** How the server puts what is wrong with a field, and the message that says the same. */
const KNOWN: [RegExp, string][] = [
  [/^is taken$/, 'problems.taken'],
  [/^is missing$/, 'problems.missing'],
  [/^is not known here$/, 'problems.unknown'],
  [/^must have 1 to ([\d,]+)( printable)? characters$/, 'problems.length'],
  [/^must have ([\d,]+) to ([\d,]+) characters$/, 'problems.chars'],
  [/^must have at most ([\d,]+) characters$/, 'problems.longest'],
  [/^must not hold control characters$/, 'problems.control'],
  [/^must be in the future$/, 'problems.future'],
  [/^must be (-?[\d,]+) to ([\d,]+)( milliseconds)?$/, 'problems.between'],
  [/^must be one of (.+)$/, 'problems.oneOf'],
  [/^must hold at most ([\d,]+) (?:keys|entries)$/, 'problems.atMost'],
]

export function wordsOfProblem(problem: FieldProblem, field: string): string {
  const place = /^\[(\d+)\]/.exec(problem.field.slice(field.length))?.[1]
  const where = place === undefined ? '' : `${translate('problems.entry', { place: Number(place) + 1 })} `
  return where + phrase(problem.message)
}

export function phrase(message: string): string {
  if (currentLocale() === 'en') return message
  for (const [pattern, key] of KNOWN) {
    const found = pattern.exec(message)
    if (found !== null) return translate(key, { first: found[1] ?? '', second: found[2] ?? '' })
  }
  return message
}

/** An error as a whole. */
export function wordsOf(error: ApiError): string {
  if (error.isLost) return translate('problems.lost')
  if (error.status === 401) return translate('problems.unauthorized')
  if (error.status === 403) return translate('problems.forbidden')
  if (error.status === 404) return translate('problems.notFound')
  if (error.isChanged) return translate('problems.changed')
  if (error.status === 503) return translate('problems.unavailable')
  return phrase(error.message)
}
