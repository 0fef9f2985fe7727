// CloudEvents, read back by npm cloudevents: those that we take (fixtures) and those that we emit.
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CloudEvent, HTTP } from 'cloudevents'
import { exists, FIXTURES, read, Report } from './vectors.mjs'

const report = new Report('cloudevents')

/** Every attribute survives, and the data, in whatever mode the event travels. */
function survives(what, event, sent) {
  const { time, data_base64: bytes, ...rest } = sent
  for (const [name, value] of Object.entries(rest)) report.equal(`${what}: ${name}`, event[name], value ?? undefined)
  // It writes times anew, with milliseconds.
  if (time) report.equal(`${what}: time`, Date.parse(event.time), Date.parse(time))
  if (bytes) report.equal(`${what}: data_base64`, Buffer.from(event.data).toString('base64'), bytes)
}

/** Strict: the library throws for what the specification does not allow. A missing id or time it makes up itself. */
function readStrictly(what, sent) {
  try {
    for (const name of ['id', 'source', 'specversion', 'type']) report.equal(`${what} has ${name}`, name in sent, true)
    const event = new CloudEvent(sent, true)
    survives(what, event, sent)
    for (const mode of ['structured', 'binary']) {
      const back = HTTP.toEvent(HTTP[mode](event))
      if (mode === 'structured' || typeof sent.data === 'object') survives(`${what}, ${mode}`, back, sent)
    }
  } catch (error) {
    report.equal(what, `${error.message} ${JSON.stringify(error.errors ?? '')}`, 'accepted')
  }
}

function readDocument(path) {
  const text = read(path)
  let document
  try {
    document = JSON.parse(text)
  } catch {
    return // A body that is no JSON is a test of ours.
  }
  const type = Array.isArray(document) ? 'application/cloudevents-batch+json' : 'application/cloudevents+json'
  const sent = [document].flat()
  // Binary bodies and deliberate misfits are no documents.
  if (!sent.every((one) => one?.specversion === '1.0' && one.id && one.source && one.type)) return
  try {
    const events = [HTTP.toEvent({ headers: { 'content-type': type }, body: text })].flat()
    report.equal(`${path}: events`, events.length, sent.length)
    events.forEach((event, place) => survives(`${path} ${place}`, event, sent[place]))
  } catch (error) {
    report.equal(path, error.message, 'accepted')
  }
}

if (exists('cloudevents')) {
  for (const file of readdirSync(join(FIXTURES, 'cloudevents'), { recursive: true })) {
    if (file.endsWith('.json') && !basename(file).includes('.snap')) readDocument(join('cloudevents', file))
  }
}
if (exists('emitted.json')) {
  JSON.parse(read('emitted.json')).forEach((sent, place) => readStrictly(`emitted ${place} ${sent.type}`, sent))
} else {
  console.log('cloudevents: there is no emitted.json: what we emit was not read back')
}
if (report.same + report.different.length > 0) report.end()
