// How moments and lengths of time are written: always in the local zone, which is named.
import { formatLocale } from '@/i18n'

const formats = new Map<string, Intl.DateTimeFormat>()

function written(at: Date, options: Intl.DateTimeFormatOptions): string {
  const name = `${formatLocale()} ${JSON.stringify(options)}`
  const format = formats.get(name) ?? new Intl.DateTimeFormat(formatLocale(), options)
  formats.set(name, format)
  return format.format(at)
}

/** Date and time, to the second, without the zone; for tables whose head names the zone. */
export const dateTime = (text: string): string =>
  written(new Date(text), { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })

export const dateTimeWithZone = (text: string): string => `${dateTime(text)} ${zoneName()}`

export const timeOnly = (text: string): string =>
  written(new Date(text), { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })

export const hourAndMinute = (at: number): string => written(new Date(at), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

export const dayOnly = (at: number): string => written(new Date(at), { month: 'short', day: 'numeric' })

/** Such as `GMT+8`. */
export function zoneName(): string {
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'shortOffset' }).formatToParts(new Date())
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC'
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** Such as `5 minutes ago` or `in 2 days`. */
export function fromNow(text: string, now: number): string {
  const seconds = Math.round((Date.parse(text) - now) / 1000)
  // What is nearly a day is called one.
  const [unit, length] = STEPS.find(([, length]) => Math.abs(seconds) >= length * 0.98) ?? ['second', 1]
  return new Intl.RelativeTimeFormat(formatLocale(), { numeric: 'auto', style: 'short' }).format(Math.round(seconds / length), unit)
}

/** A countdown: `1:05`, `2:03:04`, `3d 04:05`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const two = (value: number): string => String(value).padStart(2, '0')
  const [days, hours, minutes] = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60]
  if (days > 0) return `${days}d ${two(hours)}:${two(minutes)}`
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** A length of time in its two largest units. */
export function duration(seconds: number): string {
  const units: [Intl.RelativeTimeFormatUnit, number][] = STEPS
  const parts: string[] = []
  let left = Math.max(0, Math.round(seconds))
  for (const [unit, length] of units) {
    const whole = Math.floor(left / length)
    if (whole > 0 && parts.length < 2) {
      parts.push(new Intl.NumberFormat(formatLocale(), { style: 'unit', unit, unitDisplay: 'short' }).format(whole))
      left -= whole * length
    }
  }
  return parts.length === 0 ? new Intl.NumberFormat(formatLocale(), { style: 'unit', unit: 'second', unitDisplay: 'short' }).format(0) : parts.join(' ')
}
