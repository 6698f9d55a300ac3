// Those who may log in.
import type { Role } from './session'
import { ask } from './untyped'

export interface AdminUser {
  name: string
  role: Role
  disabled: boolean
  password_set_at: string
}

export interface AdminUserBody {
  name: string
  password: string
  role: Role
  disabled?: boolean
}

export interface AdminUserPatch {
  role?: Role
  password?: string
  disabled?: boolean
}

const path = (name: string): string => `users/${encodeURIComponent(name)}`

export const listUsers = () => ask<AdminUser[]>('GET', 'users')
export const createUser = (body: AdminUserBody) => ask<AdminUser>('POST', 'users', body)
export const changeUser = (name: string, patch: AdminUserPatch) => ask<AdminUser>('PATCH', path(name), patch)
export const deleteUser = (name: string) => ask<unknown>('DELETE', path(name))
export const changeOwnPassword = (current_password: string, new_password: string) => ask<unknown>('PUT', 'me/password', { current_password, new_password })
