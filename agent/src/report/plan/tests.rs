//! Plans as people read them.

use crate::reconcile::Outcome;
use config::{Disruption, Place, Reason, StepId, Undo};

use super::{outcome_line, plan_text};
use crate::reconcile::gate::Wait;
use crate::reconcile::plan::Row;

fn row(kind: &str, target: &str, from: &str, to: &str, disruption: Disruption, waits: Option<Wait>) -> Row {
    Row {
        id: StepId::from_text(&format!("1-{kind}")),
        family: "storage".to_owned(),
        kind: kind.to_owned(),
        target: target.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        reason: Reason::Spec(Place::File { file: "/etc/atomic-host.toml".to_owned(), line: 7, column: 3 }),
        disruption,
        undo: Undo::Edit,
        after: Vec::new(),
        waits,
    }
}

#[test]
fn an_empty_plan_says_so_in_one_line() {
    assert_eq!(plan_text(&[], &[]), "nothing to do\n");
}

#[test]
fn steps_line_up_and_what_waits_comes_with_its_command() {
    let rows = [
        row("grow-root-volume", "atomicos/root", "3 GiB", "4 GiB", Disruption::None, None),
        row("create-pool", "atomicos/docker-pool", "absent", "6.89 GiB data, 8 MiB metadata", Disruption::None, None),
        row("remove-volume", "atomicos/old (uuid)", "1 GiB", "absent", Disruption::DataLoss, Some(Wait::Consent)),
        row("restart-engine", "docker.service", "old", "new", Disruption::Restart, Some(Wait::Ceiling { needs: Disruption::Restart })),
    ];
    insta::assert_snapshot!(plan_text(&rows, &["disk serial:data1 stays".to_owned()]), @r"
    2 steps:
      grow-root-volume  atomicos/root         3 GiB -> 4 GiB                           none  /etc/atomic-host.toml:7:3
      create-pool       atomicos/docker-pool  absent -> 6.89 GiB data, 8 MiB metadata  none  /etc/atomic-host.toml:7:3
    2 waiting:
      remove-volume   atomicos/old (uuid)  1 GiB -> absent  data-loss  /etc/atomic-host.toml:7:3  waits: needs consent
      restart-engine  docker.service       old -> new       restart    /etc/atomic-host.toml:7:3  waits: agent.allow is below restart
    to go on: atomic host apply --consent 1-remove-volume --allow restart   (data is lost for good)
    note: disk serial:data1 stays
    ");
}

#[test]
fn a_failed_step_says_why_on_a_line_of_its_own() {
    let grown = row("grow-pool", "atomicos/docker-pool", "1 GiB", "2 GiB", Disruption::None, None);
    let line = outcome_line(&grown, &Outcome::Failed { why: "insufficient free space".to_owned() });
    assert_eq!(line, "FAILED   grow-pool atomicos/docker-pool: 1 GiB -> 2 GiB\n         because insufficient free space");
}
