// What we send to Slack, checked by tsc --strict against Slack's own types: crates/slack/tests/fixtures, which a test
// holds against the code. Spoiled twins must fail, so that a check that checks nothing is noticed.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const SAID = process.env.SAID
const here = dirname(fileURLToPath(import.meta.url))
const fixtures = (kind) =>
  readdirSync(join(SAID, kind)).sort().map((file) => [`${kind}/${file}`, JSON.parse(readFileSync(join(SAID, kind, file), 'utf8'))])

const HEAD = `
import type { HomeView, KnownBlock, ModalView } from '@slack/types'
import type { AppsManifestCreateArguments, ChatPostMessageArguments, ViewsOpenArguments, ViewsPublishArguments } from '@slack/web-api'
import type { RespondArguments, ViewErrorsAction } from './slack_types.bolt.js'
`
// Bolt does not export the type of a modal's errors by name.
const BOLT = `
import type { RespondArguments, ViewResponseAction } from '@slack/bolt'
export type { RespondArguments }
export type ViewErrorsAction = Extract<ViewResponseAction, { response_action: 'errors' }>
`

const posted = (message) => ({ channel: 'C0SHOP0001', ...message })
/** Folder → the types that a fixture must have, and what of it has them. */
const KINDS = {
  messages: [['ChatPostMessageArguments', posted], ['KnownBlock[]', (message) => message.blocks ?? []]],
  modals: [['ModalView', (view) => view], ['KnownBlock[]', (view) => view.blocks], ['ViewsOpenArguments', (view) => ({ trigger_id: '1', view })]],
  homes: [['HomeView', (view) => view], ['KnownBlock[]', (view) => view.blocks], ['ViewsPublishArguments', (view) => ({ user_id: 'U1', view })]],
  manifests: [["AppsManifestCreateArguments['manifest']", (manifest) => manifest]],
  answers: [['RespondArguments', (answer) => answer], ['KnownBlock[]', (answer) => answer.blocks ?? []]],
  modal_errors: [['ViewErrorsAction', (errors) => errors]],
}

const waiting = () => JSON.parse(readFileSync(join(SAID, 'messages/approval_waiting.json'), 'utf8')).blocks
const button = (change) => { const blocks = waiting(); change(blocks.at(-1).elements[0]); return blocks }
const first = (change) => { const blocks = waiting(); change(blocks[0]); return blocks }
const manifest = (change) => { const [[, made]] = fixtures('manifests'); change(made); return made }
/** What the types must refuse: [what is wrong, type, value]. */
const SPOILED = [
  ['a style that is none', 'KnownBlock[]', button((one) => { one.style = 'green' })],
  ['a button without text', 'KnownBlock[]', button((one) => { delete one.text })],
  ['a string where an object stands', 'KnownBlock[]', button((one) => { one.text = 'Approve' })],
  ['a confirm with a style that is none', 'KnownBlock[]', button((one) => { one.confirm.style = 'green' })],
  ['a header in mrkdwn', 'KnownBlock[]', first((one) => { one.text.type = 'mrkdwn' })],
  ['a block that is none', 'KnownBlock[]', first((one) => { one.type = 'heading' })],
  ['a modal without a title', 'ModalView', { type: 'modal', blocks: [] }],
  ['a home that is a modal', 'HomeView', { type: 'modal', blocks: [] }],
  ['a command without a description', "AppsManifestCreateArguments['manifest']", manifest((made) => { delete made.features.slash_commands[0].description })],
  ['a scope that is none', "AppsManifestCreateArguments['manifest']", manifest((made) => { made.oauth_config.scopes.bot.push('chat:shout') })],
  ['an event that is none', "AppsManifestCreateArguments['manifest']", manifest((made) => { made.settings.event_subscriptions.bot_events.push('home_opened') })],
  ['an answer to nobody', 'RespondArguments', { response_type: 'private', text: 'x' }],
  ['errors that are none', 'ViewErrorsAction', { response_action: 'error', errors: {} }],
]

// One value a line: a line with an error is a value that does not have its type.
const lines = HEAD.split('\n')
const names = new Map()
const add = (name, type, value) => {
  lines.push(`export const _${lines.length}: ${type} = ${JSON.stringify(value)}`)
  names.set(lines.length - 1, name)
}
for (const [kind, types] of Object.entries(KINDS)) {
  for (const [name, value] of fixtures(kind)) for (const [type, of] of types) add(`${name} as ${type}`, type, of(value))
}
const sound = names.size
for (const [name, type, value] of SPOILED) add(name, type, value)
const folders = readdirSync(SAID).sort().join(' ')

const file = join(here, 'slack_types.checked.ts')
writeFileSync(file, lines.join('\n'))
writeFileSync(join(here, 'slack_types.bolt.ts'), BOLT)
const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }
const program = ts.createProgram([file], options)
const refused = new Map()
const different = []
for (const found of ts.getPreEmitDiagnostics(program)) {
  const told = ts.flattenDiagnosticMessageText(found.messageText, '\n  ')
  const line = found.file && found.start !== undefined ? found.file.getLineAndCharacterOfPosition(found.start).line : -1
  if (found.file?.fileName === file && names.has(line)) refused.set(names.get(line), told)
  else different.push(`${found.file?.fileName ?? ''}:${line + 1}: ${told}`)
}
let alike = 0
for (const [place, name] of [...names.values()].entries()) {
  if (refused.has(name) === place >= sound) alike += 1
  else different.push(place < sound ? `${name}: ${refused.get(name)}` : `${name}: Slack's types take it`)
}
if (folders !== Object.keys(KINDS).sort().join(' ')) different.push(`folders without a type: ${folders}`)
for (const line of different) console.error(`@slack/types: ${line}`)
console.log(`@slack/types: ${alike} alike, ${different.length} different`)
process.exitCode = different.length || sound < 20 ? 1 : 0
