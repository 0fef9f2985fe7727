// Our fake Slack, which our tests believe, asked by Slack's own client: npm @slack/web-api. It sends forms where our client
// sends JSON, and waits when it is told to.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LogLevel, WebClient } from '@slack/web-api'
import { Report } from './vectors.mjs'

const said = (...path) => JSON.parse(readFileSync(join(process.env.SAID, ...path), 'utf8'))
const fake = spawn(process.env.FAKE_SLACK, { stdio: ['pipe', 'pipe', 'inherit'] })
const [slackApiUrl] = await once(createInterface({ input: fake.stdout }), 'line')
const report = new Report('@slack/web-api')
const client = (token) => new WebClient(token, { slackApiUrl, logLevel: LogLevel.ERROR, retryConfig: { retries: 2 } })
const slack = client('xoxb-fake')
const sorted = (value) =>
  JSON.parse(JSON.stringify(value), (_, one) => (one && !Array.isArray(one) && typeof one === 'object' ? Object.fromEntries(Object.entries(one).sort()) : one))
const refusal = async (call) => {
  try {
    await call
    return 'taken'
  } catch (error) {
    return error.data?.error
  }
}

try {
  const me = await slack.auth.test()
  report.equal('auth.test', [me.ok, typeof me.user_id, typeof me.team_id], [true, 'string', 'string'])
  const { blocks, text } = said('messages/approval_bare.json')
  const posted = await slack.chat.postMessage({ channel: '#shop', text, blocks, unfurl_links: false })
  report.equal('chat.postMessage', [posted.ok, posted.channel.startsWith('C')], [true, true])
  report.equal('the message as it stands', sorted(posted.message?.blocks ?? null), sorted(blocks))
  const again = await slack.chat.postMessage({ channel: '#shop', text: 'in its thread', thread_ts: posted.ts })
  report.equal('the same channel', [again.channel, again.ts > posted.ts], [posted.channel, true])
  const before = Date.now()
  const updated = await slack.chat.update({ channel: posted.channel, ts: posted.ts, text: 'decided', blocks: [] })
  report.equal('chat.update, after a second', [updated.ts, Date.now() - before >= 1000], [posted.ts, true])
  const found = await slack.users.lookupByEmail({ email: 'ada@acme.example' })
  report.equal('users.lookupByEmail', found.user?.id, 'U0ADA00001')
  const direct = await slack.conversations.open({ users: found.user.id })
  report.equal('conversations.open', direct.channel?.id?.startsWith('D'), true)
  const whispered = await slack.chat.postEphemeral({ channel: posted.channel, user: found.user.id, text: 'for you' })
  report.equal('chat.postEphemeral', whispered.ok, true)
  const view = { type: 'home', blocks: [{ type: 'divider' }] }
  report.equal('views.publish', (await slack.views.publish({ user_id: found.user.id, view })).ok, true)
  report.equal('nobody', await refusal(slack.users.lookupByEmail({ email: 'x@acme.example' })), 'users_not_found')
  report.equal('no message', await refusal(slack.chat.update({ channel: posted.channel, ts: '1.1', text: 'x' })), 'message_not_found')
  report.equal('nothing said', await refusal(slack.chat.postMessage({ channel: '#shop' })), 'no_text')
  report.equal('a token that is none', await refusal(client('xoxb-none').auth.test()), 'invalid_auth')
} finally {
  fake.stdin.end()
}
report.end()
