// How numbers are written.
import { formatLocale } from '@/i18n'

const formats = new Map<string, Intl.NumberFormat>()

function written(value: number, options: Intl.NumberFormatOptions): string {
  const name = `${formatLocale()} ${JSON.stringify(options)}`
  const format = formats.get(name) ?? new Intl.NumberFormat(formatLocale(), options)
  formats.set(name, format)
  return format.format(value)
}

export const count = (value: number): string => written(value, { maximumFractionDigits: 2 })

/** Short, for tiles and axes: 1.2K. */
export const compact = (value: number): string =>
  Math.abs(value) < 10_000 ? count(Math.round(value * 100) / 100) : written(value, { notation: 'compact', maximumFractionDigits: 1 })

export const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : written(part / whole, { style: 'percent', maximumFractionDigits: part > 0 && part / whole < 0.1 ? 2 : 1 })

/** Small sums keep digits that mean something. */
export const dollars = (value: number): string =>
  written(value, { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol', maximumFractionDigits: value !== 0 && Math.abs(value) < 1 ? 6 : 2 })

export const nanodollars = (value: number): string => dollars(value / 1e9)

export function bytes(value: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log(value) / Math.log(1024)), units.length - 1)
  return written(value / 1024 ** step, { style: 'unit', unit: units[step], unitDisplay: 'short', maximumFractionDigits: step === 0 ? 0 : 1 })
}

export function millis(value: number): string {
  return value < 1000
    ? written(Math.round(value), { style: 'unit', unit: 'millisecond' })
    : written(value / 1000, { style: 'unit', unit: 'second', maximumFractionDigits: value < 10_000 ? 2 : 1 })
}
