// Says how large the build is, and fails when the first load is over its budget.
import { readFile, readdir } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

const BUDGET = 300 * 1024
const dist = new URL('../dist/web/', import.meta.url)
const size = async (name) => gzipSync(await readFile(new URL(name, dist))).length
const html = await readFile(new URL('index.html', dist), 'utf8')
const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, name]) => name)
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`
let sum = await size('index.html')
for (const name of first) sum += await size(name)
const all = (await readdir(new URL('assets/', dist))).map((name) => `assets/${name}`)
const sizes = await Promise.all(all.map(async (name) => [name, await size(name)]))
sizes.sort((left, right) => right[1] - left[1])
for (const [name, bytes] of sizes.slice(0, 12)) console.log(`${kilobytes(bytes).padStart(10)}  ${first.includes(name) ? 'first' : 'lazy '}  ${name}`)
const total = sizes.reduce((total, [, bytes]) => total + bytes, 0)
console.log(`first load ${kilobytes(sum)} of ${kilobytes(BUDGET)} (gzip), everything ${kilobytes(total)} in ${sizes.length} files`)
if (sum > BUDGET) process.exit(1)
