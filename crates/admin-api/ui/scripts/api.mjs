// Writes src/api/schema.d.ts from the server's OpenAPI document, or with --check says whether it is stale. The document comes
// from the file ROTATOR_OPENAPI, or from the server ROTATOR_UI_URL with the login ROTATOR_UI_USER and ROTATOR_UI_PASSWORD.
import { readFile, writeFile } from 'node:fs/promises'
import openapi, { astToString } from 'openapi-typescript'

const target = new URL('../src/api/schema.d.ts', import.meta.url)

async function fetched() {
  const base = process.env.ROTATOR_UI_URL ?? 'http://127.0.0.1:8000'
  const body = JSON.stringify({ username: process.env.ROTATOR_UI_USER ?? 'admin', password: process.env.ROTATOR_UI_PASSWORD })
  const login = await fetch(`${base}/api/admin/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (!login.ok) throw new Error(`${base}: the login failed with ${login.status}`)
  const { access_token } = await login.json()
  const document = await fetch(`${base}/api/admin/openapi.json`, { headers: { authorization: `Bearer ${access_token}` } })
  if (!document.ok) throw new Error(`${base}: the document failed with ${document.status}`)
  return document.json()
}

const file = process.env.ROTATOR_OPENAPI
const document = file ? JSON.parse(await readFile(file, 'utf8')) : await fetched()
// Without the ids of operations the types stand under their paths, where they are looked for.
for (const operations of Object.values(document.paths)) {
  for (const operation of Object.values(operations)) delete operation.operationId
}
const text = `// Made by \`npm run api\` from the server's OpenAPI document.\n${astToString(await openapi(document, { alphabetize: true }))}`
if (process.argv.includes('--check')) {
  if ((await readFile(target, 'utf8')) !== text) {
    console.error('src/api/schema.d.ts is stale: run `npm run api`')
    process.exit(1)
  }
} else {
  await writeFile(target, text)
}
