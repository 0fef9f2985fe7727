//! The table of secrets: what each is called, what stands in its text, and what it looks like.
//!
//! The formats are those that their makers publish. Of two rules that find the same the first gives the name. Where a
//! name alone tells of a secret (`password: …`), what follows must look random too, or prose would go with it.

use super::Rule;

const fn known(name: &'static str, words: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule { name, words, pattern, entropy: 0.0 }
}

const fn random(name: &'static str, words: &'static [&'static str], pattern: &'static str, entropy: f64) -> Rule {
    Rule { name, words, pattern, entropy }
}

pub(crate) const RULES: &[Rule] = &[
    // Chat.
    known("slack-config-token", &["xoxe"], r"\bxoxe[.-]xox[bp]-\d-[0-9A-Za-z]{20,}"),
    known("slack-bot-token", &["xoxb-"], r"\bxoxb-[0-9A-Za-z-]{10,}"),
    known("slack-user-token", &["xoxp-", "xoxe-"], r"\bxox[pe]-[0-9A-Za-z-]{10,}"),
    known("slack-legacy-token", &["xoxa-", "xoxr-", "xoxs-", "xoxo-"], r"\bxox[arso]-[0-9A-Za-z-]{10,}"),
    known("slack-app-token", &["xapp-"], r"\bxapp-\d-[A-Z0-9]+-\d+-[0-9A-Za-z]+"),
    known(
        "slack-webhook",
        &["hooks.slack.com"],
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{20,}",
    ),
    known("discord-webhook", &["discord"], r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{40,}"),
    known("discord-bot-token", &["discord"], r"(?i)discord[^\n]{0,40}?\b([MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,38})"),
    known("teams-webhook", &["webhook.office.com"], r"webhook\.office\.com/webhookb2/[\w@/-]{40,}"),
    known("telegram-bot-token", &[":aa"], r"\b\d{8,10}:AA[\w-]{33}\b"),
    known("twilio-api-key", &["sk"], r"\bSK[0-9a-f]{32}\b"),
    known("sendgrid-api-key", &["sg."], r"\bSG\.[\w-]{16,32}\.[\w-]{32,64}"),
    known("mailgun-key", &["key-"], r"\bkey-[0-9a-f]{32}\b"),
    known("mailchimp-key", &["-us"], r"\b[0-9a-f]{32}-us\d{1,2}\b"),
    // Code and packages.
    known("github-fine-grained-pat", &["github_pat_"], r"\bgithub_pat_\w{22,}"),
    known("github-pat", &["ghp_"], r"\bghp_[0-9A-Za-z]{20,}"),
    known("github-oauth", &["gho_"], r"\bgho_[0-9A-Za-z]{20,}"),
    known("github-app-token", &["ghu_", "ghs_"], r"\bgh[us]_[0-9A-Za-z]{20,}"),
    known("github-refresh-token", &["ghr_"], r"\bghr_[0-9A-Za-z]{20,}"),
    known("gitlab-pat-routable", &["glpat-"], r"\bglpat-[0-9A-Za-z_-]{27,300}\.[0-9a-z]{9}"),
    known("gitlab-pat", &["glpat-"], r"\bglpat-[\w-]{16,}"),
    known("gitlab-runner-token", &["glrt-"], r"\bglrt-[\w.-]{16,}"),
    known("gitlab-runner-registration", &["gr1348941"], r"\bGR1348941[\w-]{20,}"),
    known("gitlab-deploy-token", &["gldt-"], r"\bgldt-[\w-]{16,}"),
    known("gitlab-job-token", &["glcbt-"], r"\bglcbt-[\w-]{16,}"),
    known("gitlab-trigger-token", &["glptt-"], r"\bglptt-[\w-]{16,}"),
    known("gitlab-feed-token", &["glft-"], r"\bglft-[\w-]{16,}"),
    known("gitlab-mail-token", &["glimt-"], r"\bglimt-[\w-]{16,}"),
    known("gitlab-agent-token", &["glagent-"], r"\bglagent-[\w-]{16,}"),
    known("gitlab-oauth-secret", &["gloas-"], r"\bgloas-[\w-]{16,}"),
    known("gitlab-scim-token", &["glsoat-"], r"\bglsoat-[\w-]{16,}"),
    known("bitbucket-app-password", &["atbb"], r"\bATBB[0-9A-Za-z]{24,}"),
    known("atlassian-token", &["atatt3", "atctt3"], r"\bAT[AC]TT3[\w=-]{20,}"),
    known("npm-token", &["npm_"], r"\bnpm_[0-9A-Za-z]{36}"),
    known("pypi-token", &["pypi-"], r"\bpypi-[\w-]{16,}"),
    known("rubygems-key", &["rubygems_"], r"\brubygems_[0-9a-f]{32,}"),
    known("crates-io-token", &["cio"], r"\bcio[0-9A-Za-z]{32}\b"),
    known("docker-hub-token", &["dckr_"], r"\bdckr_(?:pat|oat)_[\w-]{20,}"),
    known("artifactory-key", &["akcp"], r"\bAKCp[0-9A-Za-z]{60,}"),
    known("sonar-token", &["sqp_", "squ_", "sqa_"], r"\bsq[pua]_[0-9a-f]{40}"),
    known("buildkite-token", &["bkua_"], r"\bbkua_[0-9a-f]{40}"),
    known("circleci-token", &["ccipat_", "cciprj_"], r"\bCCIP(?:AT|RJ)_[0-9A-Za-z]+_[0-9a-f]{40}"),
    known("postman-key", &["pmak-"], r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    known("figma-token", &["figd_"], r"\bfigd_[\w-]{30,}"),
    // Clouds.
    known(
        "aws-access-key",
        &["akia", "asia", "abia", "acca", "a3t"],
        r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    ),
    known(
        "aws-secret-key",
        &["aws"],
        r#"(?i)aws[\w .-]{0,30}?(?:secret|key)[\w .-]{0,20}["']?\s{0,3}[=:]\s{0,3}["']?([0-9A-Za-z/+]{40})\b"#,
    ),
    known("aws-bedrock-key", &["absk"], r"\bABSK[0-9A-Za-z+/]{60,}={0,2}"),
    known("gcp-api-key", &["aiza"], r"\bAIza[\w-]{35}"),
    known("google-oauth-token", &["ya29."], r"\bya29\.[\w-]{20,}"),
    known("google-oauth-secret", &["gocspx-"], r"\bGOCSPX-[\w-]{20,}"),
    known("azure-client-secret", &["q~"], r"\b[\w~.]{3}\dQ~[\w~.-]{31,34}"),
    known("azure-storage-key", &["accountkey="], r"(?i)AccountKey=([0-9A-Za-z+/]{40,}={0,2})"),
    known("azure-shared-signature", &["sig="], r"[?&]sig=([0-9A-Za-z%/+]{40,}=?)"),
    known("digitalocean-token", &["_v1_"], r"\bdo[opr]_v1_[0-9a-f]{64}"),
    known("heroku-key", &["hrku-"], r"\bHRKU-[\w-]{36,}"),
    known("cloudflare-origin-key", &["v1.0-"], r"\bv1\.0-[0-9a-f]{24}-[0-9a-f]{100,}"),
    known("fly-token", &["fm1_", "fm2_", "fo1_"], r"\bf(?:m[12]|o1)_[\w+/=-]{40,}"),
    known("planetscale-token", &["pscale_"], r"\bpscale_(?:tkn|pw|oauth)_[\w=.-]{32,}"),
    known("supabase-token", &["sbp_"], r"\bsbp_[0-9a-f]{40}"),
    known("databricks-token", &["dapi"], r"\bdapi[0-9a-f]{32}"),
    known("pulumi-token", &["pul-"], r"\bpul-[0-9a-f]{40}"),
    known("terraform-token", &[".atlasv1."], r"\b[0-9A-Za-z]{14}\.atlasv1\.[\w=-]{60,}"),
    known("vault-token", &["hvs.", "hvb.", "hvr."], r"\bhv[sbr]\.[\w-]{24,}"),
    known("doppler-token", &["dp."], r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}"),
    known("onepassword-token", &["ops_eyj"], r"\bops_eyJ[0-9A-Za-z+/]{40,}={0,3}"),
    // What watches and tracks.
    known("grafana-cloud-token", &["glc_"], r"\bglc_[0-9A-Za-z+/]{32,}={0,3}"),
    known("grafana-service-account", &["glsa_"], r"\bglsa_[0-9A-Za-z]{32}_[0-9a-fA-F]{8}"),
    known("sentry-org-token", &["sntrys_"], r"\bsntrys_[0-9A-Za-z+/=_-]{30,}"),
    known("sentry-user-token", &["sntryu_"], r"\bsntryu_[0-9a-f]{64}"),
    known("linear-api-key", &["lin_api_"], r"\blin_api_[0-9A-Za-z]{32,}"),
    known("linear-oauth-token", &["lin_oauth_"], r"\blin_oauth_[0-9A-Za-z]{32,}"),
    known(
        "datadog-key",
        &["datadog", "dd_"],
        r#"(?i)(?:datadog|\bdd)[\w .-]{0,20}(?:key|token)["']?\s{0,3}[=:]\s{0,3}["']?([0-9a-f]{32,40})\b"#,
    ),
    known(
        "newrelic-key",
        &["nrak-", "nrii-", "nrjs-", "nral"],
        r"\b(?:NR(?:AK|II|JS)-[\w-]{19,40}|[0-9a-f]{36}NRAL)\b",
    ),
    known(
        "pagerduty-key",
        &["pagerduty", "pd_"],
        r#"(?i)(?:pagerduty|\bpd)[\w .-]{0,20}(?:key|token)["']?\s{0,3}[=:]\s{0,3}["']?([\w+-]{20,32})"#,
    ),
    known("dynatrace-token", &["dt0"], r"\bdt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    known("notion-token", &["ntn_", "secret_"], r"\b(?:ntn_|secret_)[0-9A-Za-z]{40,}"),
    // Money and shops.
    known("stripe-key", &["sk_", "rk_"], r"\b[sr]k_(?:live|test|prod)_[0-9A-Za-z]{10,}"),
    known("webhook-secret", &["whsec_"], r"\bwhsec_[0-9A-Za-z+/=]{16,}"),
    known("shopify-token", &["shpat_", "shpca_", "shppa_", "shpss_"], r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    known("square-token", &["sq0"], r"\bsq0(?:atp|csp|idp)-[\w-]{22,}"),
    // Models.
    known("anthropic-key", &["sk-ant-"], r"\bsk-ant-[\w-]{20,}"),
    known("openai-key", &["sk-"], r"\bsk-(?:(?:proj|svcacct|admin|None)-[\w-]{20,}|[0-9A-Za-z]{32,})"),
    known("openrouter-key", &["sk-or-"], r"\bsk-or-[\w-]{20,}"),
    known("huggingface-token", &["hf_"], r"\bhf_[0-9A-Za-z]{30,}"),
    known("groq-key", &["gsk_"], r"\bgsk_[0-9A-Za-z]{40,}"),
    known("xai-key", &["xai-"], r"\bxai-[0-9A-Za-z]{60,}"),
    known("perplexity-key", &["pplx-"], r"\bpplx-[0-9A-Za-z]{40,}"),
    known("replicate-token", &["r8_"], r"\br8_[0-9A-Za-z]{36,}"),
    // Of any maker.
    known(
        "private-key",
        &["private key"],
        r"(?s)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
    known("age-secret-key", &["age-secret-key-"], r"(?i)\bAGE-SECRET-KEY-1[0-9A-Z]{40,}"),
    known("json-web-token", &["ey"], r"\bey[\w-]{15,}\.ey[\w-]{10,}(?:\.[\w-]*)?"),
    known("login-in-address", &["://"], r#"://([^\s/@?#]{1,300})@"#),
    random(
        "authorization",
        &["bearer", "basic", "authorization"],
        r"(?i)\b(?:bearer|basic|authorization:(?:\s{0,3}token)?)\s{1,3}([\w.~+/=-]{16,})",
        3.0,
    ),
    known(
        "assigned-secret",
        &["="],
        r#"(?i)(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)["']?=["']?([^\s"'&,;<>()]{3,300})"#,
    ),
    random(
        "named-secret",
        &["password", "passwd", "passphrase", "pwd", "secret", "token", "key", "credential"],
        r#"(?i)(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)["']?\s{0,3}(?::=?|=>|\s=)\s{0,3}["']?([^\s"'&,;<>()]{8,300})"#,
        3.0,
    ),
];
