// What models cost, in US dollars a million tokens.
import { api, take, type Schemas } from './client'

export type Price = Schemas['PriceBody']
export type PriceEntry = Schemas['PriceEntry']

const path = (model: string) => ({ params: { path: { model } } })

export const listPrices = () => take(api.GET('/api/admin/prices'))
export const setPrice = (model: string, body: Price) => take(api.PUT('/api/admin/prices/{model}', { ...path(model), body }))
export const deletePrice = (model: string) => take(api.DELETE('/api/admin/prices/{model}', path(model)))
