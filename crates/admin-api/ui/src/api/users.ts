// Those who may log in.
import { api, take, type Schemas } from './client'

export type AdminUser = Schemas['AdminUser']
export type AdminUserBody = Schemas['AdminUserBody']
export type AdminUserPatch = Schemas['AdminUserPatch']

const path = (name: string) => ({ params: { path: { name } } })

export const listUsers = () => take(api.GET('/api/admin/users'))
export const createUser = (body: AdminUserBody) => take(api.POST('/api/admin/users', { body }))
export const changeUser = (name: string, body: AdminUserPatch) => take(api.PATCH('/api/admin/users/{name}', { ...path(name), body }))
export const deleteUser = (name: string) => take(api.DELETE('/api/admin/users/{name}', path(name)))
export const changeOwnPassword = (current_password: string, new_password: string) =>
  take(api.PUT('/api/admin/me/password', { body: { current_password, new_password } }))
