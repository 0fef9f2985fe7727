// The requests that our client makes, sent to somebody else's Slack: npm emulate, by Vercel. It keeps messages and views,
// and refuses what the scopes of our manifest do not allow. crates/slack/tests/requests.json holds the requests; a test
// holds them against the client.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEmulator } from 'emulate'
import { Report } from './vectors.mjs'

const SAID = process.env.SAID
const requests = JSON.parse(readFileSync(join(SAID, '../requests.json'), 'utf8'))
const { oauth_config } = JSON.parse(readFileSync(join(SAID, 'manifests/usual.json'), 'utf8'))
const TOKEN = 'xoxb-local-test'

const port = 4000 + (process.pid % 20000)
const seed = {
  slack: {
    team: { name: 'Acme', domain: 'acme' },
    users: [{ name: 'em-agent', email: 'em-agent@acme.example' }, { name: 'ada', real_name: 'Ada', email: 'ada@acme.example' }],
    channels: [{ name: 'shop', topic: 'Shop' }],
    tokens: [{ token: TOKEN, user: 'em-agent', scopes: oauth_config.scopes.bot }],
    strict_scopes: true,
  },
}
const slack = await createEmulator({ service: 'slack', port, baseUrl: `http://127.0.0.1:${port}`, seed })
const report = new Report('emulate')

async function ask(path, contentType, body, token = TOKEN) {
  const headers = { 'content-type': contentType, authorization: `Bearer ${token}` }
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body })
  return { status: answer.status, body: await answer.json() }
}
const form = (path, fields) => ask(path, 'application/x-www-form-urlencoded', new URLSearchParams(fields).toString())
const at = (value, pointer) => pointer.split('/').slice(1).reduce((inner, name) => inner?.[name], value)

try {
  const found = await form('/api/users.lookupByEmail', { email: 'ada@acme.example' })
  // Its ids stand in the place of ours; the last message's time in the place of that of ours.
  const real = { U0ADA00001: found.body.user?.id, C0SHOP0001: 'shop', '1795200247.000100': '', '1.2.trigger': '' }
  for (const { path, content_type, body, must_have } of requests) {
    if (path === '/api/views.open') {
      const made = await form('/api/views.generateTriggerId', { user_id: real.U0ADA00001 })
      real['1.2.trigger'] = made.body.trigger_id
    }
    let text = typeof body === 'string' ? body : JSON.stringify(body)
    for (const [ours, theirs] of Object.entries(real)) if (theirs) text = text.replaceAll(ours, theirs)
    const answer = await ask(path, content_type, text)
    report.equal(`${path}: ok`, [answer.status, answer.body.ok, answer.body.error], [200, true, undefined])
    for (const pointer of must_have) report.equal(`${path}: ${pointer}`, typeof at(answer.body, pointer), pointer === '/user/profile' ? 'object' : 'string')
    if (path === '/api/chat.postMessage' && !real['1795200247.000100']) {
      real['1795200247.000100'] = answer.body.ts
      real.C0SHOP0001 = answer.body.channel
    }
  }
  // What it refuses, it refuses as our client reads it.
  const refused = async (what, path, body, error) => {
    const answer = await ask(path, 'application/json; charset=utf-8', JSON.stringify(body), what === 'a token that is none' ? 'xoxb-none' : TOKEN)
    report.equal(what, [answer.body.ok, answer.body.error], [false, error])
  }
  await refused('a channel that is none', '/api/chat.postMessage', { channel: 'C0NOWHERE1', text: 'x' }, 'channel_not_found')
  await refused('a message that is none', '/api/chat.update', { channel: real.C0SHOP0001, ts: '1.000001', text: 'x' }, 'message_not_found')
  await refused('a trigger that is none', '/api/views.open', { trigger_id: '1.2.none', view: { type: 'modal', title: { type: 'plain_text', text: 'x' }, blocks: [] } }, 'invalid_trigger_id')
  await refused('a scope that we do not have', '/api/pins.add', { channel: real.C0SHOP0001, timestamp: real['1795200247.000100'] }, 'missing_scope')
} finally {
  await slack.close()
}
report.end()
