// What every check reads: the committed vectors, with the clock at the moment that each one names.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'smol-toml'

export const FIXTURES = process.env.FIXTURES

/** The vectors of a source, header names in lower case. */
export function vectors(source) {
  const { vector } = parse(readFileSync(join(FIXTURES, source, 'vectors.toml'), 'utf8'))
  const lower = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return vector.map((one) => ({ ...one, source, headers: lower(one.headers) }))
}

export const read = (...path) => readFileSync(join(FIXTURES, ...path), 'utf8')
export const exists = (...path) => existsSync(join(FIXTURES, ...path))
export const parseToml = parse

/** Runs `check` with the clock at `seconds`; whether it neither threw nor said false. */
export async function accepts(seconds, check) {
  const clock = Date.now
  Date.now = () => seconds * 1000
  try {
    return (await check()) !== false
  } catch {
    return false
  } finally {
    Date.now = clock
  }
}

/** Collects differences, and ends the script with them. */
export class Report {
  constructor(name) {
    this.name = name
    this.same = 0
    this.different = []
  }

  /** `looser`: names of vectors that the stranger takes and we refuse. Each must really be taken. */
  compare(vector, accepted, scheme, looser = []) {
    const expected = looser.includes(vector.name) || [scheme].flat().includes(vector.expect)
    this.equal(`${vector.source}: ${vector.name}: accepted`, accepted, expected)
  }

  equal(what, found, expected) {
    if (JSON.stringify(found) === JSON.stringify(expected)) this.same += 1
    else this.different.push(`${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
  }

  end() {
    for (const line of this.different) console.error(`${this.name}: ${line}`)
    if (this.same === 0) this.different.push('nothing was compared')
    console.log(`${this.name}: ${this.same} alike, ${this.different.length} different`)
    process.exitCode = this.different.length ? 1 : 0
  }
}
