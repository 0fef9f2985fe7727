// CloudEvents, read back by npm cloudevents: those that we take (fixtures) and those that we emit.
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CloudEvent, HTTP } from 'cloudevents'
import { exists, FIXTURES, read, Report } from './vectors.mjs'

const report = new Report('cloudevents')
const KEPT = ['id', 'source', 'type', 'subject', 'data']

/** The event survives, in whatever mode it travels. */
function survives(what, event, sent) {
  for (const name of KEPT) report.equal(`${what}: ${name}`, event[name], sent[name] ?? undefined)
  if (sent.time) report.equal(`${what}: time`, Date.parse(event.time), Date.parse(sent.time))
}

/** Strict: the library throws for what the specification does not allow. */
function readStrictly(what, sent) {
  try {
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
  const events = [HTTP.toEvent({ headers: { 'content-type': type }, body: text })].flat()
  report.equal(`${path}: events`, events.length, sent.length)
  events.forEach((event, place) => survives(`${path} ${place}`, event, sent[place]))
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
