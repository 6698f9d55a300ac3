// What models cost, in US dollars a million tokens.
import { ask } from './untyped'

export interface Price {
  currency?: string
  input: number
  cached?: number | null
  cache_written?: number | null
  output: number
  long?: (Omit<Price, 'currency' | 'long'> & { above: number }) | null
}

export interface PriceEntry {
  model: string
  /** `shipped`, `file` or `api`. */
  source: string
  date: string | null
  price: Price
}

const path = (model: string): string => `prices/${encodeURIComponent(model)}`

export const listPrices = () => ask<PriceEntry[]>('GET', 'prices')
export const setPrice = (model: string, price: Price) => ask<PriceEntry>('PUT', path(model), price)
export const deletePrice = (model: string) => ask<unknown>('DELETE', path(model))
