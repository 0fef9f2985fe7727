//! Which language a text is written in, as PostgreSQL's text search calls it: small words are counted.
//!
//! A wrong guess costs little: words are found as they stand, only their forms are not known to be one.

/// Text search configurations that every PostgreSQL has, and the small words that tell of the language.
const SMALL_WORDS: &[(&str, &str)] = &[
    (
        "english",
        "the of and to is in that it for was with be on not are this have from or by what how when where you we should which if can will do does at an as",
    ),
    (
        "german",
        "der die das und ist nicht mit den von zu ein eine auf für im dem sich auch wird werden wie bei oder als wenn nach wir ich es sind kann muss nur aus",
    ),
    (
        "french",
        "le la les des et est une un pour dans que qui sur pas avec au aux du ce cette sont nous vous il elle ou par plus être si l d",
    ),
    (
        "spanish",
        "el la los las de y es una un para en que por con no se del al como más su lo si está son cuando pero este esta ser hay",
    ),
    (
        "italian",
        "il lo la gli le di e è una un per in che con non si del della dei alla sono come più da nel nella questo questa ma se viene",
    ),
    (
        "portuguese",
        "o a os as de e é uma um para em que por com não se do da dos das ao como mais são está quando mas este esta ser no na pelo",
    ),
    (
        "dutch",
        "de het een en van is niet met op te dat voor zijn in aan ook wordt worden als bij of naar om deze dit door maar wij kan moet uit",
    ),
    (
        "swedish",
        "och är en ett att det som på för inte med av till den om vi har kan från eller när ska men ej blir också detta efter",
    ),
    (
        "danish",
        "og er en et at det som på for ikke med af til den vi har kan fra eller når skal men bliver også efter hvad noget blev jeg denne",
    ),
    (
        "norwegian",
        "og er en et å det som på for ikke med av til den vi har kan fra eller når skal men blir også etter hva noe ble jeg denne",
    ),
    (
        "finnish",
        "ja on ei se että oli joka kun mutta niin tai ovat myös ole tämä jos sen kuin hän mitä sitä voi olla me siitä",
    ),
    (
        "russian",
        "и в не на что с по это как для из от при или если мы вы он она они его за так но бы к у же также нужно",
    ),
    (
        "hungarian",
        "a az és hogy nem is egy van ha de meg ez vagy kell mint csak már el még lesz volt ezt azt nincs minden után",
    ),
    (
        "romanian",
        "și este în de la cu nu pe care un o din pentru ce se sunt mai sau dacă prin acest această când fi ca fost trebuie",
    ),
    (
        "turkish",
        "ve bir bu için ile de da ne değil çok daha olarak olan en gibi var kadar veya ama sonra her ise nasıl yok mi ki",
    ),
];

/// What is known by no small words.
const SIMPLE: &str = "simple";

/// Every configuration that a document may have.
pub const LANGUAGES: [&str; 16] = [
    "simple",
    "english",
    "german",
    "french",
    "spanish",
    "italian",
    "portuguese",
    "dutch",
    "swedish",
    "danish",
    "norwegian",
    "finnish",
    "russian",
    "hungarian",
    "romanian",
    "turkish",
];

/// So much of a text is looked at.
const LOOKED_AT: usize = 2000;
/// One word of so many at least is a small one.
const SHARE: usize = 12;

/// The configuration of this name.
pub fn known(name: &str) -> Option<&'static str> {
    LANGUAGES.into_iter().find(|language| language.eq_ignore_ascii_case(name.trim()))
}

/// The language whose small words are most of a text; `simple` when there are few, or two have as many.
pub fn guess(text: &str) -> &'static str {
    let text = text.to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).take(LOOKED_AT).collect();
    let hits = |list: &str| {
        let small: Vec<&str> = list.split(' ').collect();
        words.iter().filter(|word| small.contains(*word)).count()
    };
    let mut counted: Vec<(usize, &'static str)> = SMALL_WORDS.iter().map(|(name, list)| (hits(list), *name)).collect();
    counted.sort_by_key(|(hits, _)| std::cmp::Reverse(*hits));
    match counted[..] {
        [(most, name), (second, _), ..] if most > second && most * SHARE >= words.len() => name,
        _ => SIMPLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_put_down_to_their_languages() {
        for (text, language) in [
            ("The service is restarted when the queue does not drain.", "english"),
            ("Der Dienst wird neu gestartet, wenn die Warteschlange nicht leer wird.", "german"),
            ("Le service est redémarré quand la file ne se vide pas.", "french"),
            ("El servicio se reinicia cuando la cola no se vacía por completo.", "spanish"),
            ("Il servizio viene riavviato se la coda non si svuota.", "italian"),
            ("O serviço é reiniciado quando a fila não esvazia, mas os dados são mantidos.", "portuguese"),
            ("De dienst wordt opnieuw gestart als het niet werkt.", "dutch"),
            ("Tjänsten startas om när kön inte blir tom och det är bra att veta.", "swedish"),
            ("Tjenesten bliver genstartet efter en fejl, hvad der også er af betydning.", "danish"),
            ("Tjenesten blir startet på nytt etter en feil, hva som også er av betydning.", "norwegian"),
            ("Palvelu on hyvä ja se voi olla myös nopea, mutta ei aina.", "finnish"),
            ("Сервис нужно перезапустить, если очередь не пустеет.", "russian"),
            ("A szolgáltatást újra kell indítani, ha nem ürül ki a sor, és ez minden.", "hungarian"),
            ("Serviciul este repornit dacă nu mai răspunde, pentru ce trebuie și datele sunt în coadă.", "romanian"),
            ("Hizmet için bir kuyruk var ve bu çok önemli, ama her zaman değil.", "turkish"),
            ("func main() { fmt.Println(1) }", "simple"),
            ("", "simple"),
        ] {
            assert_eq!(guess(text), language, "{text}");
        }
    }

    #[test]
    fn every_language_that_is_guessed_is_known_and_named_once() {
        for (name, list) in SMALL_WORDS {
            assert_eq!(known(name), Some(*name));
            assert!(list.split(' ').count() >= 24, "{name}");
        }
        assert_eq!(LANGUAGES.len(), SMALL_WORDS.len() + 1);
        assert_eq!((known(" English"), known("klingon")), (Some("english"), None));
    }
}
