// What the server must do for the browser's session, done here as well for servers that do not know it yet: the token of a login
// lives in an HttpOnly cookie, and requests that carry the cookie become requests with a bearer token.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connect, Plugin } from 'vite'

const COOKIE = 'rotator_dev_session'

export const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

interface LoginAnswer {
  access_token: string
  expires_in: number
}

export function sessionBridge(server: string): Plugin {
  const bridge: Connect.NextHandleFunction = (request, response, next) => {
    answer(server, request, response, next).catch(next)
  }
  return {
    name: 'rotator-session-bridge',
    configureServer: (vite) => void vite.middlewares.use(bridge),
    configurePreviewServer: (vite) => void vite.middlewares.use(bridge),
  }
}

async function answer(server: string, request: IncomingMessage, response: ServerResponse, next: () => void): Promise<void> {
  const path = request.url?.split('?')[0]
  const token = cookie(request)
  if (token !== undefined && request.headers.authorization === undefined && path?.startsWith('/api/')) {
    request.headers.authorization = `Bearer ${token}`
  }
  if (path === '/api/admin/login' && request.method === 'POST') return login(server, request, response)
  if (path === '/api/admin/session' && request.method === 'GET') return session(server, request, response)
  next()
}

async function login(server: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
  const post = (sent: Record<string, unknown>): Promise<Response> =>
    fetch(`${server}/api/admin/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-rotator-csrf': '1' },
      body: JSON.stringify(sent),
    })
  let answered = await post(body)
  if (answered.status === 422) {
    const { cookie: _, ...known } = body
    answered = await post(known)
  }
  const headers = copied(answered)
  let text = await answered.text()
  if (answered.ok && headers['set-cookie'] === undefined) {
    const { access_token, expires_in } = JSON.parse(text) as LoginAnswer
    headers['set-cookie'] = [`${COOKIE}=${access_token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${expires_in}`]
    text = '{}'
  }
  response.writeHead(answered.status, headers).end(text)
}

async function session(server: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers: Record<string, string> = { cookie: request.headers.cookie ?? '' }
  if (request.headers.authorization !== undefined) headers.authorization = request.headers.authorization
  const answered = await fetch(`${server}/api/admin/session`, { headers })
  if (answered.status !== 404) {
    response.writeHead(answered.status, copied(answered)).end(await answered.text())
    return
  }
  const me = await fetch(`${server}/api/admin/me`, { headers })
  if (!me.ok) {
    response.writeHead(me.status, copied(me)).end(await me.text())
    return
  }
  const { name } = (await me.json()) as { name: string }
  const claims = JSON.parse(Buffer.from(cookie(request)?.split('.')[1] ?? 'e30', 'base64url').toString()) as { exp?: number }
  const expires_at = new Date((claims.exp ?? Date.now() / 1000) * 1000).toISOString()
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ username: name, role: 'admin', expires_at }))
}

function copied(answered: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const name of ['content-type', 'retry-after', 'cache-control', 'www-authenticate']) {
    const value = answered.headers.get(name)
    if (value !== null) headers[name] = value
  }
  const cookies = answered.headers.getSetCookie()
  if (cookies.length > 0) headers['set-cookie'] = cookies
  return headers
}

function cookie(request: IncomingMessage): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='))
  return pairs.find(([name]) => name === COOKIE)?.[1]
}
