// Every signature that is an HMAC in hex or base64, made again by @octokit/webhooks-methods.
import { sign } from '@octokit/webhooks-methods'
import { Report, vectors } from './vectors.mjs'

const body = (vector) => vector.body
const SCHEMES = [
  { source: 'github', scheme: 'github-sha256', header: 'x-hub-signature-256', tag: 'sha256=' },
  { source: 'bitbucket', scheme: 'bitbucket-sha256', header: 'x-hub-signature', tag: 'sha256=' },
  { source: 'jira', scheme: 'jira-sha256', header: 'x-hub-signature', tag: 'sha256=' },
  { source: 'linear', scheme: 'linear-sha256', header: 'linear-signature' },
  { source: 'shortcut', scheme: 'shortcut-sha256', header: 'payload-signature' },
  { source: 'sonarqube', scheme: 'sonarqube-sha256', header: 'x-sonar-webhook-hmac-sha256' },
  { source: 'launchdarkly', scheme: 'launchdarkly-sha256', header: 'x-ld-signature' },
  { source: 'sentry', scheme: 'sentry-sha256', header: 'sentry-hook-signature' },
  { source: 'sentry', scheme: 'sentry-app-sha256', header: 'sentry-app-signature', unless: 'sentry-hook-signature' },
  { source: 'grafana', scheme: 'grafana-sha256', header: 'x-grafana-alerting-signature', timed: false },
  {
    source: 'grafana',
    scheme: 'grafana-timed-sha256',
    header: 'x-grafana-alerting-signature',
    timed: true,
    text: (vector) => `${vector.headers[vector.options.timestamp_header]}:${vector.body}`,
  },
  { source: 'heroku', scheme: 'heroku-sha256', header: 'heroku-webhook-hmac-sha256', encoding: 'base64' },
  { source: 'pagerduty', scheme: 'pagerduty-v1', header: 'x-pagerduty-signature', tag: 'v1=', separator: ',' },
  { source: 'circleci', scheme: 'circleci-v1', header: 'circleci-signature', tag: 'v1=', separator: ',' },
  {
    source: 'slack',
    scheme: 'slack-v0',
    header: 'x-slack-signature',
    tag: 'v0=',
    text: (vector) => `v0:${vector.headers['x-slack-request-timestamp'] ?? ''}:${vector.body}`,
  },
]

// The arithmetic is right and we refuse all the same: for the time, or for the length of the list.
const REFUSED_FOR_MORE = [
  'no time in the body',
  'a time as text',
  'a time with a zero before it',
  'a time with a fraction',
  'a time before 1970',
  'a time with an exponent',
  'no time',
  'the seventeenth is not looked at',
]

const applies = (one, vector) =>
  vector.secret !== '' &&
  vector.headers[one.header] !== undefined &&
  vector.headers[one.unless] === undefined &&
  (one.timed === undefined || one.timed === (vector.options?.timestamp_header !== undefined))

const report = new Report('octokit')
for (const one of SCHEMES) {
  const { tag = '', text = body, encoding = 'hex' } = one
  for (const vector of vectors(one.source).filter((vector) => applies(one, vector))) {
    const payload = text(vector)
    if (payload === '') continue // It signs no empty body; hmac_vectors.py does.
    const hex = (await sign(vector.secret, payload)).replace('sha256=', '')
    const expected = tag + Buffer.from(hex, 'hex').toString(encoding)
    const header = vector.headers[one.header]
    const right = (one.separator ? header.split(one.separator) : [header]).includes(expected)
    const alike = [one.scheme, 'stale', 'future']
    report.compare(vector, right, alike, REFUSED_FOR_MORE)
  }
}
report.end()
