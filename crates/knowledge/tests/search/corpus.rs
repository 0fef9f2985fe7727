//! Documents of a shop's engineers, and questions with the documents that answer them. All of it is ours.

/// Id and text.
pub(crate) const DOCUMENTS: &[(&str, &str)] = &[
    (
        "rollback",
        "# Rolling back a deployment\n\nTo undo a release run `kubectl rollout undo deploy/shop`. The previous image is pulled again. Tell the channel #deploys before you revert anything.",
    ),
    (
        "oncall",
        "# On-call handover\n\nThe primary on-call hands over every Monday at ten. Walk through open incidents, silenced alerts and planned maintenance. The pager goes to the secondary after fifteen minutes.",
    ),
    (
        "postgres-failover",
        "# Database failover\n\nWhen the primary PostgreSQL is lost, promote the standby with `pg_ctl promote` and point the connection pooler to it. Replication lag must be below one second, else orders may be missing.",
    ),
    (
        "queue",
        "# The order queue is stuck\n\nIf consumers stop, messages pile up in JetStream. Restart the worker, then look at dead letters. Never purge the stream: payments that wait in it would be lost.",
    ),
    (
        "secrets",
        "# Rotating credentials\n\nEvery ninety days the API keys of payment providers are replaced. Keep the old key live for one hour, so that nobody is turned away while both are used.",
    ),
    (
        "style",
        "# How we write code\n\nSmall functions, names that say what they hold, no abbreviations. Formatting is decided by the tool and not in reviews.",
    ),
    (
        "review",
        "# Code review\n\nTwo people look at every pull request that touches billing. A review should be answered within one working day. Leave nits out; ask questions instead.",
    ),
    (
        "lead-time",
        "# Lead time for changes\n\nWe measure from the first commit of a change until it runs in production. Long lead times mostly come from pull requests that wait for somebody to look at them.",
    ),
    (
        "postmortem",
        "# Writing a post-mortem\n\nBlame nobody. Begin with the impact on customers, then the timeline, then what made it worse. Each follow-up task has an owner and a date.",
    ),
    (
        "checkout",
        "# Checkout service\n\nCheckout takes the basket, reserves stock and asks the payment provider. It is owned by the team Basket. Its SLO is 99.9 percent of requests under 400 ms.",
    ),
    (
        "search-index",
        "# Rebuilding the product search index\n\nThe index is built from the catalog each night. To build it at once run the job `reindex-products`; it takes forty minutes and doubles the load on Elasticsearch.",
    ),
    (
        "feature-flags",
        "# Feature flags\n\nA flag is switched on for employees first, then for five percent of customers. Flags older than three months are removed from the code.",
    ),
    (
        "cache",
        "# Cache invalidation\n\nPrices live in Redis for ten minutes. After a correction flush the keys `price:*` of the article, not the whole cache, or the database is overrun by reads.",
    ),
    (
        "tls",
        "# Certificates\n\nTLS certificates are issued by cert-manager and renewed thirty days before they expire. An alert fires when one has less than ten days left.",
    ),
    (
        "load-test",
        "# Load tests before Black Friday\n\nWe replay last year's traffic against staging with k6 and raise it to three times the peak. Autoscaling must keep latency under half a second.",
    ),
    (
        "backup",
        "# Backups and restoring them\n\nSnapshots are taken each hour and kept for thirty days. Once a month somebody restores one into an empty cluster and compares row counts.",
    ),
    (
        "access",
        "# Getting access to production\n\nAsk in the access portal and name the incident. Access ends by itself after four hours. All commands are recorded.",
    ),
    (
        "incident-levels",
        "# Severity levels\n\nSEV1: customers cannot buy. SEV2: a part of the shop is broken. SEV3: an annoyance. A SEV1 wakes the incident commander at any hour.",
    ),
    (
        "mobile-release",
        "# Releasing the mobile app\n\nThe app is submitted to the stores on Tuesdays. A staged rollout begins with one percent of phones and is halted when crashes rise.",
    ),
    (
        "billing-export",
        "# Monthly billing export\n\nOn the first of the month invoices are exported as CSV to accounting. When the export fails run it again with `--month`; it never sends an invoice twice.",
    ),
    (
        "urlaub",
        "# Urlaub und Vertretung\n\nUrlaub wird im Kalender der Gruppe eingetragen und zwei Wochen vorher angekündigt. Die Vertretung übernimmt auch die Rufbereitschaft.",
    ),
    (
        "lager",
        "# Das Lagersystem ist nicht erreichbar\n\nWenn das Lager nicht antwortet, werden Bestellungen gesammelt und später nachgereicht. Nach dem Neustart des Dienstes wird die Warteschlange abgearbeitet.",
    ),
    (
        "astreinte",
        "# Astreinte et escalade\n\nLa personne d'astreinte répond dans les dix minutes. Sans réponse, l'alerte est envoyée à son responsable, puis à la direction technique.",
    ),
    (
        "kubelet-errors",
        "# ImagePullBackOff and CrashLoopBackOff\n\nImagePullBackOff: the registry refuses the node, see the pull secret. CrashLoopBackOff: the process ends at once, see its last log lines.",
    ),
    ("lunch", "# Lunch\n\nThe kitchen is on the third floor. On Thursdays there is soup."),
];

/// Question and the document that answers it.
pub(crate) const QUESTIONS: &[(&str, &str)] = &[
    ("how do I roll back a deployment?", "rollback"),
    ("undo the last release of the shop", "rollback"),
    ("when does the on-call handover take place", "oncall"),
    ("what to do when the primary database is lost", "postgres-failover"),
    ("promote a standby", "postgres-failover"),
    ("consumers stopped and messages pile up", "queue"),
    ("how often do we rotate credentials", "secrets"),
    ("replacing API keys without turning anybody away", "secrets"),
    ("who has to review changes in billing", "review"),
    ("why are lead times long", "lead-time"),
    ("how to write a postmortem without blaming people", "postmortem"),
    ("which team owns checkout", "checkout"),
    ("SLO of the checkout service", "checkout"),
    ("rebuild the product index now", "search-index"),
    ("when are old feature flags removed", "feature-flags"),
    ("flush wrong prices from redis", "cache"),
    ("certificate about to expire", "tls"),
    ("preparing for black friday traffic", "load-test"),
    ("do we test that backups can be restored", "backup"),
    ("I need access to production for an incident", "access"),
    ("what counts as a SEV1", "incident-levels"),
    ("halting a staged rollout of the app", "mobile-release"),
    ("invoice export failed this month", "billing-export"),
    ("wer übernimmt die Rufbereitschaft im Urlaub", "urlaub"),
    ("Bestellungen wenn das Lager nicht antwortet", "lager"),
    ("que faire sans réponse de la personne d'astreinte", "astreinte"),
    ("ImagePullBackOff", "kubelet-errors"),
    ("\"pull secret\"", "kubelet-errors"),
];
