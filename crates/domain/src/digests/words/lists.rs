//! The lists of words, as data.

/// Words that hold a sentence together, and verbs that say no more than that something was done.
pub(super) const LINKING: &str = "
a an the this that these those it its they them their there here and or but so yet as at by for from in into of off on
onto out over per to up down with within via than then when where while which who whom whose what how if is are was
were be been being am has have had having do does did done doing can could may might will would shall should also both
each every all any some most more less fewer few many much several other others another same such only just still now
again already about above across after against along among around before behind below beside besides between beyond
during except inside near outside since through throughout toward towards under until upon one ones own
further instead including includes include included together alone respectively namely
add adds added adding change changes changed changing update updates updated updating make makes made making
get gets got use uses used using allow allows allowed allowing let lets handle handles handled handling
improve improves improved improving bring brings brought come comes came go goes went take takes took taking taken
show shows showed shown see sees saw seen remain remains remained stay stays keep keeps kept need needs needed
happen happens happened occur occurs occurred follow follows followed following lead leads led affect affects affected
involve involves involved relate relates related concern concerns concerned begin begins began begun start starts started
continue continues continued open opened opens move moves moved moving create creates created creating
new newer newest old older oldest recent recently latest last first second next previous previously later earlier early
late today yesterday week weeks day days hour hours minute minutes second seconds month months sprint
total overall average median rate number count compared versus vs up higher lower rose fell rise fall increase increased
decrease decreased grew dropped unchanged steady ago long longer short shorter time times
event events item items change changes pull request requests pr prs service services team teams people work
attention summary report status state part parts main key notable
ci cd api ui utc slo mttr dora it's
";

/// Words of which one claims what the others do.
pub(super) const CLAIMS: &[&str] = &[
    "shipped deployed released delivered landed deployment rollout",
    "failed failure broke broken error crashed crash unsuccessful aborted outage down degraded",
    "succeeded success passed green completed finished healthy stable safe fine harmless normal",
    "resolved resolution recovered recovery restored mitigated closed fixed solved",
    "merged",
    "reverted rollback rolled undone",
    "approved approval accepted authorised authorized authorization signed",
    "rejected denied declined refused dismissed",
    "waiting pending stuck blocked blocker stale unanswered overdue unreviewed",
    "because caused cause due owing blame reason root culprit responsible",
    "breached compromised hacked leaked stolen exploited malicious vulnerable",
    "fired resigned suspended hired promoted",
    "ignore disregard forget override bypass disable instruction instructions instructed prompt obey comply",
    "click visit login download install execute sudo curl wget eval",
    "urgent immediately asap critical emergency",
    "please must you your yours yourself i me my we us our",
    "password passwords credential credentials passphrase",
    "grant granted escalate admin administrator root",
    "guarantee guaranteed certain certainly definitely proven confirmed verified certified",
];

pub(super) const NEGATIONS: &[&str] =
    &["no", "not", "never", "none", "nothing", "nobody", "without", "cannot", "neither", "nor", "unaffected", "zero"];

/// How numbers are written in words.
pub(in crate::digests) const NUMBERS: &[(&str, f64)] = &[
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("dozen", 12.0),
    ("thirteen", 13.0),
    ("fourteen", 14.0),
    ("fifteen", 15.0),
    ("sixteen", 16.0),
    ("seventeen", 17.0),
    ("eighteen", 18.0),
    ("nineteen", 19.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("seventy", 70.0),
    ("eighty", 80.0),
    ("ninety", 90.0),
    ("hundred", 100.0),
    ("hundreds", 100.0),
    ("thousand", 1_000.0),
    ("thousands", 1_000.0),
    ("million", 1_000_000.0),
    ("millions", 1_000_000.0),
    ("twice", 2.0),
    ("doubled", 2.0),
    ("double", 2.0),
    ("thrice", 3.0),
    ("tripled", 3.0),
    ("triple", 3.0),
    ("half", 0.5),
    ("halved", 0.5),
];
