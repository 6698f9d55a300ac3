// Servers of a test's own: one that is new, or that dies and comes back.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from '@playwright/test'

export class OwnServer {
  private process: ChildProcess | undefined
  private port = '0'
  private readonly folder = mkdtempSync(join(tmpdir(), 'rotator-ui-'))
  base = ''
  /** What it wrote until it listened: the first start shows its secrets there. */
  output = ''

  /** Starts it, after a kill with the same data and at the same address. */
  async start(): Promise<void> {
    const program = process.env.ROTATOR_SERVER_PROGRAM
    if (program === undefined) throw new Error('ROTATOR_SERVER_PROGRAM names no server; `cargo xtask ui --test` sets it')
    const child = spawn(program, { cwd: this.folder, env: { BACKEND_PORT: this.port, LOG_LEVEL: 'warn' }, stdio: ['ignore', 'pipe', 'inherit'] })
    this.process = child
    this.output = ''
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${this.output}`)))
      child.stdout.on('data', (written: Buffer) => {
        this.output += written.toString()
        const address = /listens on (http:\S+:(\d+))/.exec(this.output)
        if (address === null) return
        this.base = address[1] ?? ''
        this.port = address[2] ?? '0'
        resolve()
      })
    })
  }

  /** The password that the first start made up. */
  get password(): string {
    return /admin password\s+(\S+)/.exec(this.output)?.[1] ?? ''
  }

  /** Kills it; its data stay. */
  async kill(): Promise<void> {
    const child = this.process
    this.process = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A test with a new server of its own, at which its page is. */
export const test = base.extend<{ server: OwnServer }>({
  server: async ({}, use) => {
    const server = new OwnServer()
    try {
      await server.start()
      await use(server)
    } finally {
      await server.remove()
    }
  },
  baseURL: ({ server }, use) => use(server.base),
})
