//! No diagnostic shows what stands in the environment of a container.

use proptest::prelude::*;

use super::spec;
use crate::secret::masked;

#[test]
fn an_environment_is_masked_in_whatever_way_it_is_written() {
    let table = [
        ("container.a.env.B = 'hunter2'", "container.a.env.B = *********"),
        ("container = { a = { env = { B = \"hunter2\" } } }", "container = { a = { env = { B = ********* } } }"),
        ("[container.a.env]\nB = \"hun\\u0074er2\"", "[container.a.env]\nB = **************"),
        ("[container.a]\nenv = [\"B=hunter2\", 2]", "[container.a]\nenv = [***********, *]"),
        ("[container.a]\nenv.B = \"\"\"hunter2\r\nx\"\"\"\n", "[container.a]\nenv.B = **********\r\n****\n"),
        ("[container.a]\nenviron = { B = \"hunter2\" }", "[container.a]\nenviron = { B = ********* }"),
        ("[[container]]\nenv = { B = \"hunter2\" }", "[[container]]\nenv = { B = ********* }"),
        ("[contaner.a.env]\nB = \"hunter2\"", "[contaner.a.env]\nB = *********"),
        ("[container.a.env]\nB = \"hunter2", "[container.a.env*\n************"),
        ("container = \"hunter2\"", "container = *********"),
    ];
    for (text, expected) in table {
        assert_eq!(masked(text), expected, "{text}");
    }
}

#[test]
fn everything_else_stays_as_it_is() {
    for text in [
        "[container.a]\nimage = \"x\"\ncommand = [\"env\"]\n",
        "engine.kind = 3\n",
        "[agent\n",
        "# env\nagent.allow = \"none\"\n",
        "\u{e9} = ",
    ] {
        assert_eq!(masked(text), text);
    }
}

/// Texts with a secret in an environment, most of them with a fault beside it.
const TEXTS: [&str; 9] = [
    "[container.a]\nenv = { S = \"SECRET\", B = 3, \"x y\" = \"SECRET\" }\n",
    "container = { aa = { image = \"a\", env = { S = \"SECRET\" } }, bb = { env = [\"SECRET\"] } }\n",
    "[container.aa.env]\nS = \"\"\"SECRET\nSECRET\"\"\"\n",
    "[container.aa.env]\nS = \"SECRET\\n\"\nS = \"SECRET\"\n",
    "container.aa.env.S = \"SECRET\"\ncontainer.aa.env.S.T = \"SECRET\"\n",
    "[container.aa]\nenv = \"SECRET\"\nimage = [\n",
    "[container.aa]\nenvironment = [\"SECRET\"]\ncommand = 3\n",
    "[conatiner.aa]\nenv = { S = \"SECRET\" }\n",
    "env = \"SECRET\"\n[[container]]\nenv = \"SECRET\"\n",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_is_ever_shown(
        low in 0..TEXTS.len(),
        high in 0..TEXTS.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[\\[\\]{}=\"',\\n a-z]"), 0..3),
    ) {
        let mut text = TEXTS[low].to_owned();
        for (at, insert) in edits {
            let (before, after) = text.split_at(at.index(text.len()));
            // Words stay whole.
            if !(before.ends_with(char::is_alphabetic) && after.starts_with(char::is_alphabetic)) {
                text = format!("{before}{insert}{after}");
            }
        }
        if let Err(problems) = spec(&[&text, TEXTS[high]]) {
            let shown = format!("{problems}{problems:?}{}", problems.render(true));
            prop_assert!(!shown.contains("SECRET"), "{}\n{}", text, shown);
        }
    }
}
